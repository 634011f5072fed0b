"""A shop that tells of one payment often and at once, as it does when nobody answers in time."""

import hashlib
import hmac
import json
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from accounts.models import LedgerEntry, Lot, Team
from accounts.services import ledger, payments
from accounts.services.payments import Order
from tests import factories
from tests.accounts.race import together

pytestmark = pytest.mark.django_db(transaction=True)

SECRET = "whsec_for_tests"
TELLINGS = 16
CREDITS = 500_000_000


@pytest.fixture
def team(settings: Settings) -> Team:
    settings.PAYMENT_WEBHOOK_SECRET = SECRET
    return factories.team(amount=0)


def tell(team: Team, event: int) -> tuple[int, int]:
    """Tell over HTTP, as Stripe does: the status, and what was credited."""
    session = {
        "payment_intent": "pi_1",
        "payment_status": "paid",
        "metadata": {"team": team.slug, "credits": "500"},
    }
    message = {"id": f"evt_{event}", "type": payments.STRIPE_PAID, "data": {"object": session}}
    body, stamp = json.dumps(message).encode(), str(int(time.time()))
    signed = hmac.new(SECRET.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
    answer = Client().post(
        reverse("payment-hook"),
        body,
        content_type="application/json",
        headers={"Stripe-Signature": f"t={stamp},v1={signed}"},
    )
    return answer.status_code, answer.json()["credited"]


def told_at_once(team: Team, event: Callable[[int], int]) -> set[object]:
    return set(together(*[partial(tell, team, event(number)) for number in range(TELLINGS)]))


@pytest.mark.parametrize("event", [lambda _: 1, lambda number: number], ids=["one", "many"])
def test_a_payment_told_by_one_event_or_by_many_is_credited_once(
    team: Team, event: Callable[[int], int]
) -> None:
    assert told_at_once(team, event) == {(200, CREDITS)}
    assert LedgerEntry.objects.get().lots.get() == Lot.objects.get()
    assert ledger.balance(team=team).posted == CREDITS


def test_a_payment_known_by_the_event_that_tells_of_it_is_credited_often(
    team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The twin: the order's reference is the event's name, not the payment's."""
    right = payments.read

    def by_event(body: bytes) -> Order | None:
        order = right(body)
        return replace(order, reference=json.loads(body)["id"]) if order else None

    monkeypatch.setattr(payments, "read", by_event)
    assert told_at_once(team, lambda number: number) == {(200, CREDITS)}
    assert ledger.balance(team=team).posted == TELLINGS * CREDITS
