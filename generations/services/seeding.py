"""A gallery of any size to measure with: requests that went well, their charges and their images.

Rows come by COPY. Images share a few pictures, which are stored once: to throw one away for good
takes its picture from the others.
"""

import hashlib
import json
import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from itertools import islice
from typing import Any, TypeVar
from uuid import UUID

from django.db import connection, transaction
from django.utils import timezone

from accounts.models import Team, User
from accounts.services import past
from config.ids import uuid7_at
from generations import catalog, renditions, storage
from generations.models import Image
from generations.sandbox import pictures
from generations.services import seed_prompts

MARK = "seed_gallery"  # stands for the fingerprint of what nobody asked for
AT_ONCE = 4_000  # requests
MOST_A_REQUEST = 4
NANO_USD, MICROCREDITS = 25_000_000, 2_500_000  # of one image
# The newest is so old that nobody looks for it in the provider's records any more.
NEWEST, OLDEST = timedelta(days=7), timedelta(days=3 * 365)
SIZES = ((768, 768), (896, 672), (672, 896), (1024, 576), (576, 1024), (960, 640))
DRAWN = 12
PRIVATE = 0.03

T = TypeVar("T")

REQUESTS = """
COPY generations_generationrequest
    (id, team_id, user_id, idempotency_key, fingerprint, provider, model, prompt, params,
     num_images, arrived, visibility, source, hold_id, status, fence, attempt_count, due_at, tries,
     lease_owner, error_code, error_detail, created_at, started_at, finished_at)
FROM STDIN
"""
ATTEMPTS = """
COPY generations_attempt
    (id, request_id, provider, number, fence, client_request_id, state, sent_at, answered_at,
     http_status, error_kind, error_message, inference_id, cost_nano_usd, cost_unit, cost_source,
     raw_headers, raw_body, seconds)
FROM STDIN
"""
CHARGES = """
COPY generations_providercharge
    (attempt_id, provider, inference_id, seen_via, nano_usd, native_unit, occurred_at, recorded_at)
FROM STDIN
"""
IMAGES = """
COPY generations_image
    (id, request_id, attempt_id, index, team_id, author_id, visibility, seed, status, folder,
     digest, content_type, size, width, height, placeholder, created_at, stored_at, renditions_at,
     rendition_tries)
FROM STDIN
"""


@dataclass(frozen=True, slots=True)
class Picture:
    """What is stored, and what a row says of it."""

    folder: str
    digest: str
    placeholder: str
    size: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that is over, and its images' ids."""

    id: UUID
    hold: UUID
    at: datetime
    user: UUID
    model: catalog.Model
    visibility: str
    images: list[UUID]

    @property
    def ended(self) -> datetime:
        return self.at + timedelta(seconds=self.model.typical_seconds)


def seed(*, team: Team, count: int, progress: Callable[[int], object]) -> int:
    """Bring the team to `count` seeded images; how many were added. Said again, it adds none."""
    there = Image.objects.filter(team=team, request__fingerprint=MARK).count()
    missing = count - there
    if missing <= 0:
        return 0
    dice = random.Random(f"{team.pk} {there}")  # noqa: S311  # not a secret
    drawn = [_store(team, number) for number in range(DRAWN)]
    asked = _asked(team, missing, dice)
    while batch := list(islice(asked, AT_ONCE)):
        _write(team, batch, drawn, dice)
        progress(sum(len(one.images) for one in batch))
    with connection.cursor() as cursor:
        # Or the planner knows nothing of them, and the search index has them in a heap.
        cursor.execute("VACUUM (ANALYZE) generations_image, generations_generationrequest")
    return missing


