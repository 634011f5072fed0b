from django.template import Context, Template
from django.test import RequestFactory
from django.urls import resolve, reverse

LINK = Template('{% load nav %}{% nav_link "usage" "chart-column" "Usage" waiting %}')


def drawn(*, on: str = "", waiting: int = 0) -> str:
    """The link to Usage as the page with this URL name shows it, or an error's page."""
    request = RequestFactory().get("/")
    if on:
        request.resolver_match = resolve(reverse(on))
    return LINK.render(Context({"request": request, "waiting": waiting}))


def test_a_link_is_marked_on_its_own_page_alone() -> None:
    assert reverse("usage") in drawn(on="usage")
    assert 'aria-current="page"' in drawn(on="usage")
    assert "aria-current" not in drawn(on="create")


def test_a_page_of_an_error_has_its_links_too() -> None:
    assert reverse("usage") in drawn()


def test_what_waits_is_counted_aloud() -> None:
    assert "waiting" not in drawn(on="create")
    assert '3<span class="spoken"> waiting' in drawn(on="create", waiting=3)
