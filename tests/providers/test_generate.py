"""The paid call on a real wire: sent once, bounded in time, and judged by what was sent."""

import json
import logging
import socket
import time
import traceback

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from generations.providers.aimlapi import AimlApi
from generations.providers.base import ProviderConfig, RawAnswer
from generations.providers.errors import ErrorKind, Outcome, ProviderError
from tests.providers.conftest import Connect, Serve
from tests.providers.servers import (
    KEY,
    PROMPT,
    Behaviour,
    drips,
    fall_silent,
    hang_up,
    refuse_unread,
    response,
    says,
    slam,
    writes,
)

PAYLOAD = {"model": "flux/dev", "prompt": PROMPT, "num_images": 2, "image_size": {"width": 512}}


def ask(api: AimlApi) -> RawAnswer:
    return api.generate(payload=PAYLOAD, client_request_id="0199.1")


def failure_of(api: AimlApi) -> ProviderError:
    with pytest.raises(ProviderError) as caught:
        ask(api)
    return caught.value


def unreachable(url: str) -> AimlApi:
    return AimlApi(ProviderConfig(name="AIML API", base_url=url, key=KEY))


def test_the_request_is_the_documented_one(serve: Serve, connect: Connect) -> None:
    server = serve(says("{}"))
    ask(connect(server))
    head, _, body = server.requests[0].decode().partition("\r\n\r\n")
    assert head.startswith("POST /v1/images/generations HTTP/1.1\r\n")
    headers = httpx.Headers(dict(line.split(": ", 1) for line in head.split("\r\n")[1:]))
    assert headers["authorization"] == f"Bearer {KEY}"
    assert headers["content-type"] == "application/json"
    assert headers["x-client-request-id"] == "0199.1"
    assert headers["connection"] == "close"
    assert json.loads(body) == PAYLOAD


@pytest.mark.parametrize("suffix", ["/", "/v1", "/v1/"])
def test_the_base_url_may_end_in_the_version(serve: Serve, suffix: str) -> None:
    server = serve(says("{}"))
    ask(unreachable(server.url + suffix))
    assert server.heads[0].startswith("POST /v1/images/generations ")


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_any_2xx_is_success(serve: Serve, connect: Connect, status: int) -> None:
    body = "" if status == 204 else '{"images": []}'
    raw = ask(connect(serve(says(body, status=status))))
    assert (raw.status_code, raw.body) == (status, body)


def test_only_the_telling_headers_are_kept(serve: Serve, connect: Connect) -> None:
    headers = {
        "X-Inference-Id": "inf-1",
        "X-Client-Request-Id": "0199.1",
        "X-Request-Id": f"req {KEY}",
        "X-AIMLAPI-Credits-Used": "52000",
        "X-AIMLAPI-USD-Spent": "0.026",
        "Content-Type": "application/json",
        "Set-Cookie": "session=1",
        "Server": "cloudflare",
    }
    raw = ask(connect(serve(says("{}", headers=headers))))
    assert raw.headers == {
        "x-inference-id": "inf-1",
        "x-client-request-id": "0199.1",
        "x-request-id": "req [hidden]",
        "x-aimlapi-credits-used": "52000",
        "x-aimlapi-usd-spent": "0.026",
        "content-type": "application/json",
    }
    assert raw.duration > 0


