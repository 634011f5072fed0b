"""Fetches one result: judged at every hop, bounded in time and size, believed only by its bytes."""

import time
from http import HTTPStatus

import httpx

from generations.providers import guard, pictures, transport
from generations.providers.base import Download, ProviderConfig
from generations.providers.errors import DownloadError
from generations.providers.guard import AllowedHosts, Destination, DisallowedError, Resolver
from generations.providers.wire import Wire

MAX_REDIRECTS = 3
_GONE = (HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND, HTTPStatus.GONE)


class Downloader:
    """Asks without our key: it is for the API alone. One may serve many threads."""

    def __init__(
        self, *, config: ProviderConfig, hosts: AllowedHosts, resolver: Resolver = guard.resolve
    ) -> None:
        self._config = config
        self._hosts = hosts
        self._resolver = resolver

    def download(self, url: str) -> Download:
        """The picture that lies at the address. Raises DownloadError."""
        try:
            return pictures.read(self._follow(url))
        except DisallowedError as error:
            raise DownloadError(f"The result was not fetched: {error}.", permanent=True) from None
        except transport.TROUBLE as error:
            reason = str(error) or type(error).__name__
            raise DownloadError(f"The result could not be fetched: {reason}.") from None

    def _follow(self, url: str) -> bytes:
        until = time.monotonic() + self._config.download_deadline
        target: str | httpx.URL = url
        for _ in range(1 + MAX_REDIRECTS):
            found = self._fetch(self._hosts.judge(target), until)
            if isinstance(found, bytes):
                return found
            target = found
        raise DownloadError(f"The result was redirected more than {MAX_REDIRECTS} times.")

    def _fetch(self, destination: Destination, until: float) -> bytes | httpx.URL:
        """The body, or the address it has moved to."""
        wire = Wire(
            until=until,
            connect_timeout=self._config.connect_timeout,
            resolver=guard.guarded(self._resolver, destination),
        )
        request = httpx.Request("GET", destination.url, headers={"Accept": "image/*"})
        with transport.open_stream(request, wire=wire) as response:
            if response.has_redirect_location:
                return destination.url.join(response.headers["location"])
            if response.status_code != HTTPStatus.OK:
                raise DownloadError(
                    f"The result's host answered {response.status_code}.",
                    permanent=response.status_code in _GONE,
                )
            limit = self._config.max_download_bytes
            return b"".join(transport.pieces(response, max_bytes=limit))
