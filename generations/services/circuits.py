"""Circuit breakers: a provider or model that fails is left alone, but for a probe now and then.

While a circuit is open its requests stay queued, unharmed; the claim passes them by.
"""

from collections.abc import Collection
from datetime import timedelta

import structlog
from django.conf import settings
from django.db.models import QuerySet

from config.sql import run_prepared
from generations import catalog
from generations.models import Attempt, Circuit
from generations.providers.errors import ErrorKind

log = structlog.get_logger(__name__)

# What the next request would only hear again: of the provider, or of one model. An account may be
# too empty for one model and not for another.
OF_THE_PROVIDER = {ErrorKind.UNAUTHORIZED}
OF_THE_MODEL = {ErrorKind.NO_CREDITS, ErrorKind.FORBIDDEN, ErrorKind.MODEL_GONE}
OF_US = OF_THE_PROVIDER | OF_THE_MODEL
# What a place in a provider's queue does not disprove.
OF_THE_WORK = {ErrorKind.UNAVAILABLE, ErrorKind.SERVER}
UNHEALTHY = (
    ErrorKind.CONNECTION,
    ErrorKind.UNAVAILABLE,
    ErrorKind.SERVER,
    ErrorKind.TIMEOUT,
)

# The last calls for a model that ended lately: half of twenty, or five without a connection in a
# row. One that a silent provider ends at the deadline was sent that much earlier.
LATELY = timedelta(minutes=5)
ENDED = """
SELECT a.error_kind FROM generations_attempt a
JOIN generations_generationrequest r ON r.id = a.request_id
WHERE a.sent_at > statement_timestamp() - %(lately)s AND a.state <> 'sent'
  AND a.provider = %(provider)s AND %(model)s IN (r.model, r.moved_from)
ORDER BY a.sent_at DESC LIMIT 20
"""
LOOKED_AT = 20
IN_A_ROW = 5
OPEN = """
INSERT INTO generations_circuit AS circuit (provider, model, because, probes, probe_at)
VALUES (%(provider)s, %(model)s, %(because)s, 0, statement_timestamp() + interval '30 seconds')
ON CONFLICT (provider, model) DO UPDATE SET because = excluded.because
RETURNING probes
"""
# It ends by itself where nobody says it again.
PAUSE = """
INSERT INTO generations_circuit (provider, model, because, probes, probe_at)
VALUES ('', '', %(because)s, 0, statement_timestamp() + %(lasts)s)
ON CONFLICT (provider, model) DO UPDATE
SET because = excluded.because, probe_at = excluded.probe_at
RETURNING probes
"""
# For the claim: which queued rows to pass by, and whose turn as a probe is then over. Two claims at
# once may both be the probe, which does no harm.
CLOSED = """
NOT EXISTS (
    SELECT 1 FROM generations_circuit circuit
    WHERE circuit.provider IN ({row}.provider, '') AND circuit.model IN ({row}.model, '')
      AND circuit.probe_at > statement_timestamp()
)
"""
PROBE = """
UPDATE generations_circuit circuit
SET probes = least(probes, 9999) + 1,
    probe_at = statement_timestamp()
        + least(interval '30 seconds' * 2 ^ least(probes, 5), '15 minutes')
FROM claimed
WHERE circuit.provider = claimed.provider AND circuit.model IN (claimed.model, '')
"""


def pause_everything(*, because: str, lasts: timedelta) -> None:
    """Send nothing to anybody, for so long."""
    run_prepared(PAUSE, {"because": because, "lasts": lasts})


def resume_everything() -> None:
    Circuit.objects.filter(provider="").delete()


def note_failure(attempt: Attempt, kind: ErrorKind) -> None:
    """Take note of a call that failed; open the circuit if it is one too many."""
    if attempt.model not in catalog.MODELS:
        return  # Nothing is sent for it any more, and each request of it is to hear so.
    if kind in OF_THE_PROVIDER:
        _open(attempt.provider, "", kind)
    elif kind in OF_THE_MODEL or (kind in UNHEALTHY and _is_failing(attempt)):
        _open(attempt.provider, attempt.model, kind)
    elif attempt.is_probe and kind not in {*UNHEALTHY, ErrorKind.RATE_LIMITED}:
        close(attempt)  # It refused this one request, so it works.


def was_probe(attempt: Attempt) -> bool:
    """Whether a call that another process made was a probe: nothing else passes an open circuit."""
    return _before(attempt).filter(opened_at__lt=attempt.sent_at).exists()


def close(attempt: Attempt, *, but: Collection[ErrorKind] = ()) -> None:
    """After a probe that the provider answered; what opened `but` for these reasons stays open."""
    closed, _ = _before(attempt).exclude(because__in=but).delete()
    if closed:
        log.warning("circuit_closed", provider=attempt.provider, model=attempt.model)


def _before(attempt: Attempt) -> QuerySet[Circuit]:
    return Circuit.objects.filter(provider=attempt.provider, model__in=[attempt.model, ""])


def _is_failing(attempt: Attempt) -> bool:
    lately = LATELY + timedelta(seconds=settings.PROVIDER_DEADLINE)
    values = {"provider": attempt.provider, "model": attempt.model, "lately": lately}
    rows = run_prepared(ENDED, values)
    kinds = [kind for (kind,) in rows]
    last = kinds[:IN_A_ROW]
    if len(last) == IN_A_ROW and set(last) == {ErrorKind.CONNECTION}:
        return True
    unhealthy = sum(kind in UNHEALTHY for kind in kinds)
    return len(kinds) == LOOKED_AT and unhealthy * 2 >= LOOKED_AT


def _open(provider: str, model: str, kind: ErrorKind) -> None:
    run_prepared(OPEN, {"provider": provider, "model": model, "because": kind})
    log.warning("circuit_opened", provider=provider, model=model, because=kind)