def test_a_body_a_database_could_not_hold_is_made_storable(serve: Serve, connect: Connect) -> None:
    raw = ask(connect(serve(says(b'{"a": "\0\xff"}'))))
    assert raw.body == '{"a": "\ufffd\ufffd"}'


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:{port}", "https://127.0.0.1:{port}", "http://localhost:{port}"]
)
def test_a_refused_connection_never_ran(url: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    error = failure_of(unreachable(url.format(port=port)))
    assert (error.outcome, error.kind) == (Outcome.NOT_RUN, ErrorKind.CONNECTION)
    assert error.raw is None


def test_a_name_without_an_address_never_ran() -> None:
    error = failure_of(unreachable("https://nowhere.invalid"))
    assert (error.outcome, error.kind) == (Outcome.NOT_RUN, ErrorKind.CONNECTION)


def test_a_connect_that_takes_too_long_never_ran() -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full:
        address = full.getsockname()
        waiting = [socket.socket() for _ in range(4)]
        for sock in waiting:
            sock.setblocking(False)
            sock.connect_ex(address)
        url = f"http://127.0.0.1:{address[1]}"
        config = ProviderConfig("AIML API", url, KEY, connect_timeout=0.3)
        error = failure_of(AimlApi(config))
        for sock in waiting:
            sock.close()
    assert error.outcome is Outcome.NOT_RUN


def test_a_failed_handshake_never_ran(serve: Serve) -> None:
    server = serve(slam)
    error = failure_of(unreachable(f"https://127.0.0.1:{server.port}"))
    assert error.outcome is Outcome.NOT_RUN


@pytest.mark.parametrize(
    "behaviour",
    [
        slam,
        hang_up,
        writes(b"HTTP/1.1 200 OK\r\nContent-Le"),
        writes(b"not http at all\r\n\r\n"),
        writes(b"HTTP/1.1 200 OK\r\nX: " + b"x" * 200_000),
        writes(response('{"images": []}')[:-3]),
        writes(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab"),
        says("plain", headers={"Content-Encoding": "gzip"}),
    ],
    ids=["reset", "eof", "half a header", "nonsense", "huge header", "short", "chunk", "not gzip"],
)
def test_a_wire_that_breaks_after_sending_leaves_it_unknown(
    serve: Serve, connect: Connect, behaviour: Behaviour
) -> None:
    server = serve(behaviour)
    error = failure_of(connect(server))
    assert (error.outcome, error.kind) == (Outcome.UNKNOWN, ErrorKind.CONNECTION)
    assert len(server.requests) <= 1


def test_what_came_of_a_cut_answer_is_kept(serve: Serve, connect: Connect) -> None:
    headers = {"X-Inference-Id": "inf-1", "X-AIMLAPI-Credits-Used": "52000"}
    whole = response('{"images": [{"url": "https://cdn.aimlapi.com/a.png"}]}', headers=headers)
    error = failure_of(connect(serve(writes(whole[:-2]))))
    assert error.raw is not None
    assert error.raw.headers["x-inference-id"] == "inf-1"
    assert "cdn.aimlapi.com/a.png" in error.raw.body
    assert error.cost is not None
    assert error.cost.nano_usd == 26_000_000


@pytest.mark.parametrize(
    "behaviour",
    [
        fall_silent,
        drips(response("{}" + " " * 500)),
        drips(response("{}" + " " * 500), start=60),
    ],
    ids=["silence", "dripping headers", "dripping body"],
)
def test_nothing_outlives_the_deadline(
    serve: Serve, connect: Connect, behaviour: Behaviour
) -> None:
    started = time.monotonic()
    error = failure_of(connect(serve(behaviour), deadline=0.4))
    assert (error.outcome, error.kind) == (Outcome.UNKNOWN, ErrorKind.TIMEOUT)
    assert 0.3 < time.monotonic() - started < 1.5


def test_a_server_that_does_not_read_cannot_hold_the_request() -> None:
    started = time.monotonic()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        config = ProviderConfig("AIML API", f"http://127.0.0.1:{port}", KEY, deadline=0.4)
        payload = {"prompt": PROMPT, "image_url": "x" * 30_000_000}
        with pytest.raises(ProviderError) as caught:
            AimlApi(config).generate(payload=payload, client_request_id="0199.1")
    assert (caught.value.outcome, caught.value.kind) == (Outcome.UNKNOWN, ErrorKind.TIMEOUT)
    assert time.monotonic() - started < 2


def test_a_refusal_before_the_body_was_read_is_understood(serve: Serve, connect: Connect) -> None:
    api = connect(serve(refuse_unread))
    payload = {"prompt": PROMPT, "image_url": "x" * 30_000_000}
    with pytest.raises(ProviderError) as caught:
        api.generate(payload=payload, client_request_id="0199.1")
    assert (caught.value.outcome, caught.value.kind) == (Outcome.REJECTED, ErrorKind.TOO_LARGE)


def test_an_endless_answer_is_cut_off(
    serve: Serve, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("generations.providers.aimlapi.MAX_ANSWER_BYTES", 100_000)
    error = failure_of(connect(serve(says("x" * 1_000_000))))
    assert error.outcome is Outcome.UNKNOWN
    assert "larger than 100000 bytes" in error.message


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_a_wrong_address_and_never_followed(
    serve: Serve, connect: Connect, status: int
) -> None:
    elsewhere = serve(says("{}"))
    moved = says(status=status, headers={"Location": f"{elsewhere.url}/v1/images/generations"})
    error = failure_of(connect(serve(moved)))
    assert (error.outcome, error.kind) == (Outcome.REJECTED, ErrorKind.UNAVAILABLE)
    assert elsewhere.requests == []


def test_see_other_may_point_at_a_result_and_is_unknown(serve: Serve, connect: Connect) -> None:
    error = failure_of(connect(serve(says(status=303, headers={"Location": "/result"}))))
    assert error.outcome is Outcome.UNKNOWN


def test_a_status_decides_even_if_its_body_is_cut(serve: Serve, connect: Connect) -> None:
    cut = response('{"message": "Invalid payload', status=400)[:-5]
    error = failure_of(connect(serve(writes(cut))))
    assert (error.outcome, error.status_code) == (Outcome.REJECTED, 400)


@pytest.mark.parametrize("key", ["", "  ", "two words", "schl\u00fcssel", "line\nbreak"])
def test_nothing_is_sent_without_a_usable_key(serve: Serve, connect: Connect, key: str) -> None:
    server = serve(says("{}"))
    error = failure_of(connect(server, key=key))
    assert (error.outcome, error.kind) == (Outcome.REJECTED, ErrorKind.UNAUTHORIZED)
    assert server.requests == []


def test_a_key_file_may_end_in_a_newline(serve: Serve, connect: Connect) -> None:
    server = serve(says("{}"))
    ask(connect(server, key=f"{KEY}\n"))
    assert f"Authorization: Bearer {KEY}\r\n".lower() in server.heads[0].lower()


@pytest.mark.parametrize("request_id", ["", "a b", "a/b", "\u00e4", "x" * 129, "line\n"])
def test_an_id_that_would_be_dropped_is_a_mistake(request_id: str) -> None:
    with pytest.raises(ValueError, match="client request id"):
        unreachable("http://127.0.0.1:1").generate(payload=PAYLOAD, client_request_id=request_id)


@pytest.mark.parametrize(
    "url",
    ["", "api.aimlapi.com", "ftp://api.aimlapi.com", "https://", "https://u:p@x.com", "ht tp"],
)
def test_a_malformed_base_url_is_refused_at_the_start(url: str) -> None:
    with pytest.raises(ValueError, match="base URL"):
        unreachable(url)


@pytest.mark.parametrize(
    "behaviour",
    [
        says(f'{{"message": "Invalid key {KEY}"}}', status=401),
        says(f'{{"message": "Invalid key {KEY[:20]}..."}}', status=401),
        says(f'{{"error": {{"data": [{{"path": ["{KEY}"], "message": "no"}}]}}}}', status=400),
        says(f"<title>Bearer {KEY}</title>", status=502, headers={"X-Request-Id": KEY}),
        says("", status=307, headers={"Location": f"https://evil.com/{KEY}"}),
        writes(response(f'{{"key": "{KEY}"}}')[:-1]),
        writes(KEY.encode() + b"\r\n\r\n"),
        hang_up,
    ],
    ids=["message", "opening", "field", "page", "location", "cut body", "status line", "eof"],
)
def test_the_key_never_shows(
    serve: Serve,
    connect: Connect,
    caplog: pytest.LogCaptureFixture,
    behaviour: Behaviour,
) -> None:
    caplog.set_level(logging.DEBUG)
    api = connect(serve(behaviour))
    error = failure_of(api)
    trace = traceback.TracebackException.from_exception(error, capture_locals=True)
    shown = [*trace.format(), str(error), repr(error), repr(vars(error)), repr(api), caplog.text]
    shown.append(error.raw.body if error.raw else "")
    assert KEY[:20] not in "".join(shown)


def test_neither_key_nor_body_is_in_what_is_printed(serve: Serve, connect: Connect) -> None:
    raw = ask(connect(serve(says(f'{{"prompt": "{PROMPT}"}}'))))
    assert PROMPT not in repr(raw)
    assert KEY not in repr(ProviderConfig("AIML API", "https://api.aimlapi.com", KEY))


def test_an_echoed_prompt_is_not_in_the_message(serve: Serve, connect: Connect) -> None:
    body = json.dumps({"message": f"Your prompt '{PROMPT}' was refused by moderation"})
    error = failure_of(connect(serve(says(body, status=400))))
    assert error.kind is ErrorKind.REFUSED
    assert "[hidden]" in error.message
    assert "heron" not in error.message


@given(st.dictionaries(st.text(), st.text() | st.integers() | st.booleans() | st.none()))
def test_any_payload_is_written_as_json(payload: dict[str, object]) -> None:
    api = unreachable("http://127.0.0.1:1")
    with pytest.raises(ProviderError) as caught:
        api.generate(payload=payload, client_request_id="0199.1")
    assert caught.value.outcome is Outcome.NOT_RUN
