"""What the database itself refuses, whoever writes to it."""

from typing import Any

import pytest
from django.db import IntegrityError, connection

from accounts.models import AccountKind, CreditAccount, EntryKind, Hold, LedgerEntry, Team
from accounts.services import ledger
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def team() -> Team:
    """A team with 100 microcredits."""
    return factories.team(amount=100)


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
    "hold_refunded_within_charged": {"refunded": 1},
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
