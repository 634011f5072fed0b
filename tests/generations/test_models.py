"""What the database itself refuses, and what rows say of themselves."""

from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import ProtectedError
from django.db.models.functions import Now

from generations.models import Attempt, GenerationRequest, Image, Status
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def request_() -> GenerationRequest:
    return factories.request()


def change(row: GenerationRequest | Attempt | Image, **values: Any) -> None:
    type(row)._default_manager.filter(pk=row.pk).update(**values)


REQUESTS: list[tuple[str, dict[str, Any]]] = [
    ("request_status_known", {"status": "resting"}),
    ("request_asks_for_an_image", {"num_images": 0}),
    ("request_finished_with_its_status", {"status": "failed"}),
    ("request_finished_with_its_status", {"finished_at": Now()}),
    ("request_sending_has_a_lease", {"status": "sending"}),
]


@pytest.mark.parametrize(("constraint", "values"), REQUESTS)
def test_the_database_refuses_a_request_that_cannot_be(
    request_: GenerationRequest, constraint: str, values: dict[str, Any]
) -> None:
    with pytest.raises(IntegrityError, match=constraint):
        change(request_, **values)


def test_the_database_refuses_a_second_request_with_a_key(request_: GenerationRequest) -> None:
    other = factories.request(of=request_.team, by=request_.user)
    with pytest.raises(IntegrityError, match="request_once_per_key"):
        change(other, idempotency_key=request_.idempotency_key)


def test_the_database_refuses_two_requests_for_one_hold(request_: GenerationRequest) -> None:
    other = factories.request(of=request_.team, by=request_.user)
    with pytest.raises(IntegrityError, match="hold"):
        change(other, hold=request_.hold)


def test_the_database_refuses_a_second_attempt_of_a_number(request_: GenerationRequest) -> None:
    attempt = factories.sent(request_)
    with pytest.raises(IntegrityError, match="attempt_number_once"):
        Attempt.objects.create(
            request=request_, number=attempt.number, fence=2, client_request_id="another"
        )


def test_the_database_refuses_an_id_that_was_sent_before(request_: GenerationRequest) -> None:
    attempt = factories.sent(request_)
    with pytest.raises(IntegrityError, match="client_request_id"):
        Attempt.objects.create(
            request=request_, number=2, fence=2, client_request_id=attempt.client_request_id
        )


def test_the_database_refuses_a_negative_cost(request_: GenerationRequest) -> None:
    attempt = factories.sent(request_)
    with pytest.raises(IntegrityError, match="attempt_cost_not_negative"):
        change(attempt, cost_nano_usd=-1)


@pytest.mark.parametrize(
    "values",
    [
        {"digest": ""},
        {"folder": ""},
        {"width": 0},
        {"stored_at": None},
        {"status": "lost"},
    ],
)
def test_the_database_refuses_a_stored_image_that_is_not_whole(values: dict[str, Any]) -> None:
    with pytest.raises(IntegrityError, match="image_stored_is_whole"):
        change(factories.stored_image(), **values)


def test_the_database_refuses_a_second_image_for_an_output() -> None:
    image = factories.stored_image()
    with pytest.raises(IntegrityError, match="image_once_per_output"):
        Image.objects.create(
            request=image.request,
            attempt=image.attempt,
            index=image.index,
            team=image.team,
            author=image.author,
        )


def test_what_was_paid_for_cannot_be_deleted() -> None:
    image = factories.stored_image()
    for row in (image.request, image.attempt, image.request.hold, image.team, image.author):
        with pytest.raises((ProtectedError, IntegrityError)), transaction.atomic():
            row.delete()


def test_a_request_is_open_until_it_ends() -> None:
    ended = {Status.SUCCEEDED, Status.FAILED, Status.CANCELLED}
    assert {status for status in Status if not GenerationRequest(status=status).is_open} == ended


@pytest.mark.parametrize(("length", "shown"), [(120, 120), (121, 120)])
def test_an_images_alternative_text_is_its_prompt_cut_short(length: int, shown: int) -> None:
    image = factories.stored_image(prompt="x" * length)
    assert len(image.alt) == shown
    assert image.alt.endswith("…") is (length > shown)


@pytest.mark.parametrize(
    ("width", "height", "aspect"), [(0, 0, 1.0), (4, 3, 1.3333), (10, 1, 2.4), (1, 10, 0.5)]
)
def test_an_images_shape_stays_within_what_a_wall_can_show(
    width: int, height: int, aspect: float
) -> None:
    assert Image(width=width, height=height).aspect == aspect


def test_a_picture_by_itself_has_its_true_shape() -> None:
    assert Image(width=9, height=21).shape == 0.4286
    assert Image(width=0, height=0).shape == 1.0


def test_a_row_names_itself_without_its_prompt() -> None:
    image = factories.stored_image(prompt="a secret prompt")
    rows = [image, image.request, image.attempt, image.request.hold]
    assert all("secret" not in f"{row!s} {row!r}" for row in rows)


def test_the_trigger_that_keeps_ends_is_there() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT tgname FROM pg_trigger WHERE tgname = 'request_ends_are_final'")
        assert cursor.fetchone() is not None
