"""Limits under many holds at once; the twin shows what a check before the hold lets through."""

from collections.abc import Callable
from functools import partial

import pytest
from django.db import connection
from django.db.models import F

from accounts.errors import OverLimit
from accounts.models import Budget, BudgetWindow, Hold, Period, Team
from accounts.services import budgets, ledger, ledger_check
from tests import factories
from tests.accounts.race import together

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


def test_checked_before_the_hold_the_same_limit_lets_more_through(team: Team) -> None:
    budget = limit(team, Period.MONTH, ROOM_FOR * AMOUNT)
    window = budgets.windows([budget])[0]

    def unguarded(client: int) -> int:
        admitted = 0
        for number in range(HOLDS):
            left = budgets.rooms([budget])[0].left
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_sleep(0.002)")
            if left >= AMOUNT:
                ledger.hold(team=team, amount=AMOUNT, reference=f"{client}-{number}")
                BudgetWindow.objects.filter(pk=window).update(held=F("held") + AMOUNT)
                admitted += 1
        return admitted

    assert admitted_by(unguarded) > ROOM_FOR


def test_limits_named_in_opposite_order_do_not_deadlock(team: Team) -> None:
    wide = 2 * CLIENTS * HOLDS * AMOUNT
    both = [limit(team, Period.DAY, wide), limit(team, Period.MONTH, wide)]

    def client(number: int) -> int:
        return hold_many(team, both if number % 2 else both[::-1], number)

    assert admitted_by(client) == CLIENTS * HOLDS
    used = set(BudgetWindow.objects.values_list("held", flat=True))
    assert used == {CLIENTS * HOLDS * AMOUNT}


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
