from django.http import HttpRequest


def is_fragment(request: HttpRequest) -> bool:
    """Whether htmx asks for a part of a page, rather than a person for the page."""
    return bool(getattr(request, "htmx", False)) and not getattr(request.htmx, "boosted", False)  # type: ignore[attr-defined]  # set by django-htmx
