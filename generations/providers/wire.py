"""Sockets that keep to one call's deadline and remember whether anything was sent."""

import socket
import ssl
import time
from collections.abc import Iterable

import httpcore

from generations.providers.guard import Resolver


class Wire(httpcore.NetworkBackend):
    """Opens sockets for one call, and knows its deadline and whether anything left us."""

    def __init__(self, *, until: float, connect_timeout: float, resolver: Resolver) -> None:
        """`until` is a time of `time.monotonic()`; several calls may share it."""
        self.sent = False
        self._until = until
        self._connect_timeout = connect_timeout
        self._resolver = resolver

    def remaining(self) -> float:
        # Asked before every read and write. httpx bounds each of them alone, so a server that
        # drips a byte a second would hold its caller for ever.
        left = self._until - time.monotonic()
        if left <= 0:
            raise TimeoutError("the time for the whole call is over")
        return left

    def patience(self) -> float:
        """How long to wait for a connection that is only being made."""
        return min(self._connect_timeout, self.remaining())

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> "Stream":
        # The resolver has judged these addresses, so they are connected to and none looked up anew.
        addresses = self._resolver(host, port)
        failure = OSError("the host has no address")
        for address in addresses:
            try:
                patience = self.patience() / len(addresses)
                return Stream(_open_socket(address, port, patience), self)
            except OSError as error:
                failure = error
        raise failure


class Stream(httpcore.NetworkStream):
    def __init__(self, sock: socket.socket, wire: Wire) -> None:
        self._sock = sock
        self._wire = wire

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        self._sock.settimeout(self._wire.remaining())
        return self._sock.recv(max_bytes)

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._wire.sent = True  # before the attempt: a failed write may have got through in part
        rest = memoryview(buffer)
        while rest:
            self._sock.settimeout(self._wire.remaining())
            try:
                rest = rest[self._sock.send(rest) :]
            except TimeoutError:
                raise
            except OSError as error:
                # httpcore then still reads: a server may refuse early and hang up.
                raise httpcore.WriteError(str(error)) from error

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> "Stream":
        self._sock.settimeout(self._wire.patience())
        try:
            secured = ssl_context.wrap_socket(self._sock, server_hostname=server_hostname)
        except BaseException:
            self.close()
            raise
        return Stream(secured, self._wire)

    def close(self) -> None:
        self._sock.close()

    def get_extra_info(self, info: str) -> object:
        secured = isinstance(self._sock, ssl.SSLSocket)
        return self._sock if info == "ssl_object" and secured else None


def _open_socket(address: str, port: int, timeout: float) -> socket.socket:
    sock = socket.create_connection((address, port), timeout=timeout)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    # A picture takes minutes at times, and routers forget connections that say nothing.
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    if hasattr(socket, "TCP_KEEPIDLE"):
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 30)
    return sock
