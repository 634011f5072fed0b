import hashlib
import hmac
import json
import time
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import Settings

from accounts.models import LedgerEntry, Team
from accounts.services import ledger, payments
from accounts.services.payments import BadSignature, NotAnOrder, Order
from tests import factories

SECRET = "whsec_for_tests"


@pytest.fixture
def team(db: None, settings: Settings) -> Team:
    settings.PAYMENT_WEBHOOK_SECRET = SECRET
    return factories.team(amount=0)


def signed(body: bytes, *, at: float | None = None, secret: str = SECRET) -> str:
    stamp = str(int(at or time.time()))
    message = stamp.encode() + b"." + body
    return f"t={stamp},v1={hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()}"


def checkout(team: Team, **changes: Any) -> dict[str, Any]:
    """Stripe's event of a paid checkout, as its documentation shows it."""
    session = {
        "id": "cs_1",
        "object": "checkout.session",
        "payment_intent": "pi_1",
        "payment_status": "paid",
        "metadata": {"team": team.slug, "credits": "500"},
    }
    return {"id": "evt_1", "type": payments.STRIPE_PAID, "data": {"object": session | changes}}


def post(message: object, *, signature: str = "") -> Any:
    body = json.dumps(message).encode()
    return Client().post(
        reverse("payment-hook"),
        body,
        content_type="application/json",
        headers={"Stripe-Signature": signature or signed(body)},
    )


def available(team: Team) -> int:
    return ledger.balance(team=team).available


def test_a_paid_checkout_tops_the_team_up(team: Team) -> None:
    assert post(checkout(team)).json() == {"credited": 500_000_000}
    entry = LedgerEntry.objects.get()
    assert (entry.kind, entry.key) == ("topup", "topup:stripe:pi_1")
    assert available(team) == 500_000_000


def test_the_same_payment_told_again_credits_nothing_more(team: Team) -> None:
    for event in ("evt_1", "evt_2", "evt_2"):
        assert post(checkout(team) | {"id": event}).status_code == 200
    assert available(team) == 500_000_000


def test_a_checkout_that_is_not_paid_yet_credits_nothing(team: Team) -> None:
    assert post(checkout(team, payment_status="unpaid")).json() == {"credited": 0}
    assert available(team) == 0


def test_a_delayed_payment_is_credited_once_it_is_made(team: Team) -> None:
    assert post(checkout(team, payment_status="unpaid")).json() == {"credited": 0}
    paid = checkout(team) | {"type": "checkout.session.async_payment_succeeded"}
    for message in (paid, paid, checkout(team)):
        assert post(message).json() == {"credited": 500_000_000}
    assert available(team) == 500_000_000


def test_a_delayed_payment_that_failed_credits_nothing(team: Team) -> None:
    failed = checkout(team, payment_status="unpaid")
    failed["type"] = "checkout.session.async_payment_failed"
    assert post(failed).json() == {"credited": 0}


def test_long_names_of_orders_that_begin_alike_are_two_orders(team: Team) -> None:
    for name in ("x" * 500 + "1", "x" * 500 + "2", "x" * 500 + "2"):
        order = {"order": name, "team": team.slug, "credits": "5"}
        assert post(order).json() == {"credited": 5_000_000}
    assert available(team) == 10_000_000


def test_another_event_is_taken_and_does_nothing(team: Team) -> None:
    assert post({"type": "invoice.created", "data": {}}).json() == {"credited": 0}


def test_any_shop_may_tell_of_an_order(team: Team) -> None:
    order = {"order": "A-17", "team": team.slug, "credits": "2.5"}
    assert post(order).json() == {"credited": 2_500_000}
    assert LedgerEntry.objects.get().key == "topup:shop:A-17"


@pytest.mark.parametrize(
    "message",
    [
        [],
        {},
        {"order": "1", "team": "no-such-team", "credits": "5"},
        {"order": "1", "team": 5, "credits": "5"},
        {"order": "", "team": "studio", "credits": "5"},
        {"order": "1", "team": "studio", "credits": "0"},
        {"order": "1", "team": "studio", "credits": "-5"},
        {"order": "1", "team": "studio", "credits": "many"},
        {"order": "1", "team": "studio", "credits": "0.0000001"},
        {"type": payments.STRIPE_PAID, "data": {"object": {"payment_status": "paid"}}},
    ],
)
def test_what_is_no_order_is_refused_so_that_the_shop_shows_it(team: Team, message: object) -> None:
    assert post(message).status_code == 422
    assert not LedgerEntry.objects.exists()


def test_one_payment_with_another_amount_is_refused(team: Team) -> None:
    post(checkout(team))
    other = checkout(team, metadata={"team": team.slug, "credits": "900"})
    assert post(other).status_code == 422
    assert available(team) == 500_000_000


@pytest.mark.parametrize(
    "signature",
    [
        "nonsense",
        "t=1,v1=",
        "t=abc,v1=00",
        f"t={'1' * 5_000},v1=00",
        signed(b"another body"),
        signed(b"{}", secret="guessed"),
        "t=1,t=2,v1=00",
    ],
    ids=[
        "nonsense",
        "empty",
        "no time",
        "a long time",
        "another body",
        "another secret",
        "two times",
    ],
)
def test_a_forged_message_is_refused_and_books_nothing(team: Team, signature: str) -> None:
    assert post(checkout(team), signature=signature).status_code == 400
    assert not LedgerEntry.objects.exists()


@pytest.mark.parametrize("age", [-400, 400])
def test_a_signature_of_another_time_is_refused(age: int) -> None:
    signature = signed(b"{}", at=time.time() + age)
    with pytest.raises(BadSignature):
        payments.verify(body=b"{}", signature=signature, secret=SECRET)


def test_without_a_secret_there_is_no_such_address(team: Team, settings: Settings) -> None:
    settings.PAYMENT_WEBHOOK_SECRET = ""
    assert post(checkout(team)).status_code == 404


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)
EVENTS = JSON.map(lambda data: {"type": payments.STRIPE_PAID, "data": {"object": data}})


@given(st.binary(max_size=300) | (JSON | EVENTS).map(lambda one: json.dumps(one).encode()))
def test_no_message_surprises_the_reader(body: bytes) -> None:
    try:
        found = payments.read(body)
    except NotAnOrder:
        return
    assert found is None or isinstance(found, Order)
