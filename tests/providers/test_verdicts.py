"""The decision on each error, with bodies as they were captured from the provider."""

import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from generations.providers import verdicts
from generations.providers.base import RawAnswer
from generations.providers.envelopes import read_complaint
from generations.providers.errors import ErrorKind, Outcome, ProviderError
from generations.providers.redaction import Redactor
from generations.providers.transport import Exchange
from tests.providers.servers import KEY, PROMPT

NO_CREDITS = (
    "You've run out of credits. Please top up your balance or update your payment method to "
    "continue: https://aimlapi.com/app/billing/"
)
PROBLEM_403 = {
    "title": "Forbidden",
    "status": 403,
    "message": NO_CREDITS,
    "instance": "/v1/images/generations?",
    "timestamp": "2026-04-14T09:46:33.609Z",
    "error": {
        "name": "ForbiddenException",
        "message": NO_CREDITS,
        "data": {"kind": "err_insufficent_credits"},
    },
}
PROBLEM_400 = {
    "title": "Bad Request",
    "status": 400,
    "message": "Invalid payload provided",
    "error": {
        "name": "BadRequestException",
        "message": "Invalid payload provided",
        "data": [
            {
                "code": "too_big",
                "path": ["image_size", "width"],
                "message": "Number must be less than or equal to 1536",
            },
            {
                "received": "gif",
                "code": "invalid_enum_value",
                "options": ["jpeg", "png"],
                "path": ["output_format"],
                "message": "Invalid enum value. Expected 'jpeg' | 'png', received 'gif'",
            },
        ],
    },
}
REFUSED_422 = {
    "detail": [
        {
            "loc": ["body", "prompt"],
            "msg": "The content could not be processed because it was flagged",
            "type": "content_policy_violation",
            "input": PROMPT,
        }
    ]
}
PAGE = "<!DOCTYPE html><html><title>api.aimlapi.com | 524: A timeout occurred</title></html>"


def verdict(status: int, body: object = "", **headers: str) -> ProviderError:
    text = body if isinstance(body, str) else json.dumps(body)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    call = Exchange(status, httpx.Headers(), b"", True, "", False, 1.0)
    raw = RawAnswer(status, named, text, 1.0)
    redactor = Redactor(key=KEY, prompt=PROMPT)
    error = verdicts.judge(call, raw, provider="AIML API", redactor=redactor)
    assert error
    return error


@pytest.mark.parametrize(
    ("status", "outcome", "kind"),
    [
        (300, Outcome.REJECTED, ErrorKind.UNAVAILABLE),
        (301, Outcome.REJECTED, ErrorKind.UNAVAILABLE),
        (303, Outcome.UNKNOWN, ErrorKind.SERVER),
        (400, Outcome.REJECTED, ErrorKind.INVALID),
        (401, Outcome.REJECTED, ErrorKind.UNAUTHORIZED),
        (402, Outcome.REJECTED, ErrorKind.NO_CREDITS),
        (403, Outcome.REJECTED, ErrorKind.FORBIDDEN),
        (404, Outcome.REJECTED, ErrorKind.MODEL_GONE),
        (405, Outcome.REJECTED, ErrorKind.INVALID),
        (408, Outcome.UNKNOWN, ErrorKind.TIMEOUT),
        (413, Outcome.REJECTED, ErrorKind.TOO_LARGE),
        (422, Outcome.REJECTED, ErrorKind.INVALID),
        (429, Outcome.NOT_RUN, ErrorKind.RATE_LIMITED),
        (499, Outcome.UNKNOWN, ErrorKind.TIMEOUT),
        (500, Outcome.UNKNOWN, ErrorKind.SERVER),
        (502, Outcome.UNKNOWN, ErrorKind.UNAVAILABLE),
        (503, Outcome.UNKNOWN, ErrorKind.UNAVAILABLE),
        (504, Outcome.UNKNOWN, ErrorKind.TIMEOUT),
        (520, Outcome.UNKNOWN, ErrorKind.SERVER),
        (524, Outcome.UNKNOWN, ErrorKind.TIMEOUT),
        (101, Outcome.UNKNOWN, ErrorKind.SERVER),
        (999, Outcome.UNKNOWN, ErrorKind.SERVER),
    ],
)
@pytest.mark.parametrize("body", ["", PAGE, "{}", "[]", "upstream connect error"])
def test_the_status_alone_decides(
    status: int, outcome: Outcome, kind: ErrorKind, body: str
) -> None:
    error = verdict(status, body)
    assert (error.outcome, error.kind, error.status_code) == (outcome, kind, status)


@pytest.mark.parametrize(
    "body",
    [
        PROBLEM_403,
        {"error": {"name": "OutOfFundsException", "message": "No.", "data": {"kind": "x"}}},
        {"error": {"message": "No.", "data": {"kind": "err_insufficent_credits"}}},
        {"error": {"message": "No.", "data": {"kind": "err_insufficient_credits"}}},
        {"message": "You've run out of funds.", "path": "/", "statusCode": 403},
        {"message": ["Your balance is too low"]},
        {"error": {"message": "Not enough credit", "code": "billing", "type": "x"}},
    ],
)
def test_out_of_credits_is_told_from_other_403(body: object) -> None:
    assert verdict(403, body).kind is ErrorKind.NO_CREDITS


