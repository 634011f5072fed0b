"""From a kept answer to stored images and a settled hold.

Everything here may be repeated: the attempt determines rows and keys, and settling happens once.
"""

import hashlib
from dataclasses import dataclass
from uuid import UUID

import structlog
from django.db import connection
from django.db.models import F
from django.db.models.functions import Now

from generations import events, renditions, storage
from generations.errors import StorageUnavailable, UnusableImage
from generations.models import Attempt, AttemptState, GenerationRequest, Image, ImageStatus, Status
from generations.providers.base import Answer, Cost, Output
from generations.providers.errors import DownloadError, ProviderError, UnreadableAnswer
from generations.services import backoff, leases, providers, records, settling

# The error code of an answered request that is tried again, by what it waits for.
WAITS_FOR = {StorageUnavailable: "storage", DownloadError: "download", UnreadableAnswer: "cost"}

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Kept:
    """An answered request with what its answer says."""

    request: GenerationRequest
    attempt: Attempt
    answer: Answer


def finish(request_id: UUID) -> None:
    """Store what a kept answer holds and settle. What is only away for now is tried again later."""
    try:
        kept = _read(request_id)
        if kept is None:
            return
        _store_all(kept)
        settling.settle(request=kept.request, attempt=kept.attempt, answer=kept.answer)
    except (DownloadError, StorageUnavailable, UnreadableAnswer) as error:
        log.warning("storing_postponed", request=str(request_id), why=str(error))
        _postpone(request_id, WAITS_FOR[type(error)])
    except Exception:
        # A fault of ours must not spin: what is kept stays kept, tried again ever less often.
        log.exception("storing_failed", request=str(request_id))
        _postpone(request_id, "storage")


def resume(request_id: UUID) -> None:
    """Finish an answered request that nobody works on any more."""
    if leases.take(request_id):
        with leases.in_hand(request_id):
            finish(request_id)


def _read(request_id: UUID) -> _Kept | None:
    request = GenerationRequest.objects.select_related("hold").get(pk=request_id)
    attempt = request.attempts.filter(state=AttemptState.ANSWERED).last()
    if request.status != Status.ANSWERED or attempt is None:
        return None
    try:
        answer = providers.client(request.provider).parse(settling.raw_answer(attempt))
    except UnreadableAnswer as error:
        _end_unreadable(request, attempt, error)
        return None
    return _Kept(request, attempt, answer)


def _end_unreadable(request: GenerationRequest, attempt: Attempt, error: UnreadableAnswer) -> None:
    """Fail it at what it cost; where the answer does not say, the provider's log will."""
    cost = error.cost or _cost_in_log(attempt)
    if cost is None and not records.was_sent_before(attempt, backoff.GIVE_UP_AFTER):
        raise error
    settling.fail(
        request=request, attempt=attempt, code="unreadable", cost=cost, detail=error.message
    )


def _cost_in_log(attempt: Attempt) -> Cost | None:
    try:
        entry = records.look_up(attempt)
    except ProviderError:
        return None
    return records.cost_of(entry) if entry else None


def _rows(kept: _Kept) -> list[Image]:
    """The image rows of the answer that are still to be stored, made on the first call."""
    Image.objects.bulk_create(
        [
            Image(
                request=kept.request,
                attempt=kept.attempt,
                index=index,
                team_id=kept.request.team_id,
                author_id=kept.request.user_id,
                visibility=kept.request.visibility,
                seed=kept.answer.seed,
            )
            for index in range(len(kept.answer.outputs))
        ],
        ignore_conflicts=True,
    )
    return list(kept.attempt.images.filter(status=ImageStatus.PENDING).order_by("index"))


def _store_all(kept: _Kept) -> None:
    """Store each image, also when one before it could not be: results do not lie there for ever."""
    failure: Exception | None = None
    for image in _rows(kept):
        try:
            _store(kept, image)
        except (DownloadError, StorageUnavailable) as error:
            failure = error
    if failure:
        raise failure


def _store(kept: _Kept, image: Image) -> None:
    output = kept.answer.outputs[image.index]
    if output.flagged:
        _end(image, status=ImageStatus.BLOCKED)
        return
    if not connection.in_atomic_block:
        connection.close()  # Back to the pool: downloads and stores are waited for.
    try:
        data = _bytes(kept, output)
        facts = renditions.inspect(data)
        if renditions.is_blank(data):
            _end(image, status=ImageStatus.BLOCKED)
            return
    except UnusableImage as error:
        log.warning("image_lost", image=str(image.pk), why=str(error))
        _end(image, status=ImageStatus.LOST)
        return
    _keep(image, data, facts)


def _bytes(kept: _Kept, output: Output) -> bytes:
    if output.data is not None:
        return output.data
    try:
        return providers.client(kept.request.provider).download(output.url or "").data
    except DownloadError as error:
        if error.permanent or records.was_sent_before(kept.attempt, backoff.GIVE_UP_AFTER):
            raise UnusableImage("The provider no longer has it.") from error
        raise


def _keep(image: Image, data: bytes, facts: renditions.Facts) -> None:
    digest = hashlib.sha256(data).hexdigest()
    folder = storage.folder_for(team=image.team_id, image=image.pk, digest=digest)
    storage.put(f"{folder}/original.{facts.extension}", data, facts.content_type)
    _end(
        image,
        status=ImageStatus.STORED,
        stored_at=Now(),
        folder=folder,
        digest=digest,
        content_type=facts.content_type,
        size=len(data),
        width=facts.width,
        height=facts.height,
    )


def _end(image: Image, **changes: object) -> None:
    # A second worker that stored the same bytes under the same key meanwhile changes nothing.
    Image.objects.filter(pk=image.pk, status=ImageStatus.PENDING).update(**changes)


def _postpone(request_id: UUID, code: str) -> None:
    request = GenerationRequest.objects.get(pk=request_id)
    GenerationRequest.objects.filter(pk=request_id, status=Status.ANSWERED).update(
        due_at=Now() + backoff.step(request.tries),
        tries=F("tries") + 1,
        error_code=code,
        lease_until=Now(),
    )
    events.changed(request_id)
