"""Send once, write down the answer, finish.

The attempt is committed before its first byte leaves, nothing is held while waiting, and the raw
answer is committed before anything else is done with it.
"""

import time
from collections.abc import Callable
from typing import TypeVar

import structlog
from django.db import InterfaceError, OperationalError, connection

from generations import catalog
from generations.models import Attempt
from generations.providers.base import RawAnswer
from generations.providers.errors import ErrorKind, Outcome, ProviderError
from generations.services import claiming, leases, outcomes, providers, storing

# An answer in hand is worth waiting for a database that restarts.
INSIST_SECONDS = 600

Result = TypeVar("Result")

log = structlog.get_logger(__name__)


def run_next() -> bool:
    """Run the next fair request to its end, if one waits; say whether one did."""
    attempt = claiming.claim()
    if attempt is None:
        return False
    with leases.in_hand(attempt.request_id):
        if send(attempt):
            storing.finish(attempt.request_id)
    return True


def send(attempt: Attempt) -> bool:
    """Make the paid call once and write down how it ended; say whether there is an answer."""
    ended = _call(attempt)
    if isinstance(ended, ProviderError):
        _insist(lambda: outcomes.record_error(attempt, ended))
        return False
    return _insist(lambda: outcomes.record_answer(attempt, ended))


def _call(attempt: Attempt) -> RawAnswer | ProviderError:
    request = attempt.request
    payload = catalog.payload(catalog.get_model(request.model), request.prompt, request.params)
    connection.close()  # Back to the pool: hundreds of calls wait here.
    try:
        return providers.client(request.provider).generate(
            payload=payload, client_request_id=attempt.client_request_id
        )
    except ProviderError as error:
        return error
    except Exception:
        # A fault of ours after the bytes may have left proves nothing about the provider.
        log.exception("call_broke_off", attempt=attempt.client_request_id)
        return ProviderError(
            "The call broke off on our side.", outcome=Outcome.UNKNOWN, kind=ErrorKind.UNREADABLE
        )


def _insist(write: Callable[[], Result]) -> Result:
    """Write until the database takes it, over fresh connections."""
    give_up_at = time.monotonic() + INSIST_SECONDS
    pause = 0.1
    while True:
        try:
            return write()
        except (OperationalError, InterfaceError) as error:
            if time.monotonic() > give_up_at:
                raise
            log.warning("database_away", error=type(error).__name__)
            connection.close()
            time.sleep(pause)
            pause = min(pause * 2, 1)
