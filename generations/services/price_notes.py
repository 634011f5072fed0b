"""The terms of a request in a line, for receipts, statements and their files.

Made of rows that never change, so that a file made again says the same.
"""

from generations.models import Markup, PriceVersion
from generations.pricing import markup_words, price_words

BEFORE_THE_BOOK = "from before prices had versions"


def note(version: PriceVersion | None, markup: Markup | None, *, dated: bool = True) -> str:
    """ "$0.033 per image, 10 % on top (version 12 of 2026-08-30)"."""
    if version is None:
        return BEFORE_THE_BOOK
    on_top = f", {markup_words(markup.basis_points, markup.per_image)}" if markup else ""
    since = f" of {version.effective_from:%Y-%m-%d}" if dated else ""
    return f"{price_words(version.price)}{on_top} (version {version.pk}{since})"


class Notes:
    """Notes by the ids of their rows, each row read once however many lines name it."""

    def __init__(self) -> None:
        self._versions: dict[int, PriceVersion] = {}
        self._markups: dict[int, Markup] = {}

    def of(self, version: int | None, markup: int | None) -> str:
        if version is not None and version not in self._versions:
            self._versions[version] = PriceVersion.objects.get(pk=version)
        if markup is not None and markup not in self._markups:
            self._markups[markup] = Markup.objects.get(pk=markup)
        return note(
            None if version is None else self._versions[version],
            None if markup is None else self._markups[markup],
        )
