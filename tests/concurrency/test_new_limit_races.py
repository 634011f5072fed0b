"""A limit that is made while holds are placed and settled: it binds, and it counts all of them."""

from functools import partial
from threading import Barrier, Event

import psycopg
import pytest
from django.db import transaction
from django.db.models import F, Sum

from accounts.errors import LimitNotCounted, OverLimit
from accounts.models import Budget, BudgetWindow, Hold, HoldState, Period, Team
from accounts.services import budgets, counting_in, ledger, ledger_check, spending, statements
from generations.services import limits
from tests import factories
from tests.accounts.race import together

pytestmark = pytest.mark.django_db(transaction=True)

CLIENTS = 8
HOLDS = 20
AMOUNT = 10


@pytest.fixture
def team() -> Team:
    return factories.team(amount=CLIENTS * HOLDS * AMOUNT)


def limit(team: Team, amount: int, period: Period = Period.MONTH) -> Budget:
    owner = factories.owner_of(team)
    return limits.set_limit(by=owner, team=team, period=period, amount=amount)


def hold(team: Team, reference: str) -> Hold:
    owner = factories.owner_of(team)
    placed, _ = spending.hold(by=owner, team=team, model="", amount=AMOUNT, reference=reference)
    return placed


def spent(window: BudgetWindow) -> tuple[int, int]:
    """What all holds of the team cost, and what is still held."""
    whole = Hold.objects.aggregate(cost=Sum(F("captured") + F("overrun") - F("refunded")))
    pending = Hold.objects.filter(state=HoldState.PENDING).aggregate(held=Sum("amount"))
    return whole["cost"] or 0, pending["held"] or 0


def hold_as_a_limit_is_made(team: Team, monkeypatch: pytest.MonkeyPatch) -> object:
    """What becomes of a hold whose limits were read just before there was one of 0."""
    read = budgets.applying
    made: list[Budget] = []

    def then_one_is_made(**whose: object) -> list[Budget]:
        found = read(**whose)  # type: ignore[arg-type]  # handed on as it came
        if not made:
            made.append(limit(team, 0))
        return found

    monkeypatch.setattr(budgets, "applying", then_one_is_made)
    (done,) = together(partial(hold, team, "r1"))
    return done


