"""Who gets what at every address, as the table says."""

import re
from collections import defaultdict
from collections.abc import Iterator

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from tests.routes.table import SIGN_IN, TABLE, VISITORS
from tests.routes.world import arrive, meet, visit

pytestmark = pytest.mark.django_db


def got(answer: HttpResponse) -> int:
    led_to_sign_in = answer.headers.get("Location", "").startswith("/signin/?next=")
    return SIGN_IN if led_to_sign_in else answer.status_code


@pytest.mark.parametrize("visitor", VISITORS)
def test_a_visitor_gets_what_the_table_says(visitor: str) -> None:
    world = meet(visitor)
    client = arrive(world, visitor)

    answers = [(row, got(visit(client, world, row))) for row in TABLE]

    assert not {str(row): status for row, status in answers if status != row.expected(visitor)}


@pytest.mark.parametrize("visitor", ["member", "anonymous"])
def test_what_is_foreign_looks_like_what_is_missing(visitor: str) -> None:
    world = meet(visitor)
    client = arrive(world, visitor)
    refused = [row for row in TABLE if row.expected(visitor) == 404]
    pages: dict[tuple[str, str], set[str]] = defaultdict(set)

    for row in refused:
        pages[row.name, row.method].add(_without_tokens(visit(client, world, row)))

    assert len(refused) > len(pages)
    assert not {address for address, looks in pages.items() if len(looks) > 1}


def test_a_stranger_whose_form_has_a_token_gets_no_zip() -> None:
    world = meet("anonymous")
    client = Client(enforce_csrf_checks=True)
    token = re.search(
        r'name="csrfmiddlewaretoken" value="([^"]+)"', client.get(reverse("account_login")).text
    )
    assert token
    form = {"csrfmiddlewaretoken": token[1], "image": str(world.images["team"])}

    assert client.post(reverse("images-zip"), form).status_code == 404
    del form["csrfmiddlewaretoken"]
    assert client.post(reverse("images-zip"), form).status_code == 403


def _without_tokens(answer: HttpResponse) -> str:
    """Nor the address, which the page's own form for the theme repeats, and the way to sign in."""
    own = r'(value|content)="([A-Za-z0-9]{64}|/[^"]*)"|href="/signin/\?next=[^"]*"'
    return re.sub(own, "", answer.text)


def _names(patterns: list[URLPattern | URLResolver], space: str = "") -> Iterator[str]:
    for pattern in patterns:
        if isinstance(pattern, URLPattern):
            yield f"{space}{pattern.name or ''}"
        elif pattern.namespace != "admin":
            inside = f"{pattern.namespace}:" if pattern.namespace else ""
            yield from _names(pattern.url_patterns, inside)


def test_every_address_is_in_the_table() -> None:
    assert {row.name for row in TABLE} == set(_names(get_resolver().url_patterns))
