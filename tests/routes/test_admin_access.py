"""Every address of the admin: for staff, and there for those who have the right to it."""

from collections.abc import Iterator
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from accounts.models import User
from tests import factories
from tests.generations.views.studio import browser

# What staff need to get in and out, and what shows nothing of anybody.
OPEN_TO_STAFF = {"index", "login", "logout", "password_change", "password_change_done", "jsi18n"}
VALUES = {"app_label": "accounts", "content_type_id": "1", "image_id": uuid4()}

pytestmark = pytest.mark.django_db


def _patterns(patterns: list[URLPattern | URLResolver]) -> Iterator[URLPattern]:
    for pattern in patterns:
        if isinstance(pattern, URLPattern):
            yield pattern
        else:
            yield from _patterns(pattern.url_patterns)


def addresses() -> dict[str, str]:
    [admin] = [
        one
        for one in get_resolver().url_patterns
        if isinstance(one, URLResolver) and one.namespace == "admin"
    ]
    named = [pattern for pattern in _patterns(admin.url_patterns) if pattern.name]
    return {str(one.name): reverse(f"admin:{one.name}", kwargs=_values(one)) for one in named}


def _values(pattern: URLPattern) -> dict[str, object]:
    names = {*pattern.pattern.converters, *pattern.pattern.regex.groupindex}
    return {name: VALUES.get(name, str(uuid4())) for name in names}


def _staff(**changes: bool) -> User:
    user = factories.user()
    User.objects.filter(pk=user.pk).update(is_staff=True, **changes)
    return User.objects.get(pk=user.pk)


def test_the_admin_is_found_whole() -> None:
    assert len(addresses()) > 80
    assert "generations_image_preview" in addresses()


@pytest.mark.parametrize("visitor", ["anonymous", "owner", "disabled"])
def test_who_is_not_staff_gets_nowhere(visitor: str) -> None:
    someone = factories.owner_of(factories.team()) if visitor == "owner" else _staff()
    client = Client() if visitor == "anonymous" else browser(someone)
    if visitor == "disabled":
        User.objects.filter(pk=someone.pk).update(is_active=False)

    answers = {name: client.get(address).status_code for name, address in addresses().items()}

    assert {name for name, status in answers.items() if status not in {302, 403}} <= {"logout"}


def test_staff_without_rights_see_no_row() -> None:
    client = browser(_staff())

    answers = {name: client.get(address).status_code for name, address in addresses().items()}

    assert {name for name, status in answers.items() if status == 200} <= OPEN_TO_STAFF
