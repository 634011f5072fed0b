"""Results over a real wire: where they may lie, how long and how large, and that they are whole."""

import socket
import ssl
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from generations.providers import wire
from generations.providers.aimlapi import AimlApi
from generations.providers.base import ProviderConfig
from generations.providers.errors import DownloadError
from tests.providers.conftest import Connect, Serve
from tests.providers.servers import (
    KEY,
    Behaviour,
    drips,
    fall_silent,
    hang_up,
    response,
    says,
    slam,
    writes,
)

METADATA = "http://169.254.169.254/latest/meta-data/"


@dataclass
class Resolver:
    """Answers a name with the next of its addresses, as a hostile name server would."""

    answers: list[Sequence[str]]
    asked: list[str] = field(default_factory=list)

    def __call__(self, host: str, port: int) -> Sequence[str]:
        self.asked.append(f"{host}:{port}")
        return self.answers.pop(0)


def downloader(*result_hosts: str, resolver: Resolver) -> AimlApi:
    config = ProviderConfig("AIML API", "http://127.0.0.1:1", KEY, result_hosts)
    return AimlApi(config, resolver=resolver)


def refusal_of(api: AimlApi, url: str) -> DownloadError:
    with pytest.raises(DownloadError) as caught:
        api.download(url)
    return caught.value


def to(location: str, status: int = 302) -> Behaviour:
    return says(status=status, headers={"Location": location})


@pytest.mark.parametrize("content_type", ["image/png", "image/jpeg", "image/webp"])
def test_a_picture_is_told_from_its_bytes(
    serve: Serve, connect: Connect, pictures: dict[str, bytes], content_type: str
) -> None:
    server = serve(says(pictures[content_type], headers={"Content-Type": "text/html"}))
    found = connect(server).download(f"{server.url}/files/a")
    assert found.data == pictures[content_type]
    assert (found.content_type, found.width, found.height) == (content_type, 96, 64)


def test_the_key_stays_with_the_api(serve: Serve, connect: Connect, png: bytes) -> None:
    server = serve(says(png))
    connect(server).download(f"{server.url}/a.png?signature=1")
    head = server.heads[0].lower()
    assert head.startswith("get /a.png?signature=1 http/1.1")
    assert "authorization" not in head
    assert KEY not in head


def test_redirects_are_followed_where_results_may_lie(
    serve: Serve, connect: Connect, png: bytes
) -> None:
    server = serve(to("/b"), to("c", 307), to("/d?x=1", 308), says(png))
    assert connect(server).download(f"{server.url}/a").data == png
    assert [head.split()[1] for head in server.heads] == ["/a", "/b", "/c", "/d?x=1"]


def test_a_fourth_redirect_is_too_many(serve: Serve, connect: Connect) -> None:
    server = serve(to("/again"))
    error = refusal_of(connect(server), f"{server.url}/a")
    assert "more than 3" in error.message
    assert len(server.requests) == 4


@pytest.mark.parametrize(
    "location",
    [
        METADATA,
        "https://169.254.169.254/latest/meta-data/",
        "//169.254.169.254/latest/meta-data/",
        "https://evil.com/a.png",
        "http://cdn.aimlapi.com/a.png",
        "https://cdn.aimlapi.com:8443/a.png",
        "https://user@cdn.aimlapi.com/a.png",
        "http://localhost/a.png",
        "http://127.0.0.1/a.png",
        "file:///etc/passwd",
    ],
)
def test_a_redirect_elsewhere_is_refused_for_good(
    serve: Serve, connect: Connect, location: str
) -> None:
    server = serve(to(location))
    assert refusal_of(connect(server), f"{server.url}/a").permanent


@pytest.mark.parametrize("location", ["https://a:b:c/", "https://a..b\x7f"])
def test_a_malformed_redirect_may_be_tried_again(
    serve: Serve, connect: Connect, location: str
) -> None:
    server = serve(to(location))
    assert not refusal_of(connect(server), f"{server.url}/a").permanent


@pytest.mark.parametrize(
    "url",
    [METADATA, "https://evil.com/a.png", "http://127.0.0.1:1/a.png", "data:image/png;base64,AA"],
)
def test_an_address_elsewhere_is_refused_for_good(serve: Serve, connect: Connect, url: str) -> None:
    server = serve(hang_up)
    assert refusal_of(connect(server), url).permanent
    assert server.requests == []


@pytest.mark.parametrize(
    ("status", "permanent"),
    [
        (403, True),
        (404, True),
        (410, True),
        (204, False),
        (206, False),
        (304, False),
        (401, False),
        (429, False),
        (500, False),
        (503, False),
    ],
)
def test_only_gone_is_gone(serve: Serve, connect: Connect, status: int, permanent: object) -> None:
    server = serve(says(status=status))
    assert refusal_of(connect(server), f"{server.url}/a").permanent is permanent


@pytest.mark.parametrize(
    "body",
    [b"", b"<html>Just a moment...</html>", b"GIF89a" + b"\0" * 50, b"\x89PNG\r\n\x1a\n", b"RIFF"],
)
def test_what_is_no_picture_may_be_tried_again(serve: Serve, connect: Connect, body: bytes) -> None:
    server = serve(says(body, headers={"Content-Type": "image/png"}))
    error = refusal_of(connect(server), f"{server.url}/a.png")
    assert (error.permanent, "not a PNG" in error.message) == (False, True)


