"""Typed reads of the environment. A wrong value stops the start, saying what to write."""

import os
from collections.abc import Mapping
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

TRUE = {"1", "true", "yes", "on"}
FALSE = {"0", "false", "no", "off"}


def read_dotenv(path: Path, environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The `NAME=value` lines of a .env file whose names are not in the environment already."""
    if not path.is_file():
        return {}
    found: dict[str, str] = {}
    for line in path.read_text().splitlines():
        name, separator, value = line.strip().partition("=")
        if separator and not name.startswith("#") and name.strip() not in environ:
            found[name.strip()] = value.strip().strip("\"'")
    return found


def text(name: str, default: str = "") -> str:
    return os.environ.get(name, "").strip() or default


def address(name: str, default: str) -> str:
    """The address of a server, without a slash at the end."""
    return text(name, default).rstrip("/")


def secret(name: str) -> str:
    """A secret from NAME, or from the file that NAME_FILE points at."""
    path = text(f"{name}_FILE")
    return Path(path).read_text().strip() if path else text(name)


def boolean(name: str, default: bool) -> bool:
    value = text(name).lower()
    if not value:
        return default
    if value in TRUE | FALSE:
        return value in TRUE
    raise ImproperlyConfigured(f"{name}={value!r} is not a switch: write true or false.")


def integer(name: str, default: int, *, minimum: int = 0) -> int:
    value = text(name)
    if not value:
        return default
    if not value.isdecimal() or int(value) < minimum:
        raise ImproperlyConfigured(
            f"{name}={value!r} is not usable: write a whole number of at least {minimum}."
        )
    return int(value)


def seconds(name: str, default: float) -> float:
    value = text(name)
    if not value:
        return default
    try:
        number = float(value)
    except ValueError:
        number = -1
    if not 0 <= number < float("inf"):
        raise ImproperlyConfigured(f"{name}={value!r} is not a time: write seconds, such as 30.")
    return number


def words(name: str, default: str = "") -> list[str]:
    """A comma-separated list, blanks dropped."""
    return [word.strip() for word in text(name, default).split(",") if word.strip()]
