from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from accounts.errors import (
    AccountFrozen,
    HoldResolved,
    InsufficientCredits,
    KeyReused,
    MoreThanCaptured,
)
from accounts.models import (
    AccountKind,
    CreditAccount,
    EntryKind,
    Hold,
    HoldState,
    LedgerEntry,
    Team,
)
from accounts.models.credits import HOUSE_KINDS
from accounts.services import ledger
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def team() -> Team:
    """A team with 100 microcredits."""
    return factories.team(amount=100)


def grant(team: Team, amount: int, reference: str = "grant-1") -> LedgerEntry:
    return ledger.grant(team=team, amount=amount, reason="Welcome", reference=reference)


def balance(team: Team) -> tuple[int, int, int]:
    now = ledger.balance(team=team)
    return now.posted, now.held, now.available


def entries(kind: EntryKind) -> list[tuple[str, str, int]]:
    """From, to and amount of each entry of a kind."""
    found = LedgerEntry.objects.filter(kind=kind).select_related("debit", "credit")
    return [(entry.debit.kind, entry.credit.kind, entry.amount) for entry in found]


def test_a_team_that_was_never_given_credits_has_none() -> None:
    assert balance(factories.team(amount=0)) == (0, 0, 0)


def test_a_grant_comes_from_funding_and_names_who_gave_it_and_why(team: Team) -> None:
    giver = factories.owner_of(team)
    entry = ledger.grant(team=team, amount=50, reason="Prize", reference="prize", by=giver)
    assert balance(team) == (150, 0, 150)
    assert (entry.debit.kind, entry.credit.team, entry.amount) == ("funding", team, 50)
    assert (entry.actor, entry.reason) == (giver, "Prize")


def test_a_grant_said_again_gives_nothing_more(team: Team) -> None:
    assert grant(team, 50) == grant(team, 50)
    assert balance(team) == (150, 0, 150)


def test_a_grants_reference_is_refused_for_another_amount(team: Team) -> None:
    grant(team, 50)
    with pytest.raises(KeyReused):
        grant(team, 60)
    assert balance(team) == (150, 0, 150)


def test_a_grants_reference_is_refused_for_another_team(team: Team) -> None:
    grant(team, 50)
    other = factories.team(amount=0)
    with pytest.raises(KeyReused):
        grant(other, 50)
    assert balance(other) == (0, 0, 0)


def test_a_hold_sets_credits_aside_without_spending_them(team: Team) -> None:
    hold = ledger.hold(team=team, amount=60, reference="r1")
    assert balance(team) == (100, 60, 40)
    assert (hold.state, hold.amount, hold.captured) == (HoldState.PENDING, 60, 0)


def test_a_hold_may_take_the_last_microcredit(team: Team) -> None:
    ledger.hold(team=team, amount=100, reference="r1")
    assert balance(team) == (100, 100, 0)


def test_a_hold_is_refused_when_credits_are_missing_and_says_how_many(team: Team) -> None:
    ledger.hold(team=team, amount=60, reference="r1")
    with pytest.raises(InsufficientCredits) as refused:
        ledger.hold(team=team, amount=45, reference="r2")
    assert (refused.value.needed, refused.value.available, refused.value.missing) == (45, 40, 5)
    assert balance(team) == (100, 60, 40)


def test_a_team_without_an_account_is_told_how_many_credits_are_missing() -> None:
    with pytest.raises(InsufficientCredits) as refused:
        ledger.hold(team=factories.team(amount=0), amount=45, reference="r1")
    assert refused.value.missing == 45


def test_an_overdraft_counts_as_available(team: Team) -> None:
    CreditAccount.objects.filter(team=team).update(overdraft=30)
    ledger.hold(team=team, amount=130, reference="r1")
    assert balance(team) == (100, 130, 0)


def test_a_hold_said_again_is_the_first_one(team: Team) -> None:
    first = ledger.hold(team=team, amount=40, reference="r1")
    assert ledger.hold(team=team, amount=40, reference="r1") == first
    assert balance(team) == (100, 40, 60)


def test_a_hold_said_again_is_the_first_one_when_it_took_the_last_credits(team: Team) -> None:
    first = ledger.hold(team=team, amount=100, reference="r1")
    assert ledger.hold(team=team, amount=100, reference="r1") == first


@pytest.mark.parametrize("amount", [39, 41, 101])
def test_a_holds_reference_is_refused_for_another_amount(team: Team, amount: int) -> None:
    ledger.hold(team=team, amount=40, reference="r1")
    with pytest.raises(KeyReused):
        ledger.hold(team=team, amount=amount, reference="r1")
    assert balance(team) == (100, 40, 60)