@pytest.mark.parametrize(
    "body",
    [
        {"message": "The key lacks the scope model:image", "error": {"name": "ForbiddenException"}},
        "<html><title>403 Forbidden by the load balancer</title></html>",
        "blocked by the load balancer",
    ],
)
def test_other_403_is_not_taken_for_missing_credits(body: object) -> None:
    assert verdict(403, body).kind is ErrorKind.FORBIDDEN


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (422, REFUSED_422),
        (400, {"message": f"400 {json.dumps(REFUSED_422)}", "statusCode": "400"}),
        (400, {"error": {"message": "Rejected", "code": "content_policy_violation"}}),
        (400, {"message": "Your request was rejected by our safety system"}),
        (403, {"message": "This prompt was blocked by moderation"}),
    ],
)
def test_a_refused_content_is_told_from_a_mistake(status: int, body: object) -> None:
    error = verdict(status, body)
    assert (error.outcome, error.kind) == (Outcome.REJECTED, ErrorKind.REFUSED)
    assert PROMPT not in error.message


def test_a_safety_parameter_out_of_range_is_a_mistake() -> None:
    issue = {"path": ["safety_tolerance"], "code": "too_big", "message": "Too big"}
    error = verdict(400, {"error": {"data": [issue]}})
    assert (error.kind, error.field) == (ErrorKind.INVALID, "safety_tolerance")


def test_zod_issues_name_their_fields() -> None:
    error = verdict(400, PROBLEM_400)
    assert error.field == "image_size.width"
    assert error.message == (
        "AIML API answered 400: image_size.width: Number must be less than or equal to 1536; "
        "output_format: Invalid enum value. Expected 'jpeg' | 'png', received 'gif'"
    )


def test_an_upstreams_json_in_the_message_is_read_not_shown() -> None:
    error = verdict(400, {"message": f"400 {json.dumps(REFUSED_422)}"})
    assert error.field == "prompt"
    assert error.message == (
        "AIML API answered 400: prompt: The content could not be processed because it was flagged"
    )


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (
            {"message": ["width must be a number", "height too"]},
            "width must be a number; height too",
        ),
        ({"message": "Legacy words", "path": "/x", "statusCode": "400"}, "Legacy words"),
        ({"error": {"message": "OpenAI words", "code": "c", "type": "t"}}, "OpenAI words"),
        ({"error": "Plain words"}, "Plain words"),
        ({"detail": "Application not found"}, "Application not found"),
        ({"title": "Bad Request"}, "Bad Request"),
        ({"message": {"nested": 1}, "error": [1]}, "nothing more"),
        ({"message": "400 {broken json}"}, "nothing more"),
        (PAGE, "api.aimlapi.com | 524: A timeout occurred"),
        ("<html><body>hello</body></html>", "a web page"),
        ("upstream\nconnect\terror\0", "upstream connect error"),
        ("", "nothing more"),
        (
            {"message": f"Bad image data:image/png;base64,{'A' * 5000} given"},
            "Bad image [hidden] given",
        ),
        ({"message": "\ud800 broken"}, "broken"),
    ],
)
def test_every_envelope_gives_its_words(body: object, words: str) -> None:
    assert verdict(400, body).message == f"AIML API answered 400: {words}"


def test_a_message_stays_short() -> None:
    assert len(verdict(500, "word " * 10_000).message) < 450


@pytest.mark.parametrize(
    "words",
    ["The request was not started", "Job not yet executed", "It never ran", "not processed"],
)
def test_503_never_ran_only_when_the_provider_says_so(words: str) -> None:
    assert verdict(503, {"message": words}).outcome is Outcome.NOT_RUN
    assert verdict(503, words).outcome is Outcome.UNKNOWN
    assert verdict(500, {"message": words}).outcome is Outcome.UNKNOWN
    assert verdict(503, {"message": "Service Unavailable"}).outcome is Outcome.UNKNOWN


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("7", 7.0),
        ("0", 0.0),
        ("1.5", 1.5),
        ("100000", 120.0),
        ("9" * 5000, 120.0),
        ("-5", None),
        ("soon", None),
        ("", None),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0.0),
        ("Wed, 21 Oct 9999 07:28:00 GMT", 120.0),
        ("Wed, 99 Oct 2015 07:28:00 GMT", None),
    ],
)
def test_retry_after_is_honoured_up_to_two_minutes(value: str, seconds: float | None) -> None:
    assert verdict(429, retry_after=value).retry_after == seconds


def test_retry_after_may_be_a_date() -> None:
    date = format_datetime(datetime.now(UTC) + timedelta(seconds=60), usegmt=True)
    wait = verdict(429, retry_after=date).retry_after
    assert wait is not None
    assert 55 < wait <= 60


@given(st.text())
def test_any_retry_after_is_seconds_or_nothing(value: str) -> None:
    wait = verdicts.read_retry_after(value)
    assert wait is None or 0 <= wait <= 120


def test_what_a_failure_cost_is_told() -> None:
    error = verdict(422, REFUSED_422, x_aimlapi_credits_used="52000")
    assert error.cost
    assert error.cost.nano_usd == 26_000_000


names = st.sampled_from(
    ["message", "error", "data", "detail", "title", "kind", "path", "loc", "name", "code", "msg"]
)
json_values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.just("400 {}"),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(names | st.text(), inner),
    max_leaves=25,
)


@given(st.integers(300, 599), json_values | st.dictionaries(names, json_values))
def test_any_body_gets_a_verdict(status: int, body: object) -> None:
    error = verdict(status, json.dumps(body))
    assert error.message.isprintable()


@given(st.text())
def test_any_text_is_read_as_a_complaint(body: str) -> None:
    assert isinstance(read_complaint(body).text, str)
