from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from django.core import mail
from django.db import connection
from django.utils import timezone

from accounts.models import BooksCheck, ChangeKind, CreditAccount, Period, Team, User
from accounts.services import (
    budgets,
    entries,
    freezing,
    funds,
    ledger,
    ledger_check,
    lots,
)
from tests import factories
from tests.accounts.tampering import switched_off, tamper

# The check asks for a snapshot of its own, which a test's transaction would not give it.
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.wrong_books]


@pytest.fixture
def team() -> Team:
    """A grant of 100 long ago; now 30 of it captured, 5 refunded, 20 released, 10 on hold."""
    made = factories.team(amount=100)
    limit = budgets.set_limit(
        by=factories.owner_of(made),
        team=made,
        member=None,
        model="",
        period=Period.TOTAL,
        amount=1000,
    )
    captured = ledger.hold(team=made, amount=50, reference="r1", limits=[limit])
    ledger.capture(hold=captured.pk, amount=30)
    ledger.refund(hold=captured.pk, amount=5, reference="r1", reason="Blurred")
    released = ledger.hold(team=made, amount=20, reference="r2")
    ledger.release(hold=released.pk)
    ledger.hold(team=made, amount=10, reference="r3", limits=[limit])
    lots.allocate(account(made))
    tamper("UPDATE accounts_ledgerentry SET created_at = '2000-05-01 12:00Z' WHERE kind = 'grant'")
    entries.close_days(account(made), until=date(2000, 5, 3))
    return made


@pytest.fixture(autouse=True)
def _house_as_it_was() -> Iterator[None]:
    """The house's accounts stay from test to test."""
    yield
    CreditAccount.objects.filter(team=None).update(posted=0, held=0)


def account(team: Team) -> CreditAccount:
    return CreditAccount.objects.get(team=team)


def said(words: str) -> list[str]:
    return [problem for problem in ledger_check.check().problems if words in problem]


def test_a_ledger_that_the_service_wrote_is_sound(team: Team) -> None:
    report = ledger_check.check()
    assert report.problems == []
    assert (report.accounts, report.entries, report.held, report.available) == (1, 3, 10, 65)


def test_a_ledger_with_every_kind_of_entry_is_sound(team: Team) -> None:
    owner, staff = factories.owner_of(team), factories.user()
    staff.is_staff = True
    ends = timezone.now() + timedelta(days=1)
    funds.top_up(team=team, amount=50, reference="pay")
    funds.promote(team=team, amount=50, reference="spring", reason="Spring", expires_at=ends)
    for sign in (1, -1):
        funds.adjust(team=team, amount=sign * 7, reason="Miscounted", reference=str(sign), by=staff)
    hold = ledger.hold(team=team, amount=1, reference="late")
    ledger.overrun(hold=hold.pk, amount=500, reason="above")
    ledger.house(hold=hold.pk, amount=500, reason="lost", reference="attempt")
    funds.promote(team=team, amount=50, reference="summer", reason="Summer", expires_at=ends)
    funds.top_up(team=team, amount=9, reference="more")
    to = factories.team(owner=owner, amount=0)
    funds.transfer(by=owner, team=team, to=to, amount=9, reason="", reference="move")
    assert lots.expire(now=ends) == 50
    assert ledger_check.check().problems == []


def test_an_empty_ledger_is_sound() -> None:
    report = ledger_check.check()
    assert (report.accounts, report.entries, report.held, report.available) == (0, 0, 0, 0)
    assert report.problems == []