def _store(team: Team, number: int) -> Picture:
    width, height = SIZES[number % len(SIZES)]
    drawing = hashlib.sha256(f"{MARK} {number}".encode()).hexdigest()
    data = pictures.encoded(drawing, (width, height), "webp")
    digest = hashlib.sha256(data).hexdigest()
    folder = storage.folder_for(team=team.pk, image=UUID(int=number), digest=digest)
    storage.put(f"{folder}/original.webp", data, "image/webp")
    for name, rendition in renditions.render(data).items():
        storage.put(f"{folder}/{name}.webp", rendition, "image/webp")
    return Picture(folder, digest, renditions.placeholder(data), len(data), width, height)


def _asked(team: Team, count: int, dice: random.Random) -> Iterator[Asked]:
    people = list(User.objects.filter(memberships__team=team).values_list("pk", flat=True))
    models = [one for one in catalog.MODELS.values() if one.reference is None]
    began = timezone.now() - OLDEST
    step = (OLDEST - NEWEST) / count
    made = 0
    while made < count:
        at = began + step * made
        images = min(dice.randint(1, MOST_A_REQUEST), count - made)
        made += images
        yield Asked(
            id=uuid7_at(at, dice.getrandbits(74)),
            hold=uuid7_at(at, dice.getrandbits(74)),
            at=at,
            user=_often_the_first(people, dice),
            model=_often_the_first(models, dice),
            visibility="private" if dice.random() < PRIVATE else "team",
            images=sorted(uuid7_at(at, dice.getrandbits(74)) for _ in range(images)),
        )


def _often_the_first(of: Sequence[T], dice: random.Random) -> T:
    return of[min(int(dice.expovariate(0.3)), len(of) - 1)]


@transaction.atomic
def _write(team: Team, asked: list[Asked], drawn: list[Picture], dice: random.Random) -> None:
    charges = [past.Charge(one.hold, str(one.id), _of(one, MICROCREDITS)) for one in asked]
    past.charge(team=team, charges=charges, reason="To measure with")
    _copy(REQUESTS, (_request(team, one, dice) for one in asked))
    _copy(ATTEMPTS, map(_attempt, asked))
    _copy(CHARGES, map(_charge, asked))
    _copy(IMAGES, (row for one in asked for row in _images(team, one, drawn, dice)))


def _copy(statement: str, rows: Iterable[tuple[Any, ...]]) -> None:
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        for row in rows:
            copy.write_row(row)


def _request(team: Team, one: Asked, dice: random.Random) -> tuple[Any, ...]:
    words = seed_prompts.prompt(dice)
    return (
        one.id, team.pk, one.user, one.id, MARK, one.model.provider, one.model.id, words,
        _params(one.model), len(one.images), len(one.images), one.visibility, "command", one.hold,
        "succeeded", 1, 1, one.at, 0, "", "", "", one.at, one.at, one.ended,
    )  # fmt: skip


@cache
def _params(model: catalog.Model) -> str:
    return json.dumps(catalog.clean(model, "Defaults", {}))


def _attempt(one: Asked) -> tuple[Any, ...]:
    return (
        one.id, one.id, one.model.provider, 1, 1, f"{one.id}.1", "answered", one.at, one.ended, 200,
        "", "", str(one.id), _of(one, NANO_USD), "credits", "header", "{}", "",
        float(one.model.typical_seconds),
    )  # fmt: skip


def _charge(one: Asked) -> tuple[Any, ...]:
    return (
        one.id, one.model.provider, str(one.id), "header", _of(one, NANO_USD), "credits", one.ended,
        one.ended,
    )  # fmt: skip


def _images(
    team: Team, one: Asked, drawn: list[Picture], dice: random.Random
) -> Iterator[tuple[Any, ...]]:
    seed = dice.randint(1, 2**32)
    for index, image in enumerate(one.images):
        picture = dice.choice(drawn)
        yield (
            image, one.id, one.id, index, team.pk, one.user, one.visibility, seed, "stored",
            picture.folder, picture.digest, "image/webp", picture.size, picture.width,
            picture.height, picture.placeholder, one.ended, one.ended, one.ended, 0,
        )  # fmt: skip


def _of(one: Asked, each: int) -> int:
    return each * len(one.images)
