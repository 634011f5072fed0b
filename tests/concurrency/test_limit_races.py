"""Limits under many holds at once; the twin shows what a check before the hold lets through."""

from collections.abc import Callable, Iterator
from functools import partial
from threading import Barrier, Event
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.models import F

from accounts.errors import OverLimit
from accounts.models import Budget, BudgetWindow, Hold, Period, Team
from accounts.services import budgets, ledger, ledger_check, statements, tokens
from tests import factories
from tests.accounts.race import together, wait_until_somebody_waits

pytestmark = pytest.mark.django_db(transaction=True)

CLIENTS = 16
HOLDS = 20
ROOM_FOR = 10
AMOUNT = 10


@pytest.fixture
def team() -> Team:
    return factories.team(amount=CLIENTS * HOLDS * AMOUNT)


def limit(team: Team, period: Period, amount: int) -> Budget:
    owner = factories.owner_of(team)
    return budgets.set_limit(
        by=owner, team=team, member=None, model="", period=period, amount=amount
    )


def hold_many(team: Team, limits: list[Budget], client: int) -> int:
    """How many of this client's holds were admitted."""
    admitted = 0
    for number in range(HOLDS):
        try:
            ledger.hold(team=team, amount=AMOUNT, reference=f"{client}-{number}", limits=limits)
        except OverLimit:
            continue
        admitted += 1
    return admitted


def admitted_by(client: Callable[[int], int]) -> int:
    return sum(int(str(one)) for one in together(*(partial(client, n) for n in range(CLIENTS))))


def test_a_limit_with_room_for_ten_admits_exactly_ten_of_320(team: Team) -> None:
    budget = limit(team, Period.MONTH, ROOM_FOR * AMOUNT)
    assert admitted_by(partial(hold_many, team, [budget])) == ROOM_FOR
    assert BudgetWindow.objects.get(budget=budget).held == ROOM_FOR * AMOUNT
    assert Hold.objects.count() == ROOM_FOR


@pytest.mark.wrong_books
def test_checked_before_the_hold_the_same_limit_lets_more_through(team: Team) -> None:
    budget = limit(team, Period.MONTH, ROOM_FOR * AMOUNT)
    window = budgets.windows([budget])[0]

    def unguarded(client: int) -> int:
        admitted = 0
        for number in range(HOLDS):
            left = budgets.rooms(Budget.objects.filter(pk=budget.pk))[0].left
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_sleep(0.02)")
            if left >= AMOUNT:
                ledger.hold(team=team, amount=AMOUNT, reference=f"{client}-{number}")
                BudgetWindow.objects.filter(pk=window).update(held=F("held") + AMOUNT)
                admitted += 1
        return admitted

    assert admitted_by(unguarded) > ROOM_FOR


def test_limits_of_a_person_a_token_and_the_team_are_each_kept(team: Team) -> None:
    owner = factories.owner_of(team)
    token, _ = tokens.create(by=owner, team=team, name="Nightly")
    wide = CLIENTS * HOLDS * AMOUNT

    def narrow(number: int, amount: int, **whose: Any) -> Budget:
        period = list(Period)[number]
        return budgets.set_limit(by=owner, team=team, period=period, amount=amount, **whose)

    of_team = narrow(0, wide)
    of_token, of_owner = narrow(1, 5 * AMOUNT, token=token), narrow(2, 7 * AMOUNT, member=owner)
    by_token, by_hand = [of_token, of_owner, of_team], [of_team, of_owner]

    def client(number: int) -> int:
        return hold_many(team, by_token if number % 2 else by_hand, number)

    assert admitted_by(client) == 7
    held = dict(BudgetWindow.objects.values_list("budget", "held"))
    assert held[of_owner.pk] == held[of_team.pk] == 7 * AMOUNT
    assert held[of_token.pk] <= 5 * AMOUNT
    assert ledger_check.check().problems == []


def test_limits_named_in_opposite_order_do_not_deadlock(team: Team) -> None:
    wide = 2 * CLIENTS * HOLDS * AMOUNT
    both = [limit(team, Period.DAY, wide), limit(team, Period.MONTH, wide)]

    def client(number: int) -> int:
        return hold_many(team, both if number % 2 else both[::-1], number)

    assert admitted_by(client) == CLIENTS * HOLDS
    used = set(BudgetWindow.objects.values_list("held", flat=True))
    assert used == {CLIENTS * HOLDS * AMOUNT}


@pytest.fixture
def slow_windows(team: Team) -> Iterator[None]:
    """Each window takes a while to be made, one after the other."""
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE FUNCTION slowly() RETURNS trigger LANGUAGE plpgsql"
            " AS 'BEGIN PERFORM pg_sleep(0.2); RETURN NEW; END'"
        )
        cursor.execute(
            "CREATE TRIGGER slowly BEFORE INSERT ON accounts_budgetwindow"
            " FOR EACH ROW EXECUTE FUNCTION slowly()"
        )
        yield
        cursor.execute("DROP FUNCTION slowly CASCADE")


@pytest.mark.usefixtures("slow_windows")
def test_the_windows_of_limits_named_in_opposite_order_are_made_without_a_deadlock(
    team: Team,
) -> None:
    both = [limit(team, Period.DAY, AMOUNT), limit(team, Period.MONTH, AMOUNT)]
    made = together(partial(budgets.windows, both), partial(budgets.windows, both[::-1]))
    assert made == [budgets.windows(both)] * 2