WRONG = {
    "a posted counter": (
        "I1",
        "UPDATE accounts_creditaccount SET posted = posted + 1 WHERE kind = 'team'",
        "posted is 76, its entries add up to 75",
    ),
    "a posted counter, over all": (
        "I4",
        "UPDATE accounts_creditaccount SET posted = posted + 1 WHERE kind = 'team'",
        "All teams hold 76 and the house -75",
    ),
    "a held counter": (
        "I2",
        "UPDATE accounts_creditaccount SET held = held - 1 WHERE kind = 'team'",
        "held is 9, its pending holds add up to 10",
    ),
    "counters of the house": (
        "I4",
        "UPDATE accounts_creditaccount SET posted = 4 WHERE kind = 'revenue'",
        "The revenue account keeps counters (4 posted, 0 held)",
    ),
    "credits from nowhere": (
        "I12",
        "UPDATE accounts_ledgerentry SET amount = 101 WHERE kind = 'grant'",
        "Given 106, gone 30 and still posted 75",
    ),
    "an entry of a kind that it is not": (
        "I4",
        "UPDATE accounts_ledgerentry SET kind = 'topup' WHERE kind = 'capture'",
        "a topup of 30 from team to revenue",
    ),
    "a key of another hold": (
        "I7",
        "UPDATE accounts_ledgerentry SET key = 'capture:1' WHERE kind = 'capture'",
        "is booked under the key capture:1",
    ),
    "a capture without its entry": (
        "I5",
        "UPDATE accounts_hold SET captured = 31 WHERE state = 'captured'",
        "captured 31, its capture entries add up to 30",
    ),
    "an entry without its capture": (
        "I5",
        "UPDATE accounts_hold SET captured = 0, refunded = 0, state = 'released' WHERE amount = 50",
        "captured 0, its capture entries add up to 30",
    ),
    "a refund that was not counted": (
        "I6",
        "UPDATE accounts_hold SET refunded = 0 WHERE refunded = 5",
        "refunded 0 of 30 charged, its refund entries add up to 5",
    ),
    "a limit that counts otherwise": (
        "I2",
        "UPDATE accounts_budgetwindow SET used = 24",
        "counts 24 used and 10 held, its holds add up to 25 and 10",
    ),
    "an allocation above its entry": (
        "I9",
        "UPDATE accounts_lotallocation SET amount = 31",
        "30 went, of which lots gave 31",
    ),
    "an allocation above its lot": (
        "I9",
        "UPDATE accounts_lot SET amount = 29 WHERE kind = 'granted'",
        "of 29 it gave 30",
    ),
    "a lot of another account": (
        "I9",
        "UPDATE accounts_lot SET account_id = account_id + 1 WHERE kind = 'granted'",
        "of another account",
    ),
    "a lot that is not what came in": (
        "I9",
        "UPDATE accounts_lot SET amount = 101 WHERE kind = 'granted'",
        "100 came in, its lots hold 101",
    ),
    "credits that came without a lot": (
        "I9",
        "DELETE FROM accounts_lot WHERE kind = 'returned'",
        "5 came in, its lots hold 0",
    ),
    "an expiry before its time": (
        "I9",
        "UPDATE accounts_ledgerentry SET kind = 'expiry' WHERE kind = 'capture'",
        "it ran out at no time and was taken back at",
    ),
    "a kept day that is not what was booked": (
        "I10",
        "UPDATE accounts_accountday SET closing = closing + 7 WHERE day < '2001-01-01'",
        "on 2000-05-01 its kept balance moved by 107, its entries by 100",
    ),
    "an entry that was added to a kept day": (
        "I10",
        "UPDATE accounts_ledgerentry SET created_at = '2000-05-01 23:59:59Z' WHERE kind = 'refund'",
        "on 2000-05-01 its kept balance moved by 100, its entries by 105",
    ),
    "an entry that left its kept day": (
        "I10",
        "UPDATE accounts_ledgerentry SET created_at = '2000-05-04Z' WHERE kind = 'grant'",
        "on 2000-05-01 its kept balance moved by 100, its entries by 0",
    ),
    "a hold before there was anything": (
        "I14",
        "UPDATE accounts_hold SET created_at = '2000-04-30 11:30Z' WHERE state = 'pending'",
        "in the hour of 2000-04-30 11:00:00+00:00 it was 10 below what it had",
    ),
    "more spent than there was, though it came later": (
        "I14",
        "UPDATE accounts_hold SET amount = 200, captured = 101 WHERE state = 'captured'",
        "was 6 below what it had",
    ),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_what_was_tampered_with_is_said(team: Team, wrong: str) -> None:
    key, statement, words = WRONG[wrong]
    tamper(statement)
    report = ledger_check.check()
    assert [problem for problem in report.problems if words in problem]
    assert report.found[key].count


# What a constraint keeps out as long as it stands.
UNCONSTRAINED = {
    "overdrawn": (
        "accounts_creditaccount",
        "account_never_overdrawn",
        "UPDATE accounts_creditaccount SET posted = 9 WHERE kind = 'team'",
        "overdrawn (9 posted, 10 held)",
    ),
    "no guard against overdrawing": (
        "accounts_creditaccount",
        "account_never_overdrawn",
        "UPDATE accounts_creditaccount SET posted = posted",
        "Table creditaccount: its check account_never_overdrawn is off",
    ),
    "captured above its amount": (
        "accounts_hold",
        "hold_captured_within_amount",
        "UPDATE accounts_hold SET captured = 51 WHERE state = 'captured'",
        "captured, with 51 of 50 captured",
    ),
    "keys that may be booked twice": (
        "accounts_ledgerentry",
        "accounts_ledgerentry_key_key",
        "UPDATE accounts_ledgerentry SET key = key",
        "Table ledgerentry: nothing keeps its key from being booked twice",
    ),
}


@pytest.fixture(params=UNCONSTRAINED)
def loose(request: pytest.FixtureRequest, team: Team) -> Iterator[tuple[str, str]]:
    """What to do and what is then said, while a constraint is away."""
    table, name, statement, words = UNCONSTRAINED[request.param]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = %s", [name]
        )
        (definition,) = cursor.fetchone() or ("",)
        cursor.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
        yield statement, words
        # Or the constraint could not come back over what was tampered with.
        tamper("DELETE FROM accounts_hold; DELETE FROM accounts_creditaccount WHERE kind = 'team'")
        cursor.execute(f"ALTER TABLE {table} ADD CONSTRAINT {name} {definition}")


