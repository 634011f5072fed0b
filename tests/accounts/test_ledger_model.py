"""The ledger beside a model of it, through random histories, in the real PostgreSQL."""

import pytest
from django.db import IntegrityError, InternalError
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from accounts.errors import AccountsError
from accounts.models import LedgerEntry
from accounts.services import fund_statements, lots, moving, statements
from tests.accounts.ledger_machine import LedgerMachine

# A second a history where the machine is busy. Cut off within one, hypothesis reports a test that
# draws from state, and the tests after it find the history's transaction open.
pytestmark = [pytest.mark.django_db, pytest.mark.timeout(1200)]

HISTORIES = settings(
    max_examples=60,
    stateful_step_count=25,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
# That a planted bug is found is enough; the shortest history to it would be for people.
UNSHRUNK = settings(
    HISTORIES, max_examples=1000, phases=[Phase.generate], report_multiple_bugs=False
)


def test_every_history_of_a_ledger_is_the_models() -> None:
    run_state_machine_as_test(LedgerMachine, settings=HISTORIES)


# What is planted in which statement, and what it turns into.
ENOUGH = "posted - held + overdraft >= %(amount)s"
ROOM = "(SELECT min(remaining) FROM room)"
PLANTED = {
    "a hold without a look at the balance": ("HOLD", [(f"AND {ENOUGH}", "")]),
    "a hold that counts what others hold": ("HOLD", [(ENOUGH, "posted >= %(amount)s")]),
    "a hold of frozen credits": ("HOLD", [("AND frozen_at IS NULL", "")]),
    "a hold above a limit": ("HOLD_WITHIN", [(f"AND {ROOM} >= %(amount)s", "")]),
    "a hold within one of its limits": ("HOLD_WITHIN", [("min(remaining)", "max(remaining)")]),
    "a hold that its limits do not count": (
        "HOLD_WITHIN",
        [("budgetwindow SET held = held + %(amount)s", "budgetwindow SET held = held")],
    ),
    "a capture that its limits do not count": (
        "CAPTURE",
        [("used = w.used + %(amount)s", "used = w.used")],
    ),
    "a release that its limits still count": (
        "RELEASE",
        [("held = w.held - hold.amount", "held = w.held")],
    ),
    "a refund that its limits still count": (
        "REFUND",
        [("used = w.used - %(amount)s", "used = w.used")],
    ),
    "a transfer of frozen credits": ("TRANSFER", [("AND frozen_at IS NULL", "")]),
    "a capture of what was captured": ("CAPTURE", [("AND state = 'pending'", "")]),
    "a capture that keeps the rest": ("CAPTURE", [("held - hold.amount,", "held - %(amount)s,")]),
    "a capture that books nothing": ("CAPTURE", [("house.kind = 'revenue'", "house.kind = ''")]),
    "a release of what was captured": ("RELEASE", [("AND state = 'pending'", "")]),
    "a correction that is clamped to zero": (
        "TAKE",
        [
            ("posted - %(amount)s", "GREATEST(posted - %(amount)s, held - overdraft)"),
            (f"AND {ENOUGH}", ""),
        ],
    ),
    "an overrun that forgives what is missing": (
        "OVERRUN",
        [("account.covered < %(amount)s", "false")],
    ),
    "an overrun of a new key each time": (
        "OVERRUN",
        [("%(key)s, hold.id, %(reason)s,", "%(key)s || random(), hold.id, %(reason)s,")],
    ),
    "a refund above what was charged": (
        "REFUND",
        [("AND refunded + %(amount)s <= captured + overrun", "")],
    ),
    "a refund that does not count itself": (
        "REFUND",
        [("refunded = refunded + %(amount)s", "refunded = refunded")],
    ),
    "a payment credited again": (
        "GIVE",
        [
            (
                "FROM entry WHERE accounts_creditaccount.id = entry.credit_id",
                "FROM team WHERE accounts_creditaccount.id = team.id",
            )
        ],
    ),
    "a correction whose key is not kept": ("TAKE", [("%(key)s", "%(key)s || random()")]),
    "a transfer that only gives": (
        "TRANSFER",
        [("ELSE -%(amount)s", "ELSE 0")],
    ),
    "an expiry of more than is left": (
        "EXPIRE",
        [("SET posted = posted - %(amount)s", "SET posted = posted - %(amount)s - 1")],
    ),
}
FOUND = (
    AccountsError,
    AssertionError,
    IntegrityError,
    InternalError,  # What comes after a refused statement in the history's transaction.
    LedgerEntry.DoesNotExist,
    pytest.fail.Exception,
)


@pytest.mark.slow
@pytest.mark.parametrize("bug", PLANTED)
def test_the_model_finds_a_planted_bug(monkeypatch: pytest.MonkeyPatch, bug: str) -> None:
    name, changes = PLANTED[bug]
    home = next(one for one in (statements, fund_statements) if hasattr(one, name))
    statement: str = getattr(home, name)
    for right, wrong in changes:
        assert right in statement
        statement = statement.replace(right, wrong)
    monkeypatch.setattr(home, name, statement)
    with pytest.raises(FOUND):
        run_state_machine_as_test(LedgerMachine, settings=UNSHRUNK)


@pytest.mark.slow
@pytest.mark.parametrize(
    "wrong", ["true", "available >= %(amount)s"], ids=["of what is held", "of what stays"]
)
def test_the_model_finds_a_transfer(monkeypatch: pytest.MonkeyPatch, wrong: str) -> None:
    monkeypatch.setattr(moving, "movable", lambda _: 10**18)
    careless = fund_statements.TRANSFER.replace("available >= %(amount)s", wrong)
    monkeypatch.setattr(fund_statements, "TRANSFER", careless)
    with pytest.raises(FOUND):
        run_state_machine_as_test(LedgerMachine, settings=UNSHRUNK)


@pytest.mark.slow
def test_the_model_finds_an_expiry_before_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lots.Remaining, "has_ended", lambda lot, _: bool(lot.lot.expires_at))
    careless = fund_statements.EXPIRE.replace("AND lot.expires_at <= %(now)s", "")
    monkeypatch.setattr(fund_statements, "EXPIRE", careless)
    with pytest.raises(FOUND):
        run_state_machine_as_test(LedgerMachine, settings=UNSHRUNK)


@pytest.mark.slow
def test_the_model_finds_an_expiry_of_held_credits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lots.Remaining, "free", property(lambda lot: lot.amount))
    careless = fund_statements.EXPIRE.replace("AND posted - held >= %(amount)s", "")
    monkeypatch.setattr(fund_statements, "EXPIRE", careless)
    with pytest.raises(FOUND):
        run_state_machine_as_test(LedgerMachine, settings=UNSHRUNK)