@pytest.mark.wrong_books
def test_limits_that_are_locked_in_the_order_in_which_they_are_named_deadlock(team: Team) -> None:
    """The twin: each counts in the limit that it names first, and then waits for the other's."""
    windows = budgets.windows([limit(team, Period.DAY, AMOUNT), limit(team, Period.MONTH, AMOUNT)])
    counted = Barrier(2)

    def hold(named: list[int]) -> None:
        with transaction.atomic():
            BudgetWindow.objects.filter(pk=named[0]).update(held=F("held") + 1)
            counted.wait()
            BudgetWindow.objects.filter(pk=named[1]).update(held=F("held") + 1)

    outcomes = together(partial(hold, windows), partial(hold, windows[::-1]))
    assert any("deadlock" in str(one) for one in outcomes)


def test_holds_that_share_some_of_many_limits_end_in_every_way_without_a_deadlock(
    team: Team,
) -> None:
    limits = [limit(team, period, CLIENTS * HOLDS * AMOUNT) for period in Period]

    def live(client: int) -> None:
        for number in range(HOLDS):
            reference, mine = f"{client}-{number}", limits[number % 2 :: 1 + client % 2]
            hold = ledger.hold(team=team, amount=AMOUNT, reference=reference, limits=mine).pk
            if number % 3:
                ledger.capture(hold=hold, amount=5)
                ledger.refund(hold=hold, amount=1, reference=reference, reason="Blurred")
            else:
                ledger.release(hold=hold)

    assert together(*(partial(live, client) for client in range(CLIENTS))) == [None] * CLIENTS
    assert ledger_check.check().problems == []


# A limit that is lowered while holds are placed.


def test_once_a_limit_is_lowered_nothing_above_it_is_admitted(team: Team) -> None:
    budget = limit(team, Period.MONTH, CLIENTS * HOLDS * AMOUNT)
    lowered_to = 3 * AMOUNT
    held_then: list[int] = []

    def lower() -> int:
        limit(team, Period.MONTH, lowered_to)
        # None yet, if it was lowered before anybody held.
        held_then.extend(BudgetWindow.objects.filter(budget=budget).values_list("held", flat=True))
        return 0

    clients = [partial(hold_many, team, [budget], n) for n in range(CLIENTS)]
    admitted = sum(int(str(one)) for one in together(*clients, lower))
    assert admitted * AMOUNT == BudgetWindow.objects.get().held == max([lowered_to, *held_then])
    assert ledger_check.check().problems == []


def hold_while_it_is_lowered(team: Team) -> object:
    """What becomes of a hold that waits for a limit's window, and meanwhile it is lowered to 0."""
    budget = limit(team, Period.MONTH, AMOUNT)
    [window] = budgets.windows([budget])
    locked = Barrier(2)

    def keep_it_waiting() -> None:
        with transaction.atomic():
            BudgetWindow.objects.filter(pk=window).update(warned_at=50)
            locked.wait()
            wait_until_somebody_waits()
            together(partial(limit, team, Period.MONTH, 0))

    def hold() -> object:
        locked.wait()
        return ledger.hold(team=team, amount=AMOUNT, reference="r1", limits=[budget])

    kept, held = together(keep_it_waiting, hold)
    assert kept is None
    return held


def test_a_hold_that_waited_is_judged_by_the_limit_as_it_is_then(team: Team) -> None:
    assert isinstance(hold_while_it_is_lowered(team), OverLimit)


def test_a_limit_that_is_read_and_not_locked_is_the_one_from_before(
    team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The twin: the window is locked, and the limit's amount is the one in the snapshot."""
    careless = statements.HOLD_WITHIN.replace(" FOR SHARE OF b", "")
    assert careless != statements.HOLD_WITHIN
    monkeypatch.setattr(statements, "HOLD_WITHIN", careless)
    assert isinstance(hold_while_it_is_lowered(team), Hold)


# A limit that is raised while holds are placed.


def raise_as_somebody_holds(team: Team, monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """What becomes of both where the hold comes while the limit's warnings are taken back."""
    owner, budget = factories.owner_of(team), limit(team, Period.MONTH, 10 * AMOUNT)
    ledger.hold(team=team, amount=8 * AMOUNT, reference="before", limits=[budget])
    BudgetWindow.objects.update(warned_at=80)
    raised, warn_again = Event(), budgets._warn_again

    def once_the_hold_waits(found: Budget) -> None:
        raised.set()
        wait_until_somebody_waits()
        warn_again(found)

    def hold() -> object:
        raised.wait(timeout=10)
        return ledger.hold(team=team, amount=AMOUNT, reference="r1", limits=[budget])

    monkeypatch.setattr(budgets, "_warn_again", once_the_hold_waits)
    more = partial(budgets.raise_limit, by=owner, budget=budget, more=90 * AMOUNT)
    return together(more, hold)


def test_raising_a_limit_and_holding_within_it_do_not_deadlock(
    team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    raised, held = raise_as_somebody_holds(team, monkeypatch)
    assert raised is None
    assert isinstance(held, Hold)
    assert BudgetWindow.objects.get().held == 9 * AMOUNT


def test_a_limit_that_is_raised_before_its_window_is_locked_deadlocks(
    team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The twin: the limit first, then its window, where a hold takes the window first."""
    monkeypatch.setattr(budgets, "lock", lambda limits: None)
    assert any("deadlock" in str(one) for one in raise_as_somebody_holds(team, monkeypatch))
