from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generations.providers.errors import ErrorKind, Outcome
from generations.providers.fal_verdicts import ResultGone, judge_result
from generations.providers.redaction import Redactor
from tests.providers.fal import raw
from tests.providers.servers import KEY, PROMPT

REDACTOR = Redactor(key=KEY, prompt=PROMPT)


def model_error(kind: str, words: str = "It cannot be done") -> dict[str, Any]:
    return {"detail": [{"loc": ["body", "prompt"], "msg": words, "type": kind, "input": PROMPT}]}


@pytest.mark.parametrize(
    ("status", "kind", "expected"),
    [
        (422, "content_policy_violation", ErrorKind.REFUSED),
        (422, "image_too_large", ErrorKind.TOO_LARGE),
        (422, "file_too_large", ErrorKind.TOO_LARGE),
        (422, "greater_than_equal", ErrorKind.INVALID),
        (422, "image_load_error", ErrorKind.INVALID),
        (400, "downstream_service_error", ErrorKind.INVALID),
    ],
)
def test_what_the_model_refuses_is_for_good(status: int, kind: str, expected: ErrorKind) -> None:
    error = judge_result(raw(model_error(kind), status=status), REDACTOR)
    assert (error.outcome, error.kind) == (Outcome.REJECTED, expected)
    assert error.field == "prompt"
    assert PROMPT not in str(error)


@pytest.mark.parametrize(
    ("status", "retryable", "outcome"),
    [
        (500, "", Outcome.NOT_RUN),
        (503, "", Outcome.NOT_RUN),
        (504, "", Outcome.NOT_RUN),
        (500, "false", Outcome.REJECTED),
        (422, "true", Outcome.NOT_RUN),
        (422, "", Outcome.REJECTED),
        (499, "", Outcome.REJECTED),
    ],
)
def test_fal_says_what_may_run_again(status: int, retryable: str, outcome: Outcome) -> None:
    headers = {"x_fal_retryable": retryable} if retryable else {}
    said = {"detail": "Runner went away", "error_type": "runner_disconnected"}
    assert judge_result(raw(said, status=status, **headers), REDACTOR).outcome is outcome


SERVICE_UNAVAILABLE = {"detail": "Service Unavailable"}


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_gateways_json_says_nothing_about_the_request(status: int) -> None:
    error = judge_result(raw(SERVICE_UNAVAILABLE, status=status), REDACTOR)
    assert error.outcome is Outcome.UNKNOWN


@pytest.mark.parametrize(
    ("said", "headers"),
    [
        (SERVICE_UNAVAILABLE, {"x_fal_retryable": "true"}),
        (SERVICE_UNAVAILABLE, {"x_fal_error_type": "runner_error"}),
        (SERVICE_UNAVAILABLE | {"error_type": "runner_error"}, {}),
        (model_error("downstream_service_unavailable"), {}),
    ],
)
def test_a_failure_in_fals_own_words_runs_again(
    said: dict[str, Any], headers: dict[str, str]
) -> None:
    assert judge_result(raw(said, status=503, **headers), REDACTOR).outcome is Outcome.NOT_RUN


def test_a_bare_failure_that_fal_has_said_elsewhere_runs_again() -> None:
    error = judge_result(raw(SERVICE_UNAVAILABLE, status=503), REDACTOR, is_vouched_for=True)
    assert error.outcome is Outcome.NOT_RUN


def test_a_start_that_we_gave_up_on_does_not_run_again() -> None:
    said = raw({"detail": "Timed out"}, status=504, x_fal_request_timeout_type="user")
    error = judge_result(said, REDACTOR)
    assert (error.outcome, error.kind) == (Outcome.REJECTED, ErrorKind.TIMEOUT)


@pytest.mark.parametrize("status", [401, 403, 429])
def test_what_is_about_us_says_nothing_about_the_request(status: int) -> None:
    assert judge_result(raw({"detail": "No"}, status=status), REDACTOR).outcome is Outcome.UNKNOWN


@pytest.mark.parametrize("body", ["<html><title>502 Bad Gateway</title>", "", "nginx"])
@pytest.mark.parametrize("status", [404, 500, 502, 504])
def test_a_proxys_answer_says_nothing_about_the_request(status: int, body: str) -> None:
    error = judge_result(raw(body, status=status), REDACTOR)
    assert error.outcome is Outcome.UNKNOWN
    assert not isinstance(error, ResultGone)


def test_a_result_that_is_not_there_yet_is_asked_for_again() -> None:
    said = raw({"detail": "Request is still in progress"}, status=400)
    assert judge_result(said, REDACTOR).outcome is Outcome.UNKNOWN


def test_a_result_that_fal_has_forgotten_is_gone() -> None:
    assert isinstance(judge_result(raw({"detail": "Not found"}, status=404), REDACTOR), ResultGone)


@given(status=st.integers(300, 599), words=st.text(max_size=50), kind=st.text(max_size=20))
def test_every_failure_has_a_verdict(status: int, words: str, kind: str) -> None:
    error = judge_result(raw(model_error(kind, words), status=status), REDACTOR)
    assert error.outcome in Outcome
    assert KEY not in error.message
