import json
import subprocess
import sys

import pytest

from config import logs
from config.paths import BASE

SAY = """
import logging, sys, structlog
from config import logs
logs.configure(json_lines=sys.argv[1] == "json", level="INFO")
logging.getLogger("django.request").warning("Not Found: %s", "/nowhere/")
logging.getLogger("httpx").info("GET https://cdn.example.org/signed-picture")
logging.getLogger("celery").debug("too quiet to be heard")
structlog.get_logger("generations").info("sent", api_key="sk-12345678", attempt="7")
try:
    raise ValueError("refused Authorization: Bearer sk-12345678")
except ValueError:
    logging.getLogger("celery").exception("call failed")
"""


def _said(form: str) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", SAY, form], cwd=BASE, capture_output=True, text=True, check=True
    )
    assert done.stdout == ""
    return done.stderr.splitlines()


@pytest.mark.parametrize("name", ["api_key", "Authorization", "prompt", "csrf_token", "cookies"])
def test_what_must_not_be_read_is_hidden_by_its_name(name: str) -> None:
    assert logs.redact(None, "info", {name: "anything"}) == {name: "[hidden]"}


def test_a_key_inside_text_is_hidden_by_its_shape() -> None:
    event = logs.redact(None, "info", {"event": "sent Authorization: Bearer sk-abc123def"})
    assert event == {"event": "sent Authorization: Bearer [hidden]"}


def test_an_api_token_inside_text_is_hidden_by_its_shape() -> None:
    event = logs.redact(None, "info", {"event": "Unexpected auth - 'img_live_0aB1cD2eF3'"})
    assert event == {"event": "Unexpected auth - 'img_live_[hidden]'"}


@pytest.mark.parametrize(
    "path",
    [
        "/s/{}/",
        "/s/{}/0199-77/file/640/",
        "/invitations/{}/",
        "/signin/link/{}/",
        "/approvals/link/{}/",
        "/email/confirm/{}/",
        "/password/reset/key/{}/",
        "/hooks/fal/0199-77.{}/",
        "/s/[hidden]/0199-77/?pass={}",
        "/v1/images/0199-77/file/?signed={}",
    ],
)
def test_an_address_that_lets_its_holder_in_is_hidden(path: str) -> None:
    secret = "kZ3:1vLm-w_4QxY"
    event = logs.redact(None, "warning", {"event": f"Not Found: {path.format(secret)}"})
    assert event == {"event": f"Not Found: {path.format('[hidden]')}"}


def test_ordinary_fields_stay_as_they_are() -> None:
    event = {"event": "Not Found: /i/0199/", "request": "0199", "tries": 2}
    assert logs.redact(None, "info", dict(event)) == event


def test_json_lines_carry_the_event_and_where_it_came_from() -> None:
    first = json.loads(_said("json")[0])
    assert first["event"] == "Not Found: /nowhere/"
    assert (first["logger"], first["level"]) == ("django.request", "warning")
    assert first["timestamp"].endswith("Z")


def test_one_event_is_one_json_line_also_with_a_traceback() -> None:
    events = [json.loads(line) for line in _said("json")]
    assert [event["event"] for event in events] == ["Not Found: /nowhere/", "sent", "call failed"]
    assert "ValueError: refused" in events[2]["exception"]


@pytest.mark.parametrize("form", ["json", "text"])
def test_no_key_and_no_address_of_a_picture_reaches_a_log(form: str) -> None:
    said = "\n".join(_said(form))
    assert "call failed" in said
    assert "sk-12345678" not in said
    assert "signed-picture" not in said
