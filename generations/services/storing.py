"""From a kept answer to stored images and a settled hold.

Everything here may be repeated: the attempt determines rows and keys, and settling happens once.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import structlog
from django.db import connection
from django.db.models.functions import Now

from config.ids import uuid7
from config.sql import run_prepared
from generations import events, recipes, renditions, storage
from generations.errors import StorageUnavailable, UnusableImage
from generations.models import Attempt, AttemptState, GenerationRequest, Image, ImageStatus, Status
from generations.providers.base import Answer, Cost, Output, RawAnswer
from generations.providers.errors import DownloadError, ProviderError, UnreadableAnswer
from generations.services import backoff, draining, leases, providers, records, settling

# The error code of an answered request that is tried again, by what it waits for.
STORAGE = "storage"
WAITS_FOR = {StorageUnavailable: STORAGE, DownloadError: "download", UnreadableAnswer: "cost"}

# Made before their bytes are there, so that whoever goes on after a crash finds the same keys.
MAKE_ROWS = """
INSERT INTO generations_image
    (id, request_id, attempt_id, index, team_id, author_id, visibility, seed, status,
     folder, digest, content_type, size, width, height, placeholder, rendition_tries)
SELECT id, %(request)s, %(attempt)s, number - 1, %(team)s, %(author)s, %(visibility)s, %(seed)s,
       'pending', '', '', '', 0, 0, 0, '', 0
FROM unnest(%(ids)s::uuid[]) WITH ORDINALITY AS made (id, number)
ON CONFLICT (attempt_id, index) DO NOTHING RETURNING id
"""

END = """
UPDATE generations_image
SET status = %(status)s::text, folder = %(folder)s, digest = %(digest)s, size = %(size)s,
    content_type = %(content_type)s, width = %(width)s, height = %(height)s,
    stored_at = CASE WHEN %(status)s::text = 'stored' THEN statement_timestamp() END
WHERE id = %(id)s AND status = 'pending' RETURNING id
"""
NOTHING = {"folder": "", "digest": "", "content_type": "", "size": 0, "width": 0, "height": 0}

log = structlog.get_logger(__name__)


class AnswerMissing(Exception):
    """No attempt of an answered request holds its answer: a person has to look."""


@dataclass(frozen=True, slots=True)
class _Kept:
    """An answered request with what its answer says."""

    request: GenerationRequest
    attempt: Attempt
    answer: Answer


def finish_answered(attempt: Attempt, raw: RawAnswer) -> None:
    """Store and settle an answer that has just been committed; what it says is still at hand."""
    _finish(attempt.request_id, lambda: _understand(attempt.request, attempt, raw))


def finish(request_id: UUID) -> None:
    """Store what a kept answer holds and settle. What is only away for now is tried again later."""
    _finish(request_id, lambda: _read(request_id))


def _finish(request_id: UUID, read: Callable[[], _Kept | None]) -> None:
    try:
        kept = read()
        if kept is None:
            return
        images = _store_all(kept)
        settling.settle(
            request=kept.request, attempt=kept.attempt, answer=kept.answer, images=images
        )
    except (DownloadError, StorageUnavailable, UnreadableAnswer) as error:
        log.warning("storing_postponed", request=str(request_id), why=str(error))
        _postpone(request_id, WAITS_FOR[type(error)])
    except Exception:
        # A fault of ours must not spin: what is kept stays kept, tried again ever less often.
        log.exception("storing_failed", request=str(request_id))
        _postpone(request_id, "fault")


def resume(request_id: UUID | None = None) -> None:
    """Finish an answered request that nobody works on any more: this one, or the next."""
    taken = None if draining.is_on() else leases.take(request_id)
    if taken:
        with leases.in_hand(taken):
            finish(taken)


def _read(request_id: UUID) -> _Kept | None:
    request = GenerationRequest.objects.get(pk=request_id)
    attempt = request.attempts.filter(state=AttemptState.ANSWERED).last()
    if request.status != Status.ANSWERED:
        return None
    if attempt is None:
        raise AnswerMissing
    return _understand(request, attempt, settling.raw_answer(attempt))


def _understand(request: GenerationRequest, attempt: Attempt, raw: RawAnswer) -> _Kept | None:
    try:
        answer = providers.client(attempt.provider).parse(raw)
    except UnreadableAnswer as error:
        _end_unreadable(request, attempt, error)
        return None
    return _Kept(request, attempt, answer)


def _end_unreadable(request: GenerationRequest, attempt: Attempt, error: UnreadableAnswer) -> None:
    """Fail it at what it cost; where the answer does not say, the provider's log will."""
    cost = settling.stated_cost(attempt, error.cost, error.units) or _cost_in_log(attempt)
    if cost is None and not records.was_sent_before(attempt, backoff.GIVE_UP_AFTER):
        raise error
    costs = [cost] if cost else []
    settling.fail(
        request=request, attempt=attempt, code="unreadable", costs=costs, detail=error.message
    )


def _cost_in_log(attempt: Attempt) -> Cost | None:
    try:
        entry = records.look_up(attempt)
    except ProviderError:
        return None
    return records.cost_of(entry) if entry else None


def _rows(kept: _Kept) -> list[Image]:
    """The image rows of the answer that are still to be stored, made on the first call."""
    request, attempt, told = kept.request, kept.attempt, kept.answer.seed
    ids = [uuid7() for _ in kept.answer.outputs]
    values: dict[str, Any] = {
        "ids": ids,
        "request": request.pk,
        "attempt": attempt.pk,
        "team": request.team_id,
        "author": request.user_id,
        "visibility": request.visibility,
        # Some models take a seed and do not repeat it; the image is found by it all the same.
        "seed": recipes.asked_seed(request.params) if told is None else told,
    }
    if len(run_prepared(MAKE_ROWS, values)) < len(ids):
        return list(attempt.images.filter(status=ImageStatus.PENDING).order_by("index"))
    return [Image(id=made, index=index, team_id=request.team_id) for index, made in enumerate(ids)]


def _store_all(kept: _Kept) -> list[Image]:
    """Store each image, also when one before it could not be: results do not lie there for ever."""
    failure: Exception | None = None
    rows = _rows(kept)
    for image in rows:
        try:
            _store(kept, image)
        except (DownloadError, StorageUnavailable) as error:
            failure = error
    if failure:
        raise failure
    return rows if len(rows) == len(kept.answer.outputs) else list(kept.attempt.images.all())


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
        return providers.client(kept.attempt.provider).download(output.url or "").data
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
        folder=folder,
        digest=digest,
        content_type=facts.content_type,
        size=len(data),
        width=facts.width,
        height=facts.height,
    )


def _end(image: Image, **changes: Any) -> None:
    """Write down what became of the image; what another worker did with it meanwhile stands."""
    values = NOTHING | changes
    if run_prepared(END, {"id": image.pk, **values}):
        for name, value in values.items():
            setattr(image, name, value)
    else:
        image.refresh_from_db()


def _postpone(request_id: UUID, code: str) -> None:
    request = GenerationRequest.objects.get(pk=request_id)
    GenerationRequest.objects.filter(pk=request_id, status=Status.ANSWERED).update(
        due_at=Now() + (backoff.storing if code == STORAGE else backoff.step)(request.tries),
        tries=backoff.one_more(),
        error_code=code,
        lease_until=Now(),
    )
    events.changed(request_id)
