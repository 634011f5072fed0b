"""From a kept answer to stored images and a settled hold.

Everything here may be repeated: the attempt determines rows and keys, and settling happens once.
"""

import hashlib
from dataclasses import dataclass
from uuid import UUID

import structlog
from django.db.models import F
from django.db.models.functions import Now

from generations import events, renditions, storage
from generations.errors import StorageUnavailable, UnusableImage
from generations.models import Attempt, AttemptState, GenerationRequest, Image, ImageStatus, Status
from generations.providers.base import Answer, Output
from generations.providers.errors import DownloadError, UnreadableAnswer
from generations.services import backoff, leases, providers, settling

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Kept:
    """An answered request with what its answer says."""

    request: GenerationRequest
    attempt: Attempt
    answer: Answer


def finish(request_id: UUID) -> None:
    """Store what a kept answer holds and settle. What is only away for now is tried again later."""
    kept = _read(request_id)
    if kept is None:
        return
    try:
        for image in _rows(kept):
            _store(kept, image)
    except (DownloadError, StorageUnavailable) as error:
        _postpone(kept.request, error)
        return
    settling.settle(request=kept.request, attempt=kept.attempt, answer=kept.answer)


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
        settling.fail_unreadable(request=request, attempt=attempt, error=error)
        return None
    return _Kept(request, attempt, answer)


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


def _store(kept: _Kept, image: Image) -> None:
    output = kept.answer.outputs[image.index]
    if output.flagged:
        _end(image, status=ImageStatus.BLOCKED)
        return
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
        if error.permanent:
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


def _postpone(request: GenerationRequest, error: Exception) -> None:
    log.warning("storing_postponed", request=str(request.pk), why=str(error))
    GenerationRequest.objects.filter(pk=request.pk, status=Status.ANSWERED).update(
        due_at=Now() + backoff.step(request.tries),
        tries=F("tries") + 1,
        error_code="storage" if isinstance(error, StorageUnavailable) else "download",
        lease_until=Now(),
    )
    events.changed(request.pk)
