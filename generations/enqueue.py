"""The only module that sends Celery messages.

A ticket carries no id: it says "claim the next fair row and run it, and the one after it". Tickets
may be lost, doubled or late, so sending one never fails anything; the sweeper sends it again.
"""

from collections.abc import Callable
from uuid import UUID

import structlog
from celery import current_app
from django.db import transaction
from kombu.exceptions import OperationalError

RUN_NEXT = "generations.run_next"
FINISH = "generations.finish"
MAKE_RENDITIONS = "generations.make_renditions"
RECONCILE = "generations.reconcile"
CHECK_BOOKS = "generations.check_books"
CLOSE_DAYS = "generations.close_days"
REFRESH_PRICES = "generations.refresh_prices"
PURGE = "generations.purge"
FORGET_WEBHOOKS = "generations.forget_webhooks"
HEAR = "generations.hear"
HEAR_SCHEDULE = "generations.hear_schedule"

# Messages that wait: they wake every slot of the largest workers, and one more would wake nobody.
# Without a bound they would add up, since a slot that is awake needs none to go on.
ENOUGH = 2000

log = structlog.get_logger(__name__)


def after_commit(*sends: Callable[[], bool]) -> None:
    """Send these once the transaction commits, until one fails: a broker that is away stays so."""
    transaction.on_commit(lambda: all(send() for send in sends), robust=True)


def send_ticket() -> bool:
    found = waiting()
    return found is not None and (found >= ENOUGH or _send(RUN_NEXT, queue="generate"))


def waiting() -> int | None:
    """How many messages no worker that calls providers has taken yet, if the broker says so."""
    with current_app.connection_or_acquire() as broker:
        try:
            return int(broker.default_channel.queue_declare("generate").message_count)
        except (
            *broker.connection_errors,
            *broker.channel_errors,
            OperationalError,
            OSError,
        ) as error:
            log.warning("messages_not_counted", error=type(error).__name__)
            return None


def finish(request_id: UUID) -> bool:
    return _send(FINISH, str(request_id), queue="generate")


def renditions(image_id: UUID) -> bool:
    return _send(MAKE_RENDITIONS, str(image_id), queue="media")


def reconcile() -> bool:
    # Where threads wait on providers anyway.
    return _send(RECONCILE, queue="generate")


def check_books() -> bool:
    return _send(CHECK_BOOKS, queue="media")


def purge() -> bool:
    return _send(PURGE, queue="media")


def refresh_prices() -> bool:
    return _send(REFRESH_PRICES, queue="generate")


def call_out(part: str) -> bool:
    return _send(HEAR, queue=part)


def _send(name: str, *arguments: str, queue: str) -> bool:
    try:
        current_app.send_task(name, arguments, queue=queue, retry=False, ignore_result=True)
    except (OperationalError, OSError) as error:
        log.warning("ticket_not_sent", task=name, error=type(error).__name__)
        return False
    return True
