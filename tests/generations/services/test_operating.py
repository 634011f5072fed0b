"""What staff do by hand, when they may, and that it is written down."""

from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.db.models.functions import Now

from accounts.models import HoldState, User
from generations import enqueue
from generations.errors import NotNow
from generations.models import Circuit, GenerationRequest, Status
from generations.services import claiming, operating
from generations.services.operating import Deed
from tests import factories
from tests.generations.services.queue_steps import REALISM
from tests.generations.services.steps import age, now
from tests.generations.views.studio import unclear

pytestmark = pytest.mark.django_db

DAY = timedelta(hours=25)


@pytest.fixture
def staff() -> User:
    someone = factories.user("operator@example.com")
    someone.is_staff = True
    someone.save()
    return someone


def lawful(request: GenerationRequest) -> set[Deed]:
    return operating.lawful(now(request), request.attempts.last())


def put(request: GenerationRequest, **changes: object) -> GenerationRequest:
    GenerationRequest.objects.filter(pk=request.pk).update(lease_until=Now(), **changes)
    return now(request)


def test_what_waits_is_cancelled_and_its_hold_released(staff: User) -> None:
    request = factories.request()
    assert lawful(request) == {Deed.CANCEL}
    operating.do(Deed.CANCEL, by=staff, request=request)
    assert now(request).status == Status.CANCELLED
    assert now(request).hold.state == HoldState.RELEASED


def test_nothing_may_be_done_to_what_is_being_sent_or_is_over(staff: User) -> None:
    sent = factories.sent().request
    assert lawful(sent) == set()
    assert lawful(factories.succeeded()) == set()
    with pytest.raises(NotNow):
        operating.do(Deed.CANCEL, by=staff, request=sent)
    assert not LogEntry.objects.exists()


@pytest.mark.parametrize(
    ("status", "code"), [(Status.UNCONFIRMED, "timeout"), (Status.ANSWERED, "storage")]
)
def test_the_next_look_is_brought_forward(staff: User, status: Status, code: str) -> None:
    request = unclear(factories.request())
    put(request, status=status, error_code=code, due_at=Now() + timedelta(hours=1))
    operating.do(Deed.LOOK, by=staff, request=now(request))
    assert GenerationRequest.objects.filter(pk=request.pk, due_at__lte=Now()).exists()


def test_what_is_being_stored_needs_no_look() -> None:
    assert lawful(put(factories.answered().request)) == set()


def test_an_unclear_request_is_given_up_after_a_day_and_not_before(staff: User) -> None:
    request = unclear(factories.request())
    assert lawful(request) == {Deed.LOOK}
    age(request, DAY)
    operating.do(Deed.RELEASE, by=staff, request=now(request))
    assert (now(request).status, now(request).error_code) == (Status.FAILED, "unclear")
    assert now(request).hold.state == HoldState.RELEASED


def test_a_lost_submit_to_a_queue_is_given_up_after_two_hours(staff: User) -> None:
    request = unclear(factories.request(model=REALISM))
    age(request, timedelta(hours=3))
    operating.do(Deed.RELEASE, by=staff, request=request)
    assert now(request).error_code == "not_taken"


def test_what_waits_in_a_providers_queue_may_be_dropped_looked_at_and_after_a_day_given_up() -> (
    None
):
    request = unclear(factories.request())
    put(request, status=Status.SUBMITTED, queue_position=3)
    assert lawful(request) == {Deed.CANCEL, Deed.LOOK}
    age(request, DAY)
    assert lawful(request) == {Deed.CANCEL, Deed.LOOK, Deed.RELEASE}


def test_an_open_circuit_lets_the_next_request_through(
    staff: User, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: object
) -> None:
    sent: list[str] = []

    def note(name: str, *, queue: str) -> bool:
        sent.append(name)
        return True

    monkeypatch.setattr(enqueue, "_send", note)
    monkeypatch.setattr(enqueue, "waiting", lambda: 0)
    factories.request()
    later = Now() + timedelta(minutes=10)
    circuit = Circuit.objects.create(provider="aimlapi", because="no_credits", probe_at=later)
    assert claiming.claim() is None
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator]  # a fixture
        operating.try_now(by=staff, circuit=circuit)
    attempt = claiming.claim()
    assert attempt is not None
    assert attempt.is_probe
    assert sent == [enqueue.RUN_NEXT]


def test_who_did_what_is_kept(staff: User) -> None:
    request = factories.request()
    operating.do(Deed.CANCEL, by=staff, request=request)
    kept = LogEntry.objects.get()
    assert (kept.user, kept.object_id) == (staff, str(request.pk))
    assert kept.get_change_message() == "Cancelled. Its hold is released."
