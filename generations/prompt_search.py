"""What somebody types to find a prompt, as a text query of PostgreSQL. Any input is one, or none.

Words are found by their stem or their beginning, "words in quotes" next to each other, and -word
leaves out what has it; `or` stands between alternatives.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

LONGEST = 200
PARTS = re.compile(r'(?P<minus>-?)(?:"(?P<quoted>[^"]*)"?|(?P<bare>[^\s"]+))')
ACCENTS = re.compile("[\u0300-\u036f]")

# The last word may be a beginning. A query that ends otherwise than in a word is left as it is.
BEGINNING = r"""regexp_replace(websearch_to_tsquery('{}', %s)::text, '''$', ''':*')::tsquery"""
WHOLE = "websearch_to_tsquery('{}', %s)"
LANGUAGES = ("english", "simple")


@dataclass(frozen=True, slots=True)
class TextQuery:
    """`wanted` and `unwanted` in the syntax of websearch_to_tsquery."""

    wanted: str
    unwanted: str
    is_open: bool

    @property
    def sql(self) -> str:
        """Found by stem or as it stands, and without what is unwanted either way."""
        form = BEGINNING if self.is_open else WHOLE
        stem, word = (form.format(language) for language in LANGUAGES)
        without = " && ".join(WHOLE.format(language) for language in LANGUAGES)
        return f"(({stem} || {word}) && {without})"

    @property
    def values(self) -> list[str]:
        return [self.wanted, self.wanted, self.unwanted, self.unwanted]


def parse(text: str) -> TextQuery | None:
    """The query of what was typed; None where there is no word in it."""
    wanted, unwanted = [], []
    is_open = False
    for part, is_quoted, is_unwanted in _parts(text[:LONGEST]):
        if is_unwanted:
            unwanted.append(f'-"{part}"')
        else:
            wanted.append(f'"{part}"' if is_quoted else part)
        is_open = not (is_quoted or is_unwanted)
    if not wanted and not unwanted:
        return None
    return TextQuery(" ".join(wanted), " ".join(unwanted), is_open)


def plain(text: str) -> str:
    """As `generations_plain` of the database has it."""
    bare = ACCENTS.sub("", unicodedata.normalize("NFKD", text))
    composed = unicodedata.normalize("NFC", bare)
    # One by one: a Greek word would else end in another letter than the database's.
    return " ".join("".join(" " if _is_gap(one) else one.lower() for one in composed).split())


def _parts(text: str) -> Iterator[tuple[str, bool, bool]]:
    for found in PARTS.finditer(text):
        part = plain(found["quoted"] if found["bare"] is None else found["bare"])
        if part:
            yield part, found["bare"] is None, bool(found["minus"])


def _is_gap(character: str) -> bool:
    """Punctuation, symbols, control characters and what no text holds."""
    category = unicodedata.category(character)
    return category[0] in "PSZ" or category in {"Cc", "Cs"}
