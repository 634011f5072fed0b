"""What Celery runs: a fetch and one service call each."""

import threading
from typing import Any
from uuid import UUID

import structlog
from celery import shared_task
from celery.signals import worker_ready
from django.conf import settings
from django.db import connection

from generations import enqueue
from generations.services import execution, images, leases, recovery, storing

log = structlog.get_logger(__name__)


@shared_task(name=enqueue.RUN_NEXT)
def run_next() -> None:
    execution.run_next()


@shared_task(name=enqueue.FINISH)
def finish(request_id: str) -> None:
    storing.resume(UUID(request_id))


@shared_task(name=enqueue.MAKE_RENDITIONS, acks_late=True)
def make_renditions(image_id: str) -> None:
    images.make_renditions(UUID(image_id))


@worker_ready.connect
def start_clockwork(**_: Any) -> None:
    """Beside every worker: renew what it holds, sweep what others left."""
    _every(settings.LEASE_SECONDS / 3, leases.renew)
    _every(settings.SWEEP_SECONDS, recovery.sweep)


def _every(seconds: float, work: Any) -> None:
    def loop() -> None:
        while True:
            try:
                work()
            except Exception:
                # The next round may find the database back; without rounds nothing ever recovers.
                log.exception("clockwork_failed", work=work.__name__)
            finally:
                connection.close()
            stop.wait(seconds)

    stop = threading.Event()
    threading.Thread(target=loop, name=work.__name__, daemon=True).start()