def test_a_holds_reference_is_refused_for_another_team(team: Team) -> None:
    ledger.hold(team=team, amount=40, reference="r1")
    with pytest.raises(KeyReused):
        ledger.hold(team=factories.team(amount=100), amount=40, reference="r1")


@pytest.mark.parametrize("amount", [0, -5])
def test_a_hold_of_nothing_is_refused_by_the_database(team: Team, amount: int) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        ledger.hold(team=team, amount=amount, reference="r1")
    assert balance(team) == (100, 0, 100)


def test_a_capture_spends_its_part_and_gives_the_rest_back(team: Team) -> None:
    hold = ledger.hold(team=team, amount=60, reference="r1")
    ledger.capture(hold=hold.pk, amount=45)
    assert balance(team) == (55, 0, 55)
    assert entries(EntryKind.CAPTURE) == [("team", "revenue", 45)]
    hold.refresh_from_db()
    assert (hold.state, hold.captured) == (HoldState.CAPTURED, 45)
    assert hold.resolved_at is not None


def test_a_capture_said_again_spends_nothing_more(team: Team) -> None:
    hold = ledger.hold(team=team, amount=60, reference="r1")
    ledger.capture(hold=hold.pk, amount=45)
    ledger.capture(hold=hold.pk, amount=45)
    assert balance(team) == (55, 0, 55)


def test_a_capture_at_another_amount_is_refused(team: Team) -> None:
    hold = ledger.hold(team=team, amount=60, reference="r1")
    ledger.capture(hold=hold.pk, amount=45)
    with pytest.raises(HoldResolved):
        ledger.capture(hold=hold.pk, amount=46)
    assert balance(team) == (55, 0, 55)


@pytest.mark.parametrize("amount", [61, 0, -1])
def test_a_capture_outside_its_hold_is_refused_by_the_database(team: Team, amount: int) -> None:
    hold = ledger.hold(team=team, amount=60, reference="r1")
    with pytest.raises(IntegrityError), transaction.atomic():
        ledger.capture(hold=hold.pk, amount=amount)
    assert balance(team) == (100, 60, 40)


def test_a_release_gives_the_whole_hold_back(team: Team) -> None:
    hold = ledger.hold(team=team, amount=60, reference="r1")
    ledger.release(hold=hold.pk)
    assert balance(team) == (100, 0, 100)
    assert entries(EntryKind.CAPTURE) == []


def test_a_release_said_again_gives_nothing_more_back(team: Team) -> None:
    hold = ledger.hold(team=team, amount=60, reference="r1")
    ledger.hold(team=team, amount=30, reference="r2")
    ledger.release(hold=hold.pk)
    ledger.release(hold=hold.pk)
    assert balance(team) == (100, 30, 70)


def test_a_captured_hold_cannot_be_released(team: Team) -> None:
    hold = ledger.hold(team=team, amount=60, reference="r1")
    ledger.capture(hold=hold.pk, amount=60)
    with pytest.raises(HoldResolved):
        ledger.release(hold=hold.pk)
    assert balance(team) == (40, 0, 40)


def test_a_released_hold_cannot_be_captured(team: Team) -> None:
    hold = ledger.hold(team=team, amount=60, reference="r1")
    ledger.release(hold=hold.pk)
    with pytest.raises(HoldResolved):
        ledger.capture(hold=hold.pk, amount=60)
    assert balance(team) == (100, 0, 100)


@pytest.mark.parametrize("end", [ledger.release, lambda hold: ledger.capture(hold=hold, amount=1)])
def test_a_hold_that_never_was_cannot_be_ended(end: Callable[..., None]) -> None:
    with pytest.raises(HoldResolved):
        end(hold=uuid4())


def overrun(hold: Hold, amount: int) -> None:
    ledger.overrun(hold=hold.pk, amount=amount, reason="above the hold")


def test_an_overrun_is_paid_by_the_team_as_far_as_it_can_and_by_the_house_for_the_rest(
    team: Team,
) -> None:
    hold = ledger.hold(team=team, amount=60, reference="r1")
    ledger.capture(hold=hold.pk, amount=60)
    overrun(hold, 500)
    assert balance(team) == (0, 0, 0)
    assert entries(EntryKind.OVERRUN) == [("team", "revenue", 40)]
    assert entries(EntryKind.HOUSE) == [("overrun", "revenue", 460)]


def test_an_overrun_that_the_team_can_pay_costs_the_house_nothing(team: Team) -> None:
    overrun(ledger.hold(team=team, amount=60, reference="r1"), 40)
    assert balance(team) == (60, 60, 0)
    assert entries(EntryKind.HOUSE) == []


