import pytest
from hypothesis import given
from hypothesis import strategies as st

from generations.providers.guard import (
    AllowedHosts,
    DisallowedError,
    guarded,
    is_public,
    resolve,
)

HOSTS = AllowedHosts(
    (
        "aimlapi.com",
        "fal.media",
        "127.0.0.1:9000",
        "localhost:9001",
        "minio",
        "10.0.0.7",
        "[::1]:90",
    )
)


@pytest.mark.parametrize(
    "url",
    [
        "https://cdn.aimlapi.com/eagle/files/a.jpeg",
        "https://aimlapi.com/a.png",
        "https://CDN.AIMLAPI.COM:443/a.png",
        "https://v3b.fal.media/files/b/koala/a.jpg?x=1#y",
        "http://127.0.0.1:9000/files/a.png",
        "https://127.0.0.1:9000/files/a.png",
        "http://LOCALHOST:9001/a",
        "http://minio/a",
        "https://minio/a",
        "http://10.0.0.7/a",
        "http://[::1]:90/a",
        "http://[0:0:0:0:0:0:0:1]:90/a",
    ],
)
def test_a_result_may_come_from(url: str) -> None:
    assert HOSTS.judge(url).url.host


@pytest.mark.parametrize(
    "url",
    [
        "http://cdn.aimlapi.com/a.png",
        "https://cdn.aimlapi.com:8443/a.png",
        "https://cdn.aimlapi.com:80/a.png",
        "https://cdn.aimlapi.com:0/a.png",
        "https://cdn.aimlapi.com./a.png",
        "https://evilaimlapi.com/a.png",
        "https://aimlapi.com.evil.com/a.png",
        "https://cdn-aimlapi.com/a.png",
        "https://fal.media.evil.com/",
        "https://evil.com/?cdn.aimlapi.com",
        "https://evil.com/#.fal.media",
        "https://evil.com\\.fal.media@x/",
        "https://user@cdn.aimlapi.com/a.png",
        "https://user:secret@cdn.aimlapi.com/a.png",
        "https://cdn.aimlapi.com@evil.com/a.png",
        "https://cdn.aimlapi.com%2eevil.com/",
        "https://cdn.aimlapi.com\\.evil.com/",
        "https://127.0.0.1/a.png",
        "https://127.1/a.png",
        "https://0x7f000001/a.png",
        "https://2130706433/a.png",
        "https://0177.0.0.1/a.png",
        "https://[::1]/a.png",
        "https://[::ffff:127.0.0.1]/a.png",
        "https://[fe80::1%25eth0]/a.png",
        "https://169.254.169.254/latest/meta-data/",
        "http://169.254.169.254/latest/meta-data/",
        "https://100.64.0.1/",
        "https://224.0.0.1/",
        "http://127.0.0.1:9002/a",
        "http://127.0.0.1/a",
        "http://localhost/a",
        "http://sub.localhost:9001/a",
        "http://sub.minio/a",
        "http://minio:9000/a",
        "http://10.0.0.7:22/a",
        "ftp://cdn.aimlapi.com/a.png",
        "file:///etc/passwd",
        "data:image/png;base64,AAAA",
        "gopher://minio/",
        "//cdn.aimlapi.com/a.png",
        "https:cdn.aimlapi.com/a.png",
        "https:///a.png",
        "https://",
        "",
        "https://cdn.aimlapi.com:99999/",
        "https://cdn.aimlapi.com:port/",
        "https://cdn.aimlapi.com\n.evil.com/",
        "https://a\ud800b.fal.media/",
        "https://\uff46al.media/",
    ],
)
def test_a_result_may_not_come_from(url: str) -> None:
    with pytest.raises(DisallowedError):
        HOSTS.judge(url)


@given(st.text() | st.text().map(lambda tail: f"https://{tail}"))
def test_any_text_is_judged_without_another_error(text: str) -> None:
    try:
        destination = HOSTS.judge(text)
    except DisallowedError:
        return
    assert destination.url.scheme in ("http", "https")


@pytest.mark.parametrize(
    "entry",
    [
        "",
        "https://cdn.example.com",
        "cdn.example.com/files",
        "a b",
        "host:port",
        "u@host",
        "*.x.com",
    ],
)
def test_a_malformed_result_host_is_named(entry: str) -> None:
    with pytest.raises(ValueError, match="host or host:port"):
        AllowedHosts([entry])


@pytest.mark.parametrize(
    "address", ["1.1.1.1", "151.101.1.1", "2606:4700:4700::1111", "::ffff:1.1.1.1"]
)
def test_a_public_address_is_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "127.1.2.3",
        "10.0.0.1",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "198.18.0.1",
        "203.0.113.1",
        "::",
        "::1",
        "::127.0.0.1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "64:ff9b::7f00:1",
        "64:ff9b:1::a00:1",
        "2002:7f00:1::",
        "2001::1",
        "fe80::1",
        "fe80::1%eth0",
        "fec0::1",
        "fc00::1",
        "ff02::1",
        "2001:db8::1",
        "not an address",
        "127.1",
        "",
    ],
)
def test_an_address_that_leads_inside_is_not_public(address: str) -> None:
    assert not is_public(address)


def test_one_private_address_among_public_ones_refuses_the_name() -> None:
    destination = HOSTS.judge("https://cdn.aimlapi.com/a.png")
    resolver = guarded(lambda host, port: ["1.1.1.1", "127.0.0.1"], destination)
    with pytest.raises(DisallowedError, match="private address"):
        resolver("cdn.aimlapi.com", 443)


def test_the_operators_own_server_may_be_private() -> None:
    destination = HOSTS.judge("http://minio/a.png")
    resolver = guarded(lambda host, port: ["192.168.0.9"], destination)
    assert resolver("minio", 80) == ["192.168.0.9"]


def test_loopback_resolves_to_itself() -> None:
    assert resolve("127.0.0.1", 80) == ("127.0.0.1",)


def test_a_name_that_cannot_be_looked_up_is_a_network_error() -> None:
    with pytest.raises(OSError, match="malformed"):
        resolve(f"{'a' * 80}.fal.media", 443)
