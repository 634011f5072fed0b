from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.db import IntegrityError, connection, transaction

from accounts.errors import HoldResolved, InsufficientCredits, KeyReused
from accounts.models import (
    AccountKind,
    CreditAccount,
    EntryKind,
    Hold,
    HoldState,
    LedgerEntry,
    Team,
)
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


def test_an_overrun_is_the_houses_loss_and_not_the_teams(team: Team) -> None:
    hold = ledger.hold(team=team, amount=60, reference="r1")
    ledger.overrun(hold=hold.pk, amount=500, reason="above the hold")
    assert balance(team) == (100, 60, 40)
    assert entries(EntryKind.OVERRUN) == [("overrun", "revenue", 500)]


def test_an_overrun_said_again_is_booked_once(team: Team) -> None:
    hold = ledger.hold(team=team, amount=60, reference="r1")
    ledger.overrun(hold=hold.pk, amount=500, reason="above the hold")
    ledger.overrun(hold=hold.pk, amount=500, reason="above the hold")
    assert entries(EntryKind.OVERRUN) == [("overrun", "revenue", 500)]


def test_a_second_overrun_of_another_amount_is_refused(team: Team) -> None:
    hold = ledger.hold(team=team, amount=60, reference="r1")
    ledger.overrun(hold=hold.pk, amount=500, reason="above the hold")
    with pytest.raises(KeyReused):
        ledger.overrun(hold=hold.pk, amount=600, reason="above the hold")


def test_the_house_has_one_account_of_each_kind_however_often_it_is_opened() -> None:
    ledger.open_house_accounts()
    kinds = CreditAccount.objects.filter(team=None).values_list("kind", flat=True)
    assert sorted(kinds) == ["funding", "overrun", "revenue"]


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
}


@pytest.mark.parametrize("constraint", ACCOUNTS)
def test_the_database_refuses_an_account_that_cannot_be(team: Team, constraint: str) -> None:
    with pytest.raises(IntegrityError, match=constraint):
        CreditAccount.objects.filter(team=team).update(**ACCOUNTS[constraint])


@pytest.mark.parametrize("constraint", HOLDS)
def test_the_database_refuses_a_hold_that_cannot_be(team: Team, constraint: str) -> None:
    hold = ledger.hold(team=team, amount=60, reference="r1")
    with pytest.raises(IntegrityError, match=constraint), connection.cursor() as cursor:
        columns = ", ".join(f"{name} = %s" for name in HOLDS[constraint])
        cursor.execute(
            f"UPDATE accounts_hold SET {columns} WHERE id = %s",  # noqa: S608 - our own words
            [*HOLDS[constraint].values(), hold.pk],
        )


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


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE accounts_ledgerentry SET amount = amount + 1",
        "UPDATE accounts_ledgerentry SET reason = 'nicer' WHERE false",
        "DELETE FROM accounts_ledgerentry",
        "TRUNCATE accounts_ledgerentry CASCADE",
    ],
)
def test_the_database_refuses_to_change_what_was_booked(team: Team, statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # Or the table counts as in use.
        with pytest.raises(IntegrityError, match="append-only"):
            cursor.execute(statement)
