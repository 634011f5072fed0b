"""Cases that several people end at once; the twin gives back what each alone believes is owed."""

from functools import partial
from types import SimpleNamespace

import pytest

from accounts.models import Hold
from generations.services import cases
from tests import factories
from tests.accounts.race import meeting, together
from tests.generations.services.compared import taken_otherwise

pytestmark = pytest.mark.django_db(transaction=True)

OWED = 1_000_000


def given_back_at_once(monkeypatch: pytest.MonkeyPatch) -> int:
    """Of a call that cost a credit less than was paid, and has two cases."""
    attempt = factories.succeeded().attempts.get()
    both = [
        taken_otherwise(attempt, ours=33_000_000, theirs=23_000_000, further=further)
        for further in ("", "again")
    ]
    monkeypatch.setattr(cases, "refundable", meeting(cases.refundable))
    end = partial(cases.resolve, note="The price fell", refund=True)
    assert together(*(partial(end, by=factories.staff(), cases=[case]) for case in both)) == [1, 1]
    return Hold.objects.get().refunded


def test_two_cases_of_one_call_give_back_what_is_owed_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert given_back_at_once(monkeypatch) == OWED


def test_judged_without_being_alone_they_give_it_back_twice(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(cases, "lots", SimpleNamespace(alone_with=lambda _: None))
    assert given_back_at_once(monkeypatch) == 2 * OWED
