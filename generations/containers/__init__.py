"""The parts of PNG, JPEG and WebP files: what is not picture, put in or taken out without decoding.

Every pixel stays as it was. A file that is not whole raises UnusableImage.
"""

import struct
from collections.abc import Callable
from typing import Protocol, TypeVar

from generations.containers import jpeg, png, webp
from generations.containers.marks import Marks
from generations.errors import UnusableImage

__all__ = ["Marks", "has_credential", "marked", "stripped"]

T = TypeVar("T")


class Format(Protocol):
    def has_credential(self, data: bytes, /) -> bool: ...
    def stripped(self, data: bytes, /) -> bytes: ...
    def marked(self, data: bytes, marks: Marks, /) -> bytes: ...


FORMATS: dict[str, Format] = {"image/png": png, "image/jpeg": jpeg, "image/webp": webp}


def has_credential(data: bytes, content_type: str) -> bool:
    """Whether there is a C2PA manifest in the file."""
    return _read(FORMATS[content_type].has_credential, data)


def stripped(data: bytes, content_type: str) -> bytes:
    """The picture with nothing beside it but its colour profile and which way is up."""
    return _read(FORMATS[content_type].stripped, data)


def marked(data: bytes, content_type: str, marks: Marks) -> bytes:
    """The file with these marks, instead of any of their kind that it had."""
    return _read(FORMATS[content_type].marked, data, marks)


def _read(step: Callable[..., T], *given: object) -> T:
    try:
        return step(*given)
    except (IndexError, ValueError, struct.error) as error:
        raise UnusableImage("The file is not whole.") from error
