"""The steps of a request, from the rows that the engine left."""

import pytest

from accounts.services import ledger
from generations import operations, story
from generations.models import GenerationRequest, ProviderCharge, SeenVia, Verdict, WebhookInbox
from generations.providers.errors import ErrorKind, Outcome, ProviderError
from generations.services import approvals, outcomes, storing
from generations.story import Step
from tests import factories

pytestmark = pytest.mark.django_db


def steps(request: GenerationRequest, *, opened: bool = False) -> list[Step]:
    return story.tell(operations.with_everything().get(pk=request.pk), opened=opened)


def names(request: GenerationRequest) -> list[str]:
    return [step.what for step in steps(request)]


def step(request: GenerationRequest, what: str) -> Step:
    return next(one for one in steps(request) if one.what.startswith(what))


def fact(request: GenerationRequest, what: str, label: str) -> object:
    return dict(step(request, what).facts)[label]


def busy(request: GenerationRequest) -> None:
    """Once sent, and told to come again."""
    error = ProviderError(
        "Slow down.", outcome=Outcome.NOT_RUN, kind=ErrorKind.RATE_LIMITED, status_code=429
    )
    outcomes.record_error(factories.sent(request), error)
    GenerationRequest.objects.filter(pk=request.pk).update(due_at=request.created_at)


def test_a_request_that_went_well_is_told_from_asking_to_the_charge() -> None:
    done = factories.succeeded(pictures=[factories.picture(), factories.picture(shade="red")])
    assert names(done) == [
        "Asked for",
        "Claimed and sent, call 1",
        "Answered",
        "Image 1: stored",
        "Image 2: stored",
        "Succeeded",
        "Booked: capture",
    ]


def test_each_call_stands_with_what_we_called_it_and_what_came_back() -> None:
    request = factories.request()
    busy(request)
    done = factories.succeeded(request)
    assert fact(done, "Claimed and sent, call 1", "Our id of it") == f"{done.pk}.1"
    assert fact(done, "Claimed and sent, call 2", "Our id of it") == f"{done.pk}.2"
    assert fact(done, "Provably never ran", "HTTP status") == 429
    assert fact(done, "Provably never ran", "In words") == "Slow down."
    assert fact(done, "Answered", "x-inference-id") == "inference-1"


def test_what_nobody_knows_the_time_of_says_so() -> None:
    request = factories.request()
    busy(request)
    assert not step(request, "Provably never ran").is_timed
    assert step(request, "Claimed and sent").took.endswith(" s")


def test_an_approval_is_a_step() -> None:
    request = factories.waiting()
    approver = factories.owner_of(request.team)
    approvals.decide(by=approver, request=request, verdict=Verdict.APPROVED)
    assert fact(request, "Approved", "By") == approver.email


def test_what_was_given_back_and_what_the_house_paid_are_steps() -> None:
    attempt = factories.answered(raw=factories.answer(b"no picture"))
    storing.finish(attempt.request_id)
    ledger.house(
        hold=attempt.request.hold_id, amount=1_000_000, reason="Made twice", reference="twice"
    )
    assert {"Image 1: gone at the provider", "Failed", "Hold released"} <= set(
        names(attempt.request)
    )
    assert fact(attempt.request, "Booked: paid by the house", "Whose") == "the house"


def test_the_providers_bill_is_a_step_once_it_was_read() -> None:
    done = factories.succeeded()
    ProviderCharge.objects.create(
        attempt=done.attempts.get(),
        provider="aimlapi",
        seen_via=SeenVia.LOG,
        nano_usd=33_000_000,
        occurred_at=done.created_at,
    )
    assert fact(done, "Found in the bill", "Cost") == "$0.033 in the provider's log"


def test_a_webhook_is_a_step_from_when_it_came() -> None:
    attempt = factories.sent()
    WebhookInbox.objects.create(provider="fal", event_id="fal-1", attempt=attempt, body=b"{}")
    assert fact(attempt.request, "Webhook came", "Read") == "not yet, tried 0 times"


def test_the_prompt_is_in_no_step_that_was_not_opened() -> None:
    request = factories.succeeded(factories.request(prompt="A secret heron of folded paper"))
    told = [(one.what, dict(one.facts), one.text) for one in steps(request)]
    assert "heron" not in str(told)


def test_what_the_provider_queued_says_its_place_and_how_often_it_was_asked_about() -> None:
    attempt = factories.sent()
    attempt.request.attempts.update(state="submitted", http_status=200, inference_id="fal-1")
    GenerationRequest.objects.filter(pk=attempt.request_id).update(
        status="submitted", queue_position=3, queue_note="Loading", tries=2
    )
    facts = dict(step(attempt.request, "Claimed and sent").facts)
    assert facts["In the provider's queue"] == "3 before it"
    assert facts["Asked about"] == "2 times"
    assert facts["Provider's id"] == "fal-1"
    assert facts["The model's last word"] == "Loading"
