"""The ledger as a file that is sent piece by piece."""

import base64
import hashlib
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from tempfile import SpooledTemporaryFile
from typing import IO

from django.http import StreamingHttpResponse

IN_MEMORY = 1_000_000
PIECE = 64 * 1024


@dataclass(frozen=True, slots=True)
class Written:
    file: IO[bytes]
    digest: bytes


def csv(written: Written, *, name: str) -> StreamingHttpResponse:
    """The file, with its SHA-256 in a header (RFC 9530)."""
    response = StreamingHttpResponse(_Pieces(written.file), content_type="text/csv; charset=utf-8")
    response["Content-Length"] = str(written.file.tell())
    response["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    response["Repr-Digest"] = f"sha-256=:{base64.b64encode(written.digest).decode()}:"
    response["Cache-Control"] = "private, no-store"
    return response


def write(chunks: Iterable[bytes]) -> Written:
    # To a file of ours first: the digest goes ahead of the bytes it is of, and a reader on a slow
    # line keeps no database connection.
    whole = hashlib.sha256()
    file = SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115  # closed with the response
    for chunk in chunks:
        whole.update(chunk)
        file.write(chunk)
    return Written(file, whole.digest())


class _Pieces:
    """A file from its beginning, closed with the response that sends it."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file

    async def __aiter__(self) -> AsyncIterator[bytes]:
        self._file.seek(0)
        while piece := self._file.read(PIECE):
            yield piece

    def close(self) -> None:
        self._file.close()
