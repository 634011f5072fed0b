"""The names of environment variables: those the product reads, and those its papers list."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from config.paths import BASE

# boto3 reads these by itself.
READ_BY_LIBRARIES = {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION"}
READERS = {
    "env": {"text", "secret", "address", "boolean", "integer", "seconds", "words"},
    "environ": {"get"},
}


def read_by_the_product() -> set[str]:
    """Every name in `env.text("NAME")` and its kin, and in `os.environ.get("NAME")`."""
    rooms = (BASE / room for room in ("config", "accounts", "generations"))
    files = (path for room in rooms for path in room.rglob("*.py"))
    return {name for path in files for name in _names_in(path)} | READ_BY_LIBRARIES


def asked_by_compose() -> set[str]:
    """What compose.yaml takes from .env by itself: `${NAME...}`."""
    return set(re.findall(r"\$\{(\w+)", (BASE / "docker/compose.yaml").read_text()))


def in_example() -> set[str]:
    return set(
        re.findall(r"^# ([A-Z][A-Z0-9_]*)=", (BASE / ".env.example").read_text(), re.MULTILINE)
    )


def in_readme() -> set[str]:
    """The first column of the configuration table."""
    return set(
        re.findall(r"^\| `([A-Z][A-Z0-9_]*)` \|", (BASE / "README.md").read_text(), re.MULTILINE)
    )


def _names_in(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        match node:
            case ast.Call(
                func=ast.Attribute(
                    value=ast.Name(id=source) | ast.Attribute(attr=source), attr=reader
                ),
                args=[ast.Constant(value=str(name)), *_],
            ) if reader in READERS.get(source, ()):
                yield name