def test_what_a_lost_constraint_let_in_is_said(loose: tuple[str, str]) -> None:
    statement, words = loose
    tamper(statement)
    assert said(words)


@pytest.mark.parametrize("guard", ["append_only", "no_truncate"])
@pytest.mark.parametrize("table", ["ledgerentry", "lot", "lotallocation"])
def test_a_table_that_can_be_changed_is_said(table: str, guard: str) -> None:
    with switched_off(f"accounts_{table}", f"{table}_{guard}"):
        assert said("") == [f"Table {table} can be changed: its trigger {table}_{guard} is off"]


@pytest.mark.parametrize("guard", ["ends_are_final", "no_delete", "no_truncate"])
def test_changes_by_hand_that_can_be_changed_themselves_are_said(guard: str) -> None:
    trigger = f"creditchange_{guard}"
    with switched_off("accounts_creditchange", trigger):
        assert said("") == [f"Table creditchange can be changed: its trigger {trigger} is off"]


@pytest.mark.parametrize("before", ["DELETE", "UPDATE OF amount OR DELETE", "INSERT"])
def test_a_trigger_that_guards_less_is_said(before: str) -> None:
    made = (
        "CREATE OR REPLACE TRIGGER lot_append_only BEFORE {} ON accounts_lot"
        " EXECUTE FUNCTION accounts_refuse_change()"
    )
    with connection.cursor() as cursor:
        cursor.execute(made.format(before))
        try:
            assert said("") == ["Table lot can be changed: its trigger lot_append_only is off"]
        finally:
            cursor.execute(made.format("UPDATE OR DELETE"))


def test_at_most_twenty_of_a_kind_are_said_and_every_account_is_named() -> None:
    teams = [factories.team(amount=10) for _ in range(25)]
    CreditAccount.objects.filter(team__in=teams).update(held=1)
    report = ledger_check.check()
    assert len([one for one in report.problems if "pending holds" in one]) == 20
    assert set(report.at_fault) == {account(team).pk for team in teams}
    assert report.found["I2"].count == 25
    assert set(report.found["I2"].accounts) == set(report.at_fault)


