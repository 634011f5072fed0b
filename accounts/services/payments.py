"""Paid orders from a shop: checked by their signature, turned into a top-up once.

The signature is Stripe's scheme, which any shop can make: `t=<unix seconds>,v1=<hex>`, an
HMAC-SHA256 of "<t>.<raw body>" under a shared secret. Two bodies are understood: Stripe's events of
a checkout that is paid, and `{"order": "...", "team": "<slug>", "credits": "<decimal>"}`.
"""

import hashlib
import hmac
import json
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from accounts.errors import AccountsError
from accounts.models import LedgerEntry, Team
from accounts.money import parse_credits
from accounts.services import funds

TOLERANCE_SECONDS = 300
# What is longer is no time, and costs more to read the longer it is.
STAMP = re.compile(r"[0-9]{1,12}")
STRIPE_PAID = "checkout.session.completed"
STRIPE_PAID_LATER = "checkout.session.async_payment_succeeded"
LONGEST_REFERENCE = 180  # with its prefix it has to fit an entry's key


class BadSignature(AccountsError):
    def __init__(self) -> None:
        super().__init__("The signature does not fit the message.")


class NotAnOrder(AccountsError):
    """The message is ours to answer, but no paid order can be read from it."""


@dataclass(frozen=True, slots=True)
class Order:
    """A paid order; `reference` names the payment, whoever tells of it and however often."""

    reference: str
    team: str
    amount: int  # microcredits


def verify(*, body: bytes, signature: str, secret: str) -> None:
    """Raises BadSignature unless the body was signed with the secret within five minutes."""
    parts = [part.strip().partition("=")[::2] for part in signature.split(",")]
    stamps = [value for name, value in parts if name == "t"]
    given = [value for name, value in parts if name == "v1"]
    if not secret or len(stamps) != 1 or not STAMP.fullmatch(stamps[0]):
        raise BadSignature
    if abs(time.time() - int(stamps[0])) > TOLERANCE_SECONDS:
        raise BadSignature
    message = stamps[0].encode() + b"." + body
    expected = hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()
    if not any(hmac.compare_digest(expected.encode(), one.encode()) for one in given):
        raise BadSignature


def read(body: bytes) -> Order | None:
    """The paid order in a verified message; None for what tells of something else.

    Raises NotAnOrder.
    """
    try:
        message = json.loads(body)
    except ValueError:
        raise NotAnOrder("The message is not JSON.") from None
    if not isinstance(message, dict):
        raise NotAnOrder("The message is not an object.")
    return _stripe(message) if "type" in message else _plain(message)


def credit(order: Order) -> LedgerEntry:
    """Top the team up, once per payment. Raises NotAnOrder, KeyReused."""
    team = Team.objects.filter(slug=order.team).first()
    if team is None:
        raise NotAnOrder(f"There is no team {order.team}.")
    return funds.top_up(
        team=team, amount=order.amount, reference=order.reference, reason="Paid order"
    )


def _stripe(event: Mapping[str, Any]) -> Order | None:
    if event["type"] not in (STRIPE_PAID, STRIPE_PAID_LATER):
        return None
    session = _mapping(_mapping(event.get("data")).get("object"))
    # A delayed payment method completes the checkout before it pays; then the other event comes.
    if session.get("payment_status") != "paid":
        return None
    details = _mapping(session.get("metadata"))
    payment = session.get("payment_intent") or session.get("id")
    return _order(f"stripe:{payment}", details.get("team"), details.get("credits"))


def _plain(message: Mapping[str, Any]) -> Order:
    return _order(f"shop:{message.get('order')}", message.get("team"), message.get("credits"))


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _order(reference: str, team: object, credits_: object) -> Order:
    if not isinstance(team, str) or reference.endswith((":None", ":")):
        raise NotAnOrder("The order needs its own name, a team and credits.")
    try:
        amount = parse_credits(str(credits_))
    except ValueError as error:
        raise NotAnOrder(str(error)) from error
    if amount == 0:
        raise NotAnOrder("The order holds no credits.")
    return Order(_short(reference), team, amount)


def _short(reference: str) -> str:
    """As it is, or where that is too long its beginning and its digest: no two are the same."""
    if len(reference) <= LONGEST_REFERENCE:
        return reference
    digest = hashlib.sha256(reference.encode(errors="surrogatepass")).hexdigest()
    return f"{reference[:100]}:{digest}"