def test_a_limit_that_is_made_after_the_limits_were_read_binds_the_hold(
    team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert isinstance(hold_as_a_limit_is_made(team, monkeypatch), OverLimit)


def test_without_the_count_of_limits_the_hold_goes_past_it(
    team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The twin: what was read is believed."""
    guard = "AND limits_made = coalesce(%(limits_made)s::integer, limits_made)"
    assert guard in statements.HOLD
    monkeypatch.setattr(statements, "HOLD", statements.HOLD.replace(guard, ""))
    assert isinstance(hold_as_a_limit_is_made(team, monkeypatch), Hold)


def test_a_limit_that_is_made_while_many_hold_and_settle_counts_every_one(team: Team) -> None:
    def live(client: int) -> None:
        for number in range(HOLDS):
            reference = f"{client}-{number}"
            pk = hold(team, reference).pk
            if number % 3 == 0:
                ledger.release(hold=pk)
            elif number % 3 == 1:
                ledger.capture(hold=pk, amount=5)
                ledger.refund(hold=pk, amount=1, reference=reference, reason="Blurred")

    wide = 2 * CLIENTS * HOLDS * AMOUNT
    makers = [partial(limit, team, wide, period) for period in (Period.DAY, Period.TOTAL)]
    done = together(*(partial(live, client) for client in range(CLIENTS)), *makers)

    assert done[:CLIENTS] == [None] * CLIENTS
    windows = list(BudgetWindow.objects.all())
    assert [(one.used, one.held) for one in windows] == [spent(one) for one in windows]
    assert len(windows) == 2
    assert ledger_check.check().problems == []


def test_once_a_limit_is_made_nothing_above_it_is_admitted(team: Team) -> None:
    begun = Barrier(CLIENTS + 1)

    def many(client: int) -> int:
        begun.wait()
        admitted = 0
        for number in range(HOLDS):
            try:
                hold(team, f"{client}-{number}")
            except OverLimit:
                continue
            admitted += 1
        return admitted

    def make() -> int:
        begun.wait()
        limit(team, AMOUNT)
        return BudgetWindow.objects.get().held

    *admitted, held_then = together(*(partial(many, client) for client in range(CLIENTS)), make)
    window = BudgetWindow.objects.get()
    assert window.held == sum(int(str(one)) for one in admitted) * AMOUNT
    assert window.held <= max(int(str(held_then)), AMOUNT)


def test_a_limit_that_waits_for_a_slow_hold_keeps_nobody_else_from_holding(
    team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counting_in, "TRIES", 3)
    slow, busy = (factories.team(amount=1000 * AMOUNT) for _ in range(2))
    hold(team, "r1")
    under_way, made = Event(), Event()

    def take_long() -> None:
        with transaction.atomic():
            ledger.hold(team=slow, amount=AMOUNT, reference="slow")
            under_way.set()
            made.wait(timeout=20)

    def make() -> Budget:
        under_way.wait(timeout=20)
        try:
            return limit(team, 10 * AMOUNT)
        finally:
            made.set()

    def hold_elsewhere() -> int:
        under_way.wait(timeout=20)
        held = 0
        while not made.is_set():
            ledger.hold(team=busy, amount=1, reference=f"busy-{held}")
            held += 1
        return held

    _, refused, held = together(take_long, make, hold_elsewhere)
    assert isinstance(refused, LimitNotCounted)
    assert int(str(held)) > 5
    limit(team, 10 * AMOUNT)
    assert BudgetWindow.objects.get().held == AMOUNT


def make_a_limit_as_a_hold_is_captured(
    team: Team, other_session: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> BudgetWindow:
    """The capture sees what there was before, and comes to its hold after the limit."""
    pk = hold(team, "r1").pk
    late = statements.CAPTURE.replace("WITH hold", "WITH late AS (SELECT pg_sleep(1)), hold", 1)
    late = late.replace("AND state", "AND (SELECT count(*) FROM late) = 1 AND state", 1)
    monkeypatch.setattr(statements, "CAPTURE", late)
    asleep = "SELECT FROM pg_stat_activity WHERE wait_event = 'PgSleep'"

    def make() -> None:
        while not other_session.execute(asleep).rowcount:
            pass
        limit(team, 10 * AMOUNT)

    assert together(partial(ledger.capture, hold=pk, amount=5), make) == [None, None]
    return BudgetWindow.objects.get()


def test_a_limit_counts_a_hold_that_is_being_captured(
    team: Team, other_session: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = make_a_limit_as_a_hold_is_captured(team, other_session, monkeypatch)
    assert (window.used, window.held) == spent(window) == (5, 0)


@pytest.mark.wrong_books
def test_without_the_wait_it_counts_the_hold_for_ever(
    team: Team, other_session: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The twin: the capture cannot see the window that its hold was given meanwhile."""
    monkeypatch.setattr(statements, "HOLDS_MOVED_BY", f"{statements.HOLDS_MOVED_BY} AND false")
    window = make_a_limit_as_a_hold_is_captured(team, other_session, monkeypatch)
    assert (window.used, window.held) == (0, AMOUNT)


def test_a_limit_is_made_while_the_holds_are_vacuumed(
    team: Team, other_session: psycopg.Connection
) -> None:
    hold(team, "r1")
    with other_session.transaction():
        other_session.execute("LOCK TABLE accounts_hold IN SHARE UPDATE EXCLUSIVE MODE")
        limit(team, 10 * AMOUNT)
    assert BudgetWindow.objects.get().held == AMOUNT