def test_who_is_at_fault_is_known_until_the_next_check(team: Team) -> None:
    other = factories.team(amount=10)
    CreditAccount.objects.filter(team=team).update(held=9)
    ledger_check.act_on(ledger_check.check())
    assert ledger_check.is_at_fault(account(team))
    assert not ledger_check.is_at_fault(account(other))
    CreditAccount.objects.filter(team=team).update(held=10)
    ledger_check.act_on(ledger_check.check())
    assert not ledger_check.is_at_fault(account(team))


def test_what_came_within_the_hour_counts_for_what_was_let_in(team: Team) -> None:
    """A hold that waited for its lock is older than the grant that admitted it."""
    late = factories.team(amount=0)
    ledger.grant(team=late, amount=50, reason="", reference="late")
    ledger.hold(team=late, amount=50, reference="early")
    tamper("UPDATE accounts_hold SET created_at = now() - interval '50 minutes' WHERE amount = 50")
    assert [one for one in ledger_check.check().problems if "below what it had" in one] == []


def lend(to: Team, amount: int) -> None:
    factories.change(to, factories.staff(), amount, kind=ChangeKind.OVERDRAFT)


def overdrawn_yesterday() -> Team:
    """A team that spent 115 of 100 with an overdraft of 20, and was lent nothing the next day."""
    made = factories.team(amount=100)
    lend(made, 20)
    ledger.capture(hold=ledger.hold(team=made, amount=115, reference="deep").pk, amount=115)
    tamper(
        "UPDATE accounts_hold SET created_at = now() - interval '1 day',"
        " resolved_at = now() - interval '1 day';"
        "UPDATE accounts_ledgerentry SET created_at = now() - interval '1 day'"
    )
    ledger.grant(team=made, amount=100, reason="", reference="the next day")
    lend(made, 0)
    return made


def test_an_overdraft_that_was_lowered_since_still_covers_what_it_let_in() -> None:
    overdrawn_yesterday()
    assert ledger_check.check().problems == []


def test_what_no_overdraft_ever_covered_is_said_also_once_it_is_lowered() -> None:
    overdrawn_yesterday()
    tamper("UPDATE accounts_hold SET amount = 121, captured = 121")
    assert "it was 1 below what it had" in said("below what it had")[0]


@pytest.fixture
def staff() -> User:
    return factories.staff()


def test_a_night_with_sound_books_is_kept_and_freezes_nobody(team: Team, staff: User) -> None:
    assert ledger_check.last() is None
    ledger_check.act_on(ledger_check.check())
    kept = ledger_check.last()
    assert kept is not None
    assert (kept.balances, kept.entries, kept.problems) == (True, 3, [])
    assert account(team).frozen_at is None
    assert mail.outbox == []


def test_a_violation_freezes_its_account_alone_and_staff_are_told(team: Team, staff: User) -> None:
    other = factories.team(amount=10)
    CreditAccount.objects.filter(team=team).update(held=9)
    kept = ledger_check.act_on(ledger_check.check())
    frozen = account(team)
    assert frozen.frozen_at is not None
    assert frozen.frozen_because == kept.problems[0]
    assert account(other).frozen_at is None
    (message,) = mail.outbox
    assert (message.to, kept.problems[0] in message.body) == ([staff.email], True)


def test_what_was_wrong_first_stays_the_reason(team: Team) -> None:
    freezing.freeze(account=account(team).pk, why="First")
    CreditAccount.objects.filter(team=team).update(held=9)
    ledger_check.act_on(ledger_check.check())
    assert account(team).frozen_because == "First"


def test_a_violation_is_kept_and_not_repaired(team: Team) -> None:
    CreditAccount.objects.filter(team=team).update(held=9)
    ledger_check.act_on(ledger_check.check())
    ledger_check.act_on(ledger_check.check())
    assert account(team).held == 9
    assert [one.balances for one in BooksCheck.objects.all()] == [False, False]
