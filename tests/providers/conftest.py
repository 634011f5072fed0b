import io
import ssl
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from PIL import Image

from generations.providers import transport
from generations.providers.aimlapi import AimlApi
from generations.providers.base import ProviderConfig
from tests.providers.servers import KEY, Behaviour, Server

Serve = Callable[..., Server]
Connect = Callable[..., AimlApi]


@pytest.fixture
def serve() -> Iterator[Serve]:
    servers: list[Server] = []

    def start(*behaviours: Behaviour, tls: ssl.SSLContext | None = None) -> Server:
        servers.append(Server(*behaviours, tls=tls))
        return servers[-1]

    yield start
    for server in servers:
        server.stop()


@pytest.fixture
def connect() -> Connect:
    """A client of the server, which may also fetch results from it."""

    def build(server: Server, *, key: str = KEY, deadline: float = 5.0) -> AimlApi:
        return AimlApi(
            ProviderConfig(
                name="AIML API",
                base_url=server.url,
                key=key,
                result_hosts=(f"127.0.0.1:{server.port}",),
                deadline=deadline,
                download_deadline=deadline,
                max_download_bytes=200_000,
            )
        )

    return build


@pytest.fixture(scope="session")
def pictures() -> dict[str, bytes]:
    """One small noisy picture in each format, by its media type."""
    noise = Image.effect_noise((96, 64), 80).convert("RGB")
    made = {}
    for name in ("PNG", "JPEG", "WEBP"):
        file = io.BytesIO()
        noise.save(file, name)
        made[f"image/{name.lower()}"] = file.getvalue()
    return made


@pytest.fixture
def png(pictures: dict[str, bytes]) -> bytes:
    return pictures["image/png"]


@pytest.fixture
def certificate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    """A server's context for two names, which the client trusts for this test."""
    pem = tmp_path / "server.pem"
    pem.write_bytes(self_signed("cdn.fal.media", "files.test"))
    trusting = ssl.create_default_context(cafile=str(pem))
    monkeypatch.setattr(transport, "ssl_context", lambda: trusting)
    serving = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    serving.load_cert_chain(pem)
    return serving


def self_signed(*hosts: str) -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Test")])
    now, hour = datetime.now(UTC), timedelta(hours=1)
    names = x509.SubjectAlternativeName([x509.DNSName(host) for host in hosts])
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), 1, now - hour, now + hour)
        .add_extension(names, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, SHA256())
    )
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return made.public_bytes(Encoding.PEM) + private
