import base64
import io
import socket
import time

import httpx
import pytest
from PIL import Image

from tests.generations.sandbox.running import RunningSandbox

pytestmark = pytest.mark.process


def file_of(server: RunningSandbox) -> str:
    return str(server.generate().json()["images"][0]["url"])


@pytest.mark.parametrize(
    ("status", "title"),
    [
        (400, "Bad Request"),
        (401, "Unauthorized"),
        (403, "Forbidden"),
        (404, "Not Found"),
        (429, "Too Many Requests"),
        (500, "Internal Server Error"),
        (503, "Service Unavailable"),
        (504, "Gateway Timeout"),
    ],
)
def test_a_status_comes_in_the_vendors_envelope(
    server: RunningSandbox, status: int, title: str
) -> None:
    server.fault(fault="status", status=status)
    answer = server.generate()
    assert answer.status_code == answer.json()["status"] == status
    assert answer.json()["title"] == title
    assert server.last_call()["credits"] == 0


@pytest.mark.parametrize("status", [502, 524])
def test_the_proxys_own_failures_come_in_html(server: RunningSandbox, status: int) -> None:
    server.fault(fault="status", status=status)
    answer = server.generate()
    assert answer.status_code == status
    assert answer.headers["content-type"].startswith("text/html")


def test_a_status_comes_in_the_envelope_and_words_asked_for(server: RunningSandbox) -> None:
    server.fault(fault="status", status=400, envelope="legacy", message="No.")
    assert server.generate().json().items() >= {"message": "No.", "statusCode": 400}.items()
    server.fault(fault="status", status=500, envelope="openai", message="No.")
    assert server.generate().json()["error"]["message"] == "No."
    server.fault(fault="status", status=503, envelope="empty")
    assert server.generate().content == b""
    server.fault(fault="status", status=403, kind="err_scope")
    assert server.generate().json()["error"]["data"] == {"kind": "err_scope"}


def test_too_many_requests_may_say_when_to_come_back(server: RunningSandbox) -> None:
    server.fault(fault="status", status=429, retry_after=7)
    assert server.generate().headers["retry-after"] == "7"
    server.fault(fault="status", status=429)
    assert "retry-after" not in server.generate().headers


def test_a_failure_may_be_charged(server: RunningSandbox) -> None:
    server.fault(fault="status", status=504, charged=True)
    assert server.generate().status_code == 504
    [row] = server.logs()["data"]
    assert (row["status"], row["cost"]["credits"]) == ("succeeded", 92_000)


@pytest.mark.parametrize(("fault", "credits_"), [("drop_before", 0), ("drop_after", 92_000)])
def test_a_dropped_connection_says_nothing(
    server: RunningSandbox, fault: str, credits_: int
) -> None:
    server.fault(fault=fault)
    with pytest.raises(httpx.RemoteProtocolError, match="without sending a response"):
        server.generate()
    assert server.last_call()["credits"] == credits_


