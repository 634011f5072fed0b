import gc

from django.urls import get_resolver


def keep() -> None:
    """Load what pages need now, and never look through it for garbage again.

    Each such look stops a page for some 100 ms.
    """
    get_resolver().url_patterns  # noqa: B018  # imports every view
    gc.collect()
    gc.freeze()
