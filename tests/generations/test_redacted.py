"""What staff see of a request before they open it, and after."""

import json

import pytest
from pytest_django import Settings

from generations import redacted
from generations.models import Attempt, GenerationRequest

PROMPT = "A secret heron of folded paper"


def attempt(body: str, **params: object) -> Attempt:
    request = GenerationRequest(prompt=PROMPT, params=params)
    return Attempt(request=request, raw_body=body, raw_headers={"x-inference-id": "inference-1"})


@pytest.fixture(autouse=True)
def _keys(settings: Settings) -> None:
    settings.AIMLAPI_KEY, settings.FAL_KEY, settings.FAL_ADMIN_KEY = (
        "aiml-secret-key",
        "fal-key",
        "",
    )


@pytest.mark.parametrize(
    "body",
    [
        json.dumps({"prompt": PROMPT, "images": []}),
        json.dumps({"detail": [{"msg": "Not allowed", "input": PROMPT}]}),
        f"Bad gateway: {PROMPT}",
    ],
)
def test_an_answer_does_not_repeat_the_prompt_until_it_is_opened(body: str) -> None:
    assert PROMPT not in redacted.body(attempt(body), opened=False)
    assert PROMPT in redacted.body(attempt(body), opened=True)


def test_a_picture_cannot_be_had_from_an_answer_that_is_not_opened() -> None:
    pictures = [
        {"url": "https://cdn.example.com/a/b.png?sign=1"},
        {"url": "data:image/png;base64,AA"},
    ]
    shown = redacted.body(attempt(json.dumps({"images": pictures})), opened=False)
    assert "https://cdn.example.com/[hidden]" in shown
    assert "b.png" not in shown
    assert "base64" not in shown


@pytest.mark.parametrize("opened", [True, False])
def test_our_keys_are_in_no_answer_and_no_header(opened: bool) -> None:
    one = attempt(json.dumps({"message": "Bearer aiml-secret-key is wrong"}))
    one.raw_headers = {"x-key": "aiml-secret-key"}
    assert "secret-key" not in redacted.body(one, opened=opened)
    assert redacted.headers(one) == {"x-key": "[hidden]"}


def test_a_long_answer_is_shortened_and_says_by_how_much() -> None:
    shown = redacted.body(attempt("x" * 5_000), opened=True)
    assert shown.endswith("… (1,000 more characters)")


def test_parameters_stay_readable_while_references_are_hidden() -> None:
    request = attempt("", seed=7, image_url="https://example.com/me.png").request
    assert json.loads(redacted.parameters(request, opened=False)) == {
        "seed": 7,
        "image_url": "https://example.com/[hidden]",
    }
    assert "me.png" in redacted.parameters(request, opened=True)
