"""A limit that is made counts what its present period has seen before there was one."""

import time

from django.db import connection
from django.db.models import QuerySet
from django.utils import timezone

from accounts.errors import LimitNotCounted
from accounts.models import Budget, Hold, HoldState, Period
from accounts.services import budgets, statements
from accounts.services.posting import execute
from accounts.services.rooms import start_of

AT_ONCE = 2_000
TRIES, PAUSE = 200, 0.05


def count_in(budget: Budget, holds: QuerySet[Hold]) -> None:
    """Count in a limit's present period what those of these holds that began in it spend.

    Once each, however often this is said; they settle in its window from now on. Raises
    LimitNotCounted.
    """
    now = timezone.now()
    begins = start_of(Period(budget.period), now)
    (window,) = budgets.windows([budget], now=now)
    _wait_for_holds_under_way()
    spending = holds.filter(created_at__gte=begins).exclude(state=HoldState.RELEASED)
    found = list(spending.exclude(windows__contains=[window]).values_list("pk", flat=True))
    for first in range(0, len(found), AT_ONCE):
        some = found[first : first + AT_ONCE]
        execute(statements.COUNT_IN, {"window": window, "holds": some})


def _wait_for_holds_under_way() -> None:
    """Until every statement has ended that may not see the window yet."""
    under_way = _holding()
    for _ in range(TRIES):
        if not under_way:
            return
        time.sleep(PAUSE)
        under_way &= _holding()
    raise LimitNotCounted


def _holding() -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute(statements.HOLDS_MOVED_BY)
        return {transaction for (transaction,) in cursor.fetchall()}
