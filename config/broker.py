"""Celery's messages as files, for the single machine: each whole or not there.

kombu's own transport writes in place, so that a reader may meet half a message, or none of it yet,
and a full disk leaves one for good: reading it would end the worker, and every call in its hands.
"""

import os
import time
import uuid
from pathlib import Path
from typing import Any

import structlog
from kombu.exceptions import OperationalError
from kombu.transport import filesystem
from kombu.utils.json import dumps

log = structlog.get_logger(__name__)


class Channel(filesystem.Channel):
    def _put(  # type: ignore[override]  # as kombu's own does
        self, queue: str, payload: dict[str, Any], **kwargs: Any
    ) -> None:
        """Raises OperationalError."""
        name = f"{time.monotonic_ns() // 1_000_000}_{uuid.uuid4()}.{queue}.msg"
        part = Path(self.data_folder_out, f".{name}")
        try:
            part.write_bytes(dumps(payload).encode())
            part.rename(part.with_name(name))
        except OSError as error:
            part.unlink(missing_ok=True)
            raise OperationalError(os.strerror(error.errno or 0)) from error

    def _get(self, queue: str, timeout: float | None = None) -> Any:
        while True:
            try:
                return super()._get(queue)
            except ValueError:
                log.warning("message_torn", queue=queue)  # The sweeper sends it again.


class Transport(filesystem.Transport):
    Channel = Channel
