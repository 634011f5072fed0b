"""A limit that is made counts what its present period has seen before there was one."""

import time

from django.db import OperationalError, connection, transaction
from django.db.models import QuerySet
from django.utils import timezone
from psycopg.errors import LockNotAvailable

from accounts.errors import LimitNotCounted
from accounts.models import Budget, Hold, HoldState, Period
from accounts.services import budgets, statements
from accounts.services.posting import execute
from accounts.services.rooms import start_of

AT_ONCE = 2_000
# Whoever holds waits behind this one's wait: so it is short, and there are many.
TRIES, PAUSE = 50, 0.1


def count_in(budget: Budget, holds: QuerySet[Hold]) -> None:
    """Count in a limit's present period what those of these holds that began in it spend.

    Once each, however often this is said; they settle in its window from now on. Raises
    LimitNotCounted.
    """
    begins = start_of(Period(budget.period), timezone.now())
    (window,) = budgets.windows([budget])
    _let_holds_rest()
    spending = holds.filter(created_at__gte=begins).exclude(state=HoldState.RELEASED)
    found = list(spending.exclude(windows__contains=[window]).values_list("pk", flat=True))
    for first in range(0, len(found), AT_ONCE):
        some = found[first : first + AT_ONCE]
        execute(statements.COUNT_IN, {"window": window, "holds": some})


def _let_holds_rest() -> None:
    for _ in range(TRIES):
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(statements.HOLDS_AT_REST)
        except OperationalError as error:
            if not isinstance(error.__cause__, LockNotAvailable):
                raise
            time.sleep(PAUSE)
        else:
            return
    raise LimitNotCounted
