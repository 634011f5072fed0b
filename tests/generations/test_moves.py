"""What people read of a request that another provider makes."""

import re

import pytest
from django.db.models import F

from generations import batches, moves, operations, short_story, story, why
from generations.inspector import Inspector
from generations.models import GenerationRequest, Image
from generations.providers.errors import ErrorKind, Outcome, ProviderError
from generations.receipts import Receipt
from generations.services import outcomes, storing
from tests import factories
from tests.generations.services import handing
from tests.generations.services.handing import THERE

pytestmark = pytest.mark.django_db


def busy(request: GenerationRequest) -> None:
    """Once sent, and told to come again."""
    error = ProviderError("Slow down.", outcome=Outcome.NOT_RUN, kind=ErrorKind.RATE_LIMITED)
    outcomes.record_error(factories.sent(request), error)
    GenerationRequest.objects.filter(pk=request.pk).update(due_at=F("created_at"))


def waiting(*, refused: int = 0, **params: object) -> GenerationRequest:
    """Asked of fal, and handed over to AIML API after so many calls."""
    asked = handing.ask(model=THERE, **params)
    for _ in range(refused):
        busy(asked)
    handing.shut(THERE, provider="fal")
    return handing.moved(asked)


def made(
    *pictures: bytes, usd: str = "0.046", refused: int = 0, **params: object
) -> GenerationRequest:
    attempt = factories.answered(
        waiting(refused=refused, **params), raw=factories.answer(*pictures, usd=usd)
    )
    storing.finish(attempt.request_id)
    return GenerationRequest.objects.get(pk=attempt.request_id)


def line(request: GenerationRequest) -> str:
    told = short_story.in_short(GenerationRequest.objects.get(pk=request.pk))
    return re.sub(r"\d\d:\d\d:\d\d", "T", " · ".join(told))


def test_who_waits_reads_why_another_provider_makes_it() -> None:
    request = waiting()
    (batch,) = batches.present([request])
    assert batch.moved == "fal is not taking requests, so AIML API makes it"


def test_once_it_is_over_its_tile_says_nothing_of_it() -> None:
    (batch,) = batches.present([made()])
    assert batch.moved == ""


def test_a_request_that_stayed_says_nothing_of_it() -> None:
    request = handing.ask()
    assert (moves.instead(request), moves.why(request), Receipt(request).moved) == ("", "", "")


def test_the_image_names_who_made_it_instead_of_whom() -> None:
    shown = Inspector(Image.objects.get(request=made()))
    assert shown.model_name == "FLUX Realism"
    assert ("", "Provider", "AIML API instead of fal") in shown.recipe_rows


@pytest.mark.parametrize(
    ("usd", "words"),
    [
        ("0.046", "AIML API instead of fal: 1.1 credits more than there"),
        ("0.025", "AIML API instead of fal: 1 credit less than there"),
        ("0.035", "AIML API instead of fal, at the same price"),
    ],
)
def test_the_receipt_says_what_the_difference_was(usd: str, words: str) -> None:
    assert Receipt(made(usd=usd)).moved == words


def test_the_difference_is_that_of_the_images_that_came() -> None:
    request = made(factories.picture(), num_images=2)
    assert Receipt(request).charged == 4_600_000
    assert Receipt(request).moved == "AIML API instead of fal: 1.1 credits more than there"


def test_nothing_charged_is_no_difference() -> None:
    assert Receipt(waiting()).moved == "AIML API instead of fal"


def test_the_short_story_says_where_it_was_sent() -> None:
    assert line(made()).startswith(
        "Sent to AIML API instead of fal T UTC · arrived T · charged 4.6"
    )


def test_the_short_story_says_what_went_before() -> None:
    request = waiting(refused=1)
    assert line(request) == "Sent T UTC · goes to AIML API instead of fal"
    outcomes.record_answer(factories.sent(request), factories.answer())
    assert line(request).startswith(
        "Sent T UTC · the provider was busy, sent to AIML API instead of fal T · arrived T"
    )


def test_the_operators_story_has_the_step_before_the_first_call_there() -> None:
    request = made(refused=1)
    steps = story.tell(operations.with_everything().get(pk=request.pk))
    names = [step.what for step in steps]
    assert names[:5] == [
        "Asked for",
        "Claimed and sent, call 1",
        "Provably never ran",
        "Handed over",
        "Claimed and sent, call 2",
    ]
    asked, first, _, handed, second = steps[:5]
    assert dict(asked.facts)["For"] == "1 × FLUX Realism on fal"
    assert dict(handed.facts) == {
        "Made by": "AIML API instead of fal",
        "Model": "FLUX Realism",
        "Where it was asked for": "at most 3.5 credits",
    }
    assert (dict(first.facts)["To"], dict(second.facts)["To"]) == ("fal", "AIML API")
    assert first.text == ""
    assert "num_inference_steps" in second.text


def test_the_operator_reads_why_it_waits_again() -> None:
    assert "another one makes it" in why.explain(waiting()).because


def test_a_model_that_left_the_catalog_goes_by_its_id() -> None:
    request = GenerationRequest(provider="fal", model=THERE, moved_from="flux/gone")
    assert moves.instead(request) == "fal instead of flux/gone"
