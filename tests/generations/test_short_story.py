"""A request's story in a line, for who asked."""

import re

import pytest

from generations import short_story
from generations.models import GenerationRequest, Verdict
from generations.providers.errors import ErrorKind, Outcome, ProviderError
from generations.services import approvals, outcomes, requests, storing
from tests import factories
from tests.generations.views.studio import failed, unclear

pytestmark = pytest.mark.django_db


def line(request: GenerationRequest) -> str:
    """With every time as T."""
    told = short_story.in_short(GenerationRequest.objects.get(pk=request.pk))
    return re.sub(r"\d\d:\d\d:\d\d", "T", " · ".join(told))


def busy(request: GenerationRequest) -> GenerationRequest:
    error = ProviderError("Slow down.", outcome=Outcome.NOT_RUN, kind=ErrorKind.RATE_LIMITED)
    outcomes.record_error(factories.sent(request), error)
    GenerationRequest.objects.filter(pk=request.pk).update(due_at=request.created_at)
    return request


def test_it_says_when_it_was_sent_again_and_why_less_was_charged() -> None:
    request = busy(factories.request(params={"num_images": 4}))
    three = [factories.picture(shade=shade) for shade in ("red", "green", "blue")]
    attempt = factories.answered(request, raw=factories.answer(*three, usd="0.099"))
    storing.finish(attempt.request_id)
    assert line(request) == (
        "Sent T UTC · the provider was busy, sent again T · arrived T"
        " · charged 9.9 because 3 of 4 arrived"
    )


def test_it_says_that_it_waits_to_be_sent_again() -> None:
    assert line(busy(factories.request())) == (
        "Sent T UTC · the provider was busy, waits to be sent again"
    )


def test_before_it_is_sent_there_is_nothing_to_tell() -> None:
    assert line(factories.request()) == ""


def test_it_says_that_nobody_knows_yet() -> None:
    assert line(unclear(factories.request())) == (
        "Sent T UTC · no clear answer came, the provider is asked what became of it"
    )


def test_it_says_why_nothing_was_charged() -> None:
    told = line(failed(factories.request(), ErrorKind.REFUSED))
    assert told.startswith("Sent T UTC · over T · charged nothing because it failed: The safety")
    cancelled = factories.request()
    requests.cancel(request=cancelled)
    assert (
        line(cancelled)
        == "Over T UTC · charged nothing because it was cancelled before it was sent"
    )


def test_it_says_that_it_was_approved() -> None:
    request = factories.waiting()
    owner = factories.owner_of(request.team)
    approvals.decide(by=owner, request=request, verdict=Verdict.APPROVED)
    assert line(request) == "Approved T UTC"
