"""Send once, write down the answer, finish.

The attempt is committed before its first byte leaves, nothing is held while waiting, and the raw
answer is committed before anything else is done with it.
"""

import time
from collections.abc import Callable
from itertools import count
from typing import TypeVar

import structlog
from django.db import connection

from config.outages import AWAY
from generations import catalog, enqueue
from generations.models import Attempt
from generations.parameters import Json
from generations.providers.base import RawAnswer
from generations.providers.errors import ErrorKind, Outcome, ProviderError
from generations.services import (
    claiming,
    draining,
    gates,
    leases,
    outcomes,
    providers,
    queueing,
    storing,
    webhooks,
)

# An answer in hand is worth waiting for a database that restarts.
INSIST_SECONDS = 600
# How many one ticket may run: messages of other kinds are to have a turn under a load without end.
IN_A_ROW = 10

Result = TypeVar("Result")

log = structlog.get_logger(__name__)


def run_waiting() -> None:
    """Run fair requests one after the other while some wait, and between them finish what is
    answered: on its own, that would wait behind the messages of all that is to be sent.

    A message for each would keep slots empty: while hundreds of answers are stored, Celery's own
    thread, which brings messages, hardly gets the interpreter (measured: 4 s for 500).
    """
    for turn in count(1):
        storing.resume()
        # Whom no message can reach, this slot goes on for.
        if not run_next() or (turn % IN_A_ROW == 0 and enqueue.send_ticket()):
            return


def run_next() -> bool:
    """Run the next fair request to its end, if one waits; say whether one did."""
    if draining.is_on():
        return False  # The ticket was taken before; the row waits for a worker that stays.
    attempt = claiming.claim()
    if attempt is None:
        return False
    with leases.in_hand(attempt.request_id):
        raw = send(attempt)
        if gates.is_limited(attempt.provider):
            enqueue.send_ticket()  # Its slot may be free, and whose ticket found none has gone.
        if raw:
            storing.finish_answered(attempt, raw)
    return True


def send(attempt: Attempt) -> RawAnswer | None:
    """Make the paid call once and write down how it ended; the answer, where there is one."""
    ended = _call(attempt)
    if isinstance(ended, ProviderError):
        _insist(lambda: outcomes.record_error(attempt, ended))
        return None
    if providers.is_queue(attempt.provider):
        _insist(lambda: queueing.record_submission(attempt, ended))
        return None
    accepted = _insist(lambda: outcomes.record_answer(attempt, ended))
    return ended if accepted else None


def _call(attempt: Attempt) -> RawAnswer | ProviderError:
    request = attempt.request
    try:
        payload = catalog.payload(catalog.get_model(request.model), request.prompt, request.params)
        connection.close()  # Back to the pool: hundreds of calls wait here.
        return _send_once(attempt, payload)
    except ProviderError as error:
        return error
    except catalog.UnknownModel as error:  # It left the catalog while the request waited.
        return ProviderError(str(error), outcome=Outcome.REJECTED, kind=ErrorKind.MODEL_GONE)
    except Exception:
        # A fault of ours after the bytes may have left proves nothing about the provider.
        log.exception("call_broke_off", attempt=attempt.client_request_id)
        return ProviderError(
            "The call broke off on our side.", outcome=Outcome.UNKNOWN, kind=ErrorKind.UNREADABLE
        )


def _send_once(attempt: Attempt, payload: dict[str, Json]) -> RawAnswer:
    name, sent_as = attempt.provider, attempt.client_request_id
    if providers.is_queue(name):
        return providers.queue(name).submit(
            payload=payload, client_request_id=sent_as, webhook=webhooks.address(attempt)
        )
    return providers.direct(name).generate(payload=payload, client_request_id=sent_as)


def _insist(write: Callable[[], Result]) -> Result:
    """Write until the database takes it, over fresh connections."""
    give_up_at = time.monotonic() + INSIST_SECONDS
    pause = 0.1
    while True:
        try:
            return write()
        except AWAY as error:
            if time.monotonic() > give_up_at:
                raise
            log.warning("database_away", error=type(error).__name__)
            connection.close()
            time.sleep(pause)
            pause = min(pause * 2, 1)
