"""What Celery runs: a fetch and one service call each."""

import functools
from typing import Any
from uuid import UUID

from celery import shared_task
from celery.signals import worker_ready, worker_shutting_down
from django.conf import settings

from generations import clock, enqueue
from generations.services import (
    audit,
    beats,
    draining,
    execution,
    images,
    leases,
    price_refresh,
    queueing,
    reconciling,
    recovery,
    space,
    storing,
    trash,
    usage_days,
    webhooks,
)


@shared_task(name=enqueue.RUN_NEXT)
def run_next() -> None:
    execution.run_waiting()


@shared_task(name=enqueue.FINISH)
def finish(request_id: str) -> None:
    storing.resume(UUID(request_id))


@shared_task(name=enqueue.MAKE_RENDITIONS, acks_late=True)
def make_renditions(image_id: str) -> None:
    images.make_renditions(UUID(image_id))


@shared_task(name=enqueue.RECONCILE)
def reconcile() -> None:
    reconciling.run()


@shared_task(name=enqueue.CHECK_BOOKS)
def check_books() -> None:
    audit.check_books()


@shared_task(name=enqueue.REFRESH_PRICES)
def refresh_prices() -> None:
    price_refresh.run()


@shared_task(name=enqueue.CLOSE_DAYS)
def close_days() -> None:
    usage_days.close_days()


@shared_task(name=enqueue.PURGE)
def purge() -> None:
    trash.purge()


@shared_task(name=enqueue.FORGET_WEBHOOKS)
def forget_webhooks() -> None:
    webhooks.forget()


@shared_task(name=enqueue.HEAR)
def hear() -> None:
    beats.hear()


@shared_task(name=enqueue.HEAR_SCHEDULE)
def hear_schedule() -> None:
    beats.hear_schedule()


@worker_ready.connect
def start_clockwork(sender: Any, **_: Any) -> None:
    """Beside every worker: renew what it holds, sweep what others left, ask about the unclear."""
    queues = set(sender.app.amqp.queues.consume_from)
    clock.every(settings.LEASE_SECONDS / 3, leases.renew)
    for part in queues & set(beats.PARTS):
        clock.every(settings.LEASE_SECONDS / 3, functools.partial(beats.beat, part))
        clock.every(settings.LEASE_SECONDS / 3, functools.partial(beats.call_out, part))
    beats.keep_watch()
    clock.every(settings.SWEEP_SECONDS, recovery.notice_the_dead)
    clock.every(settings.SWEEP_SECONDS, functools.partial(recovery.sweep, queues))
    if "generate" in queues:
        # Nowhere else: a provider lets its log be read so often a minute.
        clock.every(settings.SWEEP_SECONDS, recovery.settle_unconfirmed)
        clock.every(queueing.FOLLOW_SECONDS, queueing.follow_due)
        clock.every(queueing.FOLLOW_SECONDS, webhooks.process_due)
        clock.every(settings.SWEEP_SECONDS, space.watch)
        clock.every(draining.LOOK_SECONDS, draining.end_in_time)
        worker_shutting_down.connect(begin_to_drain)


def begin_to_drain(**_: Any) -> None:
    draining.begin()