def test_an_overrun_takes_nothing_that_another_request_holds(team: Team) -> None:
    hold = ledger.hold(team=team, amount=10, reference="r1")
    ledger.hold(team=team, amount=90, reference="r2")
    overrun(hold, 5)
    assert balance(team) == (100, 100, 0)
    assert entries(EntryKind.HOUSE) == [("overrun", "revenue", 5)]


@pytest.mark.parametrize("amount", [10, 40, 500])
def test_an_overrun_said_again_is_booked_once(team: Team, amount: int) -> None:
    hold = ledger.hold(team=team, amount=60, reference="r1")
    overrun(hold, amount)
    overrun(hold, amount)
    booked = entries(EntryKind.OVERRUN) + entries(EntryKind.HOUSE)
    assert sum(amount for *_, amount in booked) == amount


def test_a_second_overrun_of_another_amount_is_refused(team: Team) -> None:
    hold = ledger.hold(team=team, amount=60, reference="r1")
    overrun(hold, 500)
    with pytest.raises(KeyReused):
        overrun(hold, 600)


def house(hold: Hold, amount: int, reference: str = "attempt-1") -> None:
    ledger.house(hold=hold.pk, amount=amount, reason="not delivered", reference=reference)


def test_what_no_team_pays_is_booked_to_the_house_once_a_reference(team: Team) -> None:
    hold = ledger.hold(team=team, amount=60, reference="r1")
    for reference in ("attempt-1", "attempt-1", "attempt-2"):
        house(hold, 500, reference)
    assert entries(EntryKind.HOUSE) == [("overrun", "revenue", 500)] * 2
    assert balance(team) == (100, 60, 40)


def test_the_houses_reference_is_refused_for_another_amount_or_hold(team: Team) -> None:
    hold, other = (ledger.hold(team=team, amount=5, reference=name) for name in ("r1", "r2"))
    house(hold, 500)
    for again in ((hold, 600), (other, 500)):
        with pytest.raises(KeyReused):
            house(*again)


@pytest.fixture
def captured(team: Team) -> Hold:
    """A hold of the team's 100, captured at 60."""
    hold = ledger.hold(team=team, amount=100, reference="r1")
    ledger.capture(hold=hold.pk, amount=60)
    return hold


def refund(hold: Hold, amount: int, reference: str = "refund-1") -> LedgerEntry:
    return ledger.refund(hold=hold.pk, amount=amount, reference=reference, reason="Blurred")


def test_a_refund_gives_part_of_a_capture_back_and_says_who_and_why(
    team: Team, captured: Hold
) -> None:
    by = factories.owner_of(team)
    entry = ledger.refund(hold=captured.pk, amount=25, reference="1", reason="Blurred", by=by)
    assert balance(team) == (65, 0, 65)
    assert entries(EntryKind.REFUND) == [("revenue", "team", 25)]
    assert (entry.actor, entry.reason, entry.hold) == (by, "Blurred", captured)


def test_a_refund_said_again_gives_nothing_more(team: Team, captured: Hold) -> None:
    assert refund(captured, 25) == refund(captured, 25)
    assert balance(team) == (65, 0, 65)


def test_refunds_give_back_at_most_what_was_captured(team: Team, captured: Hold) -> None:
    refund(captured, 35)
    with pytest.raises(MoreThanCaptured):
        refund(captured, 26, "refund-2")
    refund(captured, 25, "refund-3")
    assert balance(team) == (100, 0, 100)


def test_a_refunds_reference_is_refused_for_another_amount_or_hold(captured: Hold) -> None:
    refund(captured, 25)
    with pytest.raises(KeyReused):
        refund(captured, 24)
    other = ledger.hold(team=factories.team(amount=100), amount=30, reference="r2")
    ledger.capture(hold=other.pk, amount=30)
    with pytest.raises(KeyReused):
        refund(other, 25)


def test_what_was_not_captured_cannot_be_refunded(team: Team) -> None:
    pending = ledger.hold(team=team, amount=10, reference="r1")
    released = ledger.hold(team=team, amount=10, reference="r2")
    ledger.release(hold=released.pk)
    for hold in (pending, released):
        with pytest.raises(MoreThanCaptured):
            refund(hold, 1, str(hold.pk))


def test_the_house_has_one_account_of_each_kind_however_often_it_is_opened() -> None:
    ledger.open_house_accounts()
    kinds = CreditAccount.objects.filter(team=None).values_list("kind", flat=True)
    assert sorted(kinds) == sorted(HOUSE_KINDS)


def test_a_frozen_team_holds_nothing_more_and_what_it_held_is_settled(team: Team) -> None:
    hold = ledger.hold(team=team, amount=60, reference="r1")
    CreditAccount.objects.filter(team=team).update(frozen_at=timezone.now())
    with pytest.raises(AccountFrozen):
        ledger.hold(team=team, amount=1, reference="r2")
    ledger.capture(hold=hold.pk, amount=50)
    assert balance(team) == (50, 0, 50)