@pytest.mark.parametrize("content_type", ["image/png", "image/jpeg", "image/webp"])
@pytest.mark.parametrize("length", ["exact", "absent", "short"])
def test_a_truncated_picture_may_be_tried_again(
    serve: Serve, connect: Connect, pictures: dict[str, bytes], content_type: str, length: str
) -> None:
    whole = pictures[content_type]
    cut = whole[: len(whole) * 2 // 3]
    lengths = {
        "exact": f"Content-Length: {len(whole)}",
        "absent": "X: y",
        "short": f"Content-Length: {len(cut)}",
    }
    body = cut if length == "exact" else whole[: len(cut)]
    server = serve(writes(f"HTTP/1.1 200 OK\r\n{lengths[length]}\r\n\r\n".encode() + body))
    assert not refusal_of(connect(server), f"{server.url}/a").permanent


@pytest.mark.parametrize(
    "head", ["Content-Length: 9999999", "Transfer-Encoding: chunked", "Connection: close"]
)
def test_a_body_without_end_is_cut_off(serve: Serve, connect: Connect, head: str) -> None:
    chunk = b"3e8\r\n" + b"x" * 1000 + b"\r\n" if "chunked" in head else b"x" * 1000
    server = serve(writes(f"HTTP/1.1 200 OK\r\n{head}\r\n\r\n".encode() + chunk * 1000))
    error = refusal_of(connect(server), f"{server.url}/a")
    assert (error.permanent, "larger than 200000 bytes" in error.message) == (False, True)


@pytest.mark.parametrize("behaviour", [slam, hang_up, writes(b"HTTP/1.1 200")])
def test_a_broken_connection_may_be_tried_again(
    serve: Serve, connect: Connect, behaviour: Behaviour
) -> None:
    server = serve(behaviour)
    assert not refusal_of(connect(server), f"{server.url}/a").permanent


@pytest.mark.parametrize("start", [0, 60, None], ids=["headers", "body", "silence"])
def test_a_dripping_host_is_left_at_the_deadline(
    serve: Serve, connect: Connect, png: bytes, start: int | None
) -> None:
    drip = fall_silent if start is None else drips(response(png), start=start)
    server = serve(to("/b"), drip)
    started = time.monotonic()
    assert not refusal_of(connect(server, deadline=0.4), f"{server.url}/a").permanent
    assert time.monotonic() - started < 1.5


def test_a_signed_address_is_not_in_the_message(serve: Serve, connect: Connect) -> None:
    server = serve(says(status=403))
    assert "secret" not in refusal_of(connect(server), f"{server.url}/a?sig=secret").message
    assert "secret" not in refusal_of(connect(server), "https://evil.com/a?sig=secret").message


@pytest.mark.parametrize(
    "addresses",
    [
        ["127.0.0.1"],
        ["169.254.169.254"],
        ["1.1.1.1", "10.0.0.1"],
        ["::ffff:127.0.0.1"],
        ["64:ff9b::7f00:1"],
        ["2002:7f00:1::"],
    ],
)
def test_a_public_name_may_not_lead_inside(addresses: list[str]) -> None:
    api = downloader(resolver=Resolver([addresses]))
    error = refusal_of(api, "https://cdn.aimlapi.com/a.png")
    assert (error.permanent, "private address" in error.message) == (True, True)


def test_a_name_without_addresses_may_be_tried_again() -> None:
    error = refusal_of(downloader(resolver=Resolver([[]])), "https://cdn.aimlapi.com/a.png")
    assert not error.permanent


def test_tls_checks_the_name_while_the_socket_goes_to_the_address(
    serve: Serve, certificate: ssl.SSLContext, png: bytes
) -> None:
    server = serve(says(png), tls=certificate)
    resolver = Resolver([["127.0.0.1"]])
    own = f"files.test:{server.port}"
    found = downloader(own, resolver=resolver).download(f"https://{own}/a.png")
    assert found.data == png
    assert f"\r\nhost: {own}\r\n" in server.heads[0].lower() + "\r\n"
    assert resolver.asked == [own]


def test_a_certificate_for_another_name_is_refused(
    serve: Serve, certificate: ssl.SSLContext, png: bytes
) -> None:
    server = serve(says(png), tls=certificate)
    own = f"other.test:{server.port}"
    api = downloader(own, resolver=Resolver([["127.0.0.1"]]))
    assert "certificate" in refusal_of(api, f"https://{own}/a.png").message
    assert server.requests == []


def test_a_name_that_changes_its_address_is_asked_once(
    serve: Serve, certificate: ssl.SSLContext, png: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The public address is judged and then connected to; here the test stands behind it."""
    server = serve(says(png), tls=certificate)
    opened: list[str] = []

    def open_socket(address: str, port: int, timeout: float) -> socket.socket:
        opened.append(f"{address}:{port}")
        return socket.create_connection(("127.0.0.1", server.port), timeout)

    monkeypatch.setattr(wire, "_open_socket", open_socket)
    resolver = Resolver([["1.1.1.1"], ["127.0.0.1"]])
    api = downloader(resolver=resolver)
    assert api.download("https://cdn.fal.media/a.png").data == png
    assert (opened, resolver.asked) == (["1.1.1.1:443"], ["cdn.fal.media:443"])
    assert refusal_of(api, "https://cdn.fal.media/a.png").permanent
    assert opened == ["1.1.1.1:443"]


def test_an_address_that_does_not_answer_gives_way_to_the_next(serve: Serve, png: bytes) -> None:
    server = serve(says(png))
    own = f"files.test:{server.port}"
    api = downloader(own, resolver=Resolver([["127.0.0.2", "127.0.0.1"]]))
    assert api.download(f"http://{own}/a.png").data == png