def test_the_socket_itself_ends_when_a_connection_is_dropped(server: RunningSandbox) -> None:
    server.fault(fault="drop_after")
    body = b'{"model": "flux-realism", "prompt": "A fox"}'
    head = f"POST /v1/images/generations HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {server.key}"
    with socket.create_connection(("127.0.0.1", server.port), timeout=5) as connection:
        connection.sendall(f"{head}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
        assert connection.recv(100) == b""


@pytest.mark.parametrize(("logged", "total"), [(False, 0), (True, 1)])
def test_work_that_never_began_may_show_in_the_logs(
    server: RunningSandbox, *, logged: bool, total: int
) -> None:
    server.fault(fault="drop_before", logged=logged)
    with pytest.raises(httpx.RemoteProtocolError):
        server.generate()
    assert server.logs()["pagination"]["total"] == total


def test_an_answer_may_break_off_in_the_middle(server: RunningSandbox) -> None:
    server.fault(fault="drop_after", partial=True)
    with pytest.raises(httpx.RemoteProtocolError, match="without sending complete message"):
        server.generate()
    assert server.last_call()["credits"] == 92_000


def test_an_answer_may_drip(server: RunningSandbox) -> None:
    server.fault(fault="drip", rate=2000)
    answer = server.generate(prompt="x" * 600)
    assert answer.elapsed.total_seconds() >= 0.3
    assert answer.json()["prompt"] == "x" * 600
    server.fault(fault="drip", rate=1)
    with pytest.raises(httpx.ReadTimeout):
        server.generate(timeout=0.3)


def test_an_answer_may_be_garbage(server: RunningSandbox) -> None:
    server.fault(fault="garbage")
    answer = server.generate()
    assert answer.status_code == 200
    with pytest.raises(ValueError, match="Unterminated"):
        answer.json()
    assert server.last_call()["credits"] == 92_000


def test_an_answer_may_be_empty(server: RunningSandbox) -> None:
    server.fault(fault="empty")
    assert server.generate("flux-2").json()["data"] == []
    assert server.last_call()["credits"] == 31_200
    server.fault(fault="empty", charged=False)
    assert server.generate("flux-2").headers["x-aimlapi-credits-used"] == "0"


@pytest.mark.parametrize("shape", ["E", "b64"])
def test_an_answer_may_carry_the_pictures_inside(server: RunningSandbox, shape: str) -> None:
    server.fault(fault="shape", shape=shape)
    body = server.generate(image_size="square").json()
    inside = (
        body["output"]["choices"][0]["image_base64"]
        if shape == "E"
        else body["data"][0]["b64_json"]
    )
    assert Image.open(io.BytesIO(base64.b64decode(inside))).size == (512, 512)


def test_an_answer_may_come_in_the_gateways_shape(server: RunningSandbox) -> None:
    server.fault(fault="shape", shape="D")
    body = server.generate().json()
    assert body["data"][0].keys() == {"mime_type", "b64_json", "url"}
    assert body["meta"]["usage"] == {"credits_used": 92_000, "usd_spent": 0.046}


def test_a_blocked_picture_is_black_and_flagged_where_the_shape_can(
    server: RunningSandbox,
) -> None:
    server.fault(fault="blocked")
    body = server.generate(num_images=2).json()
    assert body["has_nsfw_concepts"] == [True, True]
    file = server.client.get(body["images"][0]["url"]).content
    assert Image.open(io.BytesIO(file)).convert("L").getextrema() == (0, 0)
    server.fault(fault="blocked", shape="B")
    assert server.generate().json().keys() == {"data", "meta"}
    assert server.last_call()["credits"] == 92_000


def test_fewer_pictures_are_charged_for_what_came(server: RunningSandbox) -> None:
    server.fault(fault="fewer")
    assert len(server.generate(num_images=3).json()["images"]) == 2
    assert server.last_call()["credits"] == 184_000
    server.fault(fault="fewer", images=0)
    assert server.generate().json()["images"] == []


def test_the_cost_may_differ_from_the_catalogs_or_not_be_told(server: RunningSandbox) -> None:
    server.fault(fault="cost", credits=1_000_001)
    assert server.generate().headers["x-aimlapi-usd-spent"] == "0.5000005"
    server.fault(fault="no_cost")
    answer = server.generate("flux-2")
    assert "x-aimlapi-credits-used" not in answer.headers
    assert answer.json()["meta"] == {"usage": None}
    assert server.last_call()["credits"] == 31_200


def test_a_cost_that_is_not_told_may_differ_too(server: RunningSandbox) -> None:
    server.fault(fault="no_cost", credits=70_000)
    assert "x-aimlapi-credits-used" not in server.generate("flux-2").headers
    assert server.last_call()["credits"] == 70_000


def test_any_fault_can_take_its_time(server: RunningSandbox) -> None:
    server.fault(fault="status", status=500, seconds=0.2)
    assert server.generate().elapsed.total_seconds() >= 0.2


def test_the_logs_may_be_down(server: RunningSandbox) -> None:
    server.fault(fault="logs_status", status=503)
    assert server.client.get("/v2/logs").status_code == 503
    assert server.client.get("/v2/logs").status_code == 200


def test_a_download_may_fail_and_then_work(server: RunningSandbox) -> None:
    server.fault(fault="file_status", status=404)
    url = file_of(server)
    assert [server.client.get(url).status_code for _ in range(2)] == [404, 200]


def test_a_download_may_be_dropped_or_truncated(server: RunningSandbox) -> None:
    server.fault(fault="file_drop")
    server.fault(fault="file_truncated")
    url = file_of(server)
    with pytest.raises(httpx.RemoteProtocolError, match="without sending a response"):
        server.client.get(url)
    with pytest.raises(httpx.RemoteProtocolError, match="without sending complete message"):
        server.client.get(url)
    assert server.client.get(url).status_code == 200


def test_a_download_may_be_slow(server: RunningSandbox) -> None:
    server.fault(fault="file_slow", rate=100)
    started, received = time.monotonic(), 0
    with server.client.stream("GET", file_of(server)) as answer:
        for chunk in answer.iter_raw():
            received += len(chunk)
            if time.monotonic() - started > 0.5:
                break
    assert 0 < received < 200


def test_a_download_may_be_called_or_be_something_else(server: RunningSandbox) -> None:
    server.fault(fault="file_type", content_type="application/pdf")
    server.fault(fault="file_html")
    url = file_of(server)
    renamed, page = server.client.get(url), server.client.get(url)
    assert renamed.headers["content-type"] == "application/pdf"
    assert renamed.content.startswith(b"\xff\xd8")
    assert page.headers["content-type"].startswith("text/html")


def test_a_download_may_point_into_the_private_network(server: RunningSandbox) -> None:
    server.fault(fault="file_redirect")
    answer = server.client.get(file_of(server))
    assert answer.status_code == 302
    assert answer.headers["location"].startswith("http://169.254.169.254/")


@pytest.mark.parametrize("declared", [False, True])
def test_a_download_may_be_far_too_big(server: RunningSandbox, *, declared: bool) -> None:
    server.fault(fault="file_oversized", size=3_000_000, declared=declared)
    answer = server.client.get(file_of(server))
    assert len(answer.content) == 3_000_000
    assert ("content-length" in answer.headers) is declared


def test_a_download_may_be_a_bomb(server: RunningSandbox) -> None:
    server.fault(fault="file_bomb")
    data = server.client.get(file_of(server)).content
    assert len(data) < 100_000
    with pytest.raises(Image.DecompressionBombError):
        Image.open(io.BytesIO(data))
