"""Many at one account at once. Each guard has a twin without it, which shows the race."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from threading import Barrier

import pytest
from django.db import connection, transaction
from django.utils import timezone

from accounts.errors import HoldResolved, InsufficientCredits
from accounts.models import CreditAccount, Hold, LedgerEntry, Team
from accounts.services import funds, ledger, ledger_check, lots, statements
from tests import factories
from tests.accounts.race import together

pytestmark = pytest.mark.django_db(transaction=True)

THREADS = 16
EACH = 20
ROOM = 10
CAPTURES, RELEASES = 6, 5
DONE, NO_MORE = {type(None)}, {HoldResolved}


@pytest.fixture
def team() -> Team:
    """A team with room for ten holds of one."""
    return factories.team(amount=ROOM)


def problems() -> list[str]:
    return ledger_check.check().problems


def hold_often(team: Team, thread: int) -> int:
    """How many of the thread's holds were admitted."""
    admitted = 0
    for number in range(EACH):
        try:
            ledger.hold(team=team, amount=1, reference=f"{thread}.{number}")
        except InsufficientCredits:
            continue
        admitted += 1
    return admitted


def test_of_many_holds_at_once_exactly_as_many_as_fit_are_admitted(team: Team) -> None:
    admitted = together(*[partial(hold_often, team, thread) for thread in range(THREADS)])
    assert sum(int(str(count)) for count in admitted) == ROOM
    assert ledger.balance(team=team).available == 0
    assert problems() == []


@pytest.mark.wrong_books
def test_looking_before_holding_admits_more_than_fit(team: Team) -> None:
    """The twin: what is available is read first, and the hold is written after."""
    looked = Barrier(THREADS)

    def look_then_hold(reference: str) -> bool:
        pending = Hold.objects.filter(account__team=team, state="pending").count()
        fits = pending + 1 <= ROOM
        looked.wait()
        if fits:
            account = CreditAccount.objects.get(team=team)
            Hold.objects.create(account=account, amount=1, reference=reference)
        return fits

    admitted = together(*[partial(look_then_hold, str(thread)) for thread in range(THREADS)])
    assert admitted.count(True) == THREADS > ROOM
    assert any("held is" in problem for problem in problems())


def test_of_captures_releases_and_run_outs_at_once_one_way_wins_for_each_hold() -> None:
    """What is held has run out: who releases it gives it up, and who captures it spends it."""
    team, ends = factories.team(amount=0), timezone.now() + timedelta(days=1)
    funds.promote(team=team, amount=ROOM, reference="spring", reason="Spring", expires_at=ends)
    holds = [ledger.hold(team=team, amount=1, reference=str(n)).pk for n in range(ROOM)]
    for hold in holds:
        ended = together(
            *[partial(ledger.capture, hold=hold, amount=1)] * CAPTURES,
            *[partial(ledger.release, hold=hold)] * RELEASES,
            *[partial(lots.expire, now=ends)] * (THREADS - CAPTURES - RELEASES),
        )
        captures = {type(one) for one in ended[:CAPTURES]}
        releases = {type(one) for one in ended[CAPTURES : CAPTURES + RELEASES]}
        assert [captures, releases] in ([NO_MORE, DONE], [DONE, NO_MORE])
        assert {type(one) for one in ended[CAPTURES + RELEASES :]} == {int}
    lots.expire(now=ends)
    spent_or_run_out = LedgerEntry.objects.filter(kind__in=["capture", "expiry"])
    assert (spent_or_run_out.count(), ledger.balance(team=team).posted) == (ROOM, 0)
    assert problems() == []


@pytest.mark.wrong_books
def test_ends_that_look_at_the_hold_first_end_it_often(
    team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The twin: whether it is pending is read first, and the statements do not mind any more."""
    asks, ends = "AND state = 'pending'", "SET state = 'released'"
    assert asks in statements.CAPTURE
    assert ends in statements.RELEASE
    release = statements.RELEASE.replace(asks, "").replace(ends, f"{ends}, captured = 0")
    monkeypatch.setattr(statements, "CAPTURE", statements.CAPTURE.replace(asks, ""))
    monkeypatch.setattr(statements, "RELEASE", release)
    ledger.hold(team=team, amount=ROOM - 1, reference="another")
    hold = ledger.hold(team=team, amount=1, reference="1").pk
    looked = Barrier(THREADS)

    def look_then(end: Callable[[], None]) -> None:
        pending = Hold.objects.filter(pk=hold, state="pending").exists()
        looked.wait()
        if pending:
            end()

    ways = partial(ledger.capture, hold=hold, amount=1), partial(ledger.release, hold=hold)
    ended = together(*[partial(look_then, way) for way in ways * (THREADS // 2)])
    assert ended.count(None) > 1
    assert any("held is" in problem for problem in problems())


def test_many_captures_of_one_hold_spend_it_once(team: Team) -> None:
    hold = ledger.hold(team=team, amount=5, reference="1").pk
    outcomes = together(*[lambda: ledger.capture(hold=hold, amount=3)] * THREADS)
    assert outcomes == [None] * THREADS
    assert ledger.balance(team=team).posted == ROOM - 3
    assert problems() == []


def test_a_grant_said_by_many_at_once_is_given_once(team: Team) -> None:
    def give() -> object:
        return ledger.grant(team=team, amount=7, reason="", reference="one payment").pk

    assert len(set(together(*[give] * THREADS))) == 1
    assert ledger.balance(team=team).posted == ROOM + 7
    assert problems() == []


def test_the_first_grants_of_a_new_team_open_one_account() -> None:
    team = factories.team(amount=0)

    def give(number: int) -> object:
        return ledger.grant(team=team, amount=1, reason="", reference=f"payment {number}")

    together(*[partial(give, number) for number in range(THREADS)])
    assert ledger.balance(team=team).posted == THREADS
    assert problems() == []


def test_teams_do_not_wait_for_each_other(team: Team) -> None:
    other = factories.team(amount=ROOM)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL lock_timeout = '2s'")
        ledger.hold(team=team, amount=1, reference="1")
        done = together(lambda: ledger.hold(team=other, amount=1, reference="2"))
    assert isinstance(done[0], Hold)


def test_reading_a_balance_waits_for_nobody(team: Team) -> None:
    with transaction.atomic():
        ledger.hold(team=team, amount=4, reference="1")
        assert together(lambda: ledger.balance(team=team).available) == [ROOM]
    assert ledger.balance(team=team).available == ROOM - 4