ACCOUNTS: dict[str, dict[str, Any]] = {
    "account_held_not_negative": {"held": -1},
    "account_never_overdrawn": {"held": 101},
    "account_team_only_on_team_kind": {"kind": AccountKind.REVENUE},
}
HOLDS: dict[str, dict[str, Any]] = {
    "hold_amount_positive": {"amount": 0},
    "hold_captured_within_amount": {"captured": 61, "state": "captured", "resolved_at": "now"},
    "hold_resolved_with_its_state": {"resolved_at": "now"},
    "hold_captured_with_its_state": {"state": "captured", "resolved_at": "now"},
    "hold_refunded_within_captured": {"refunded": 1},
}


@pytest.mark.parametrize("constraint", ACCOUNTS)
def test_the_database_refuses_an_account_that_cannot_be(team: Team, constraint: str) -> None:
    with pytest.raises(IntegrityError, match=constraint):
        CreditAccount.objects.filter(team=team).update(**ACCOUNTS[constraint])


@pytest.mark.parametrize("constraint", HOLDS)
def test_the_database_refuses_a_hold_that_cannot_be(team: Team, constraint: str) -> None:
    hold = ledger.hold(team=team, amount=60, reference="r1")
    columns = ", ".join(f"{name} = %s" for name in HOLDS[constraint])
    statement = f"UPDATE accounts_hold SET {columns} WHERE id = %s"  # noqa: S608 - our own words
    with connection.cursor() as cursor, pytest.raises(IntegrityError, match=constraint):
        cursor.execute(statement, [*HOLDS[constraint].values(), hold.pk])


def test_the_database_refuses_a_second_account_for_a_team(team: Team) -> None:
    with pytest.raises(IntegrityError, match="team_id"):
        CreditAccount.objects.create(team=team, kind=AccountKind.TEAM)


def test_the_database_refuses_a_second_house_account_of_a_kind() -> None:
    with pytest.raises(IntegrityError, match="account_one_of_each_house_kind"):
        CreditAccount.objects.create(team=None, kind=AccountKind.FUNDING)


def test_the_database_refuses_a_team_account_without_a_team() -> None:
    with pytest.raises(IntegrityError, match="account_team_only_on_team_kind"):
        CreditAccount.objects.create(team=None, kind=AccountKind.TEAM)


def test_the_database_refuses_a_second_hold_with_a_reference(team: Team) -> None:
    hold = ledger.hold(team=team, amount=60, reference="r1")
    with pytest.raises(IntegrityError, match="reference"):
        Hold.objects.create(account=hold.account, reference="r1", amount=1)


def entry(**changes: object) -> dict[str, Any]:
    house = {account.kind: account for account in CreditAccount.objects.filter(team=None)}
    values = {"debit": house["funding"], "credit": house["revenue"], "amount": 1, "kind": "grant"}
    return values | {"key": "k"} | changes


@pytest.mark.parametrize("amount", [0, -1])
def test_the_database_refuses_an_entry_of_nothing(amount: int) -> None:
    with pytest.raises(IntegrityError, match="entry_amount_positive"):
        LedgerEntry.objects.create(**entry(amount=amount))


def test_the_database_refuses_an_entry_from_an_account_to_itself() -> None:
    funding = CreditAccount.objects.get(kind=AccountKind.FUNDING)
    with pytest.raises(IntegrityError, match="entry_between_two_accounts"):
        LedgerEntry.objects.create(**entry(credit=funding))


def test_the_database_refuses_a_second_entry_with_a_key() -> None:
    LedgerEntry.objects.create(**entry())
    with pytest.raises(IntegrityError, match="key"):
        LedgerEntry.objects.create(**entry())


def test_the_database_refuses_a_second_capture_of_a_hold(team: Team) -> None:
    hold = ledger.hold(team=team, amount=60, reference="r1")
    ledger.capture(hold=hold.pk, amount=45)
    with pytest.raises(IntegrityError, match="entry_one_capture_a_hold"):
        LedgerEntry.objects.create(**entry(hold=hold, kind=EntryKind.CAPTURE))


@pytest.mark.parametrize("table", ["ledgerentry", "lot", "lotallocation"])
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE {0} SET amount = amount + 1",
        "UPDATE {0} SET amount = 1 WHERE false",
        "DELETE FROM {0}",
        "TRUNCATE {0} CASCADE",
    ],
)
def test_the_database_refuses_to_change_what_was_booked(
    team: Team, table: str, statement: str
) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # Or the table counts as in use.
        with pytest.raises(IntegrityError, match="append-only"):
            cursor.execute(statement.format(f"accounts_{table}"))
