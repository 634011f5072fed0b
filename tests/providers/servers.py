"""A server of raw sockets on loopback: it writes exactly the bytes a test wants, or misbehaves."""

import contextlib
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Mapping

Behaviour = Callable[[socket.socket], None]
PROMPT = "a heron on one leg in the morning mist"
KEY = "0123456789abcdef0123456789abcdef"


class Server:
    """The nth connection gets the nth behaviour, every further one the last."""

    def __init__(self, *behaviours: Behaviour, tls: ssl.SSLContext | None = None) -> None:
        self.requests: list[bytes] = []
        self._behaviours = behaviours
        self._tls = tls
        self._count = 0
        self._threads: list[threading.Thread] = []
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port: int = self._listener.getsockname()[1]
        self._acceptor = threading.Thread(target=self._accept)
        self._acceptor.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def heads(self) -> list[str]:
        return [request.partition(b"\r\n\r\n")[0].decode() for request in self.requests]

    def stop(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._acceptor.join(5)
        self._listener.close()
        for thread in self._threads:
            thread.join(5)

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                behaviour = self._behaviours[min(self._count, len(self._behaviours) - 1)]
                self._count += 1
                thread = threading.Thread(target=self._serve, args=(connection, behaviour))
                self._threads.append(thread)
                thread.start()

    def _serve(self, connection: socket.socket, behaviour: Behaviour) -> None:
        connection.settimeout(5)
        with contextlib.suppress(OSError), contextlib.ExitStack() as stack:
            stack.callback(connection.close)
            if self._tls:
                connection = stack.enter_context(
                    self._tls.wrap_socket(connection, server_side=True)
                )
            if behaviour not in (slam, refuse_unread):
                self.requests.append(read_request(connection))
            behaviour(connection)


def read_request(connection: socket.socket) -> bytes:
    data = b""
    while b"\r\n\r\n" not in data:
        data += connection.recv(65536) or b"\r\n\r\n"
    head, _, body = data.partition(b"\r\n\r\n")
    length = 0
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            length = int(line.split(b":")[1])
    while len(body) < length:
        body += connection.recv(65536)
    return head + b"\r\n\r\n" + body


def slam(connection: socket.socket) -> None:
    """Reset the connection once the first byte is there, without having taken it."""
    connection.recv(1, socket.MSG_PEEK)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def refuse_unread(connection: socket.socket) -> None:
    """Say no after the first bytes; closing on what was not read resets the connection."""
    connection.recv(1024)
    connection.sendall(response("{}", status=413))


def hang_up(connection: socket.socket) -> None:
    """Read the whole request, then say nothing."""


def fall_silent(connection: socket.socket) -> None:
    """Read the whole request, then keep the line open until the other side gives up."""
    connection.recv(1)


def says(
    body: bytes | str = b"", *, status: int = 200, headers: Mapping[str, str] | None = None
) -> Behaviour:
    return writes(response(body, status=status, headers=headers))


def writes(data: bytes) -> Behaviour:
    return lambda connection: connection.sendall(data)


def drips(data: bytes, *, start: int = 0) -> Behaviour:
    """Each byte after the start comes alone, so no single read ever waits long."""

    def behave(connection: socket.socket) -> None:
        connection.sendall(data[:start])
        for index in range(start, len(data)):
            connection.sendall(data[index : index + 1])
            time.sleep(0.05)

    return behave


def response(
    body: bytes | str = b"", *, status: int = 200, headers: Mapping[str, str] | None = None
) -> bytes:
    data = body.encode() if isinstance(body, str) else body
    fields = {"Content-Length": str(len(data)), **(headers or {})}
    lines = [f"HTTP/1.1 {status} Words", *(f"{name}: {value}" for name, value in fields.items())]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + data
