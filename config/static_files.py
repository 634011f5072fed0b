"""How static files are served: hashed, minified and compressed, styles and scripts in a file each.

The entries import their parts in CSS's and JavaScript's own words, so the sources need no build.
"""

import re
from collections.abc import Iterator
from posixpath import dirname, normpath
from typing import Any

from django.core.files.base import ContentFile
from django.core.files.storage import InMemoryStorage, Storage
from servestatic.storage import CompressedManifestStaticFilesStorage

ENTRIES = ("css/darkroom.css", "js/darkroom.js")
IMPORT = re.compile(r'^(?:@import|import) "(?P<part>[^"]+)";$', re.MULTILINE)

# What is inside of something, as the minifier understands it too: in a layer it takes `.a :is(b)`
# for a property, and makes `.a:is(b)` of it.
INSIDE = re.compile(r"(?<=[^\s:]) (?=::?[a-z])")

Sources = dict[str, tuple[Storage, str]]


class Bundled(CompressedManifestStaticFilesStorage):  # type: ignore[misc]  # it carries no types
    def post_process(
        self, paths: Sources, *, dry_run: bool = False, **options: Any
    ) -> Iterator[Any]:
        made = InMemoryStorage()
        paths = dict(paths)
        for entry in ENTRIES:
            made.save(entry, ContentFile(_with_parts(paths, entry)))
            paths[entry] = (made, entry)
        yield from super().post_process(paths, **options)


def _with_parts(paths: Sources, entry: str) -> str:
    """The entry with its parts in the place of its imports; they are no longer files to serve."""

    def part(match: re.Match[str]) -> str:
        name = normpath(f"{dirname(entry)}/{match['part']}")
        text = _text(paths.pop(name))
        # Each script keeps its names to itself, as a module does.
        return f"{{\n{text}}}" if name.endswith(".js") else INSIDE.sub(" *", text)

    return IMPORT.sub(part, _text(paths[entry]))


def _text(source: tuple[Storage, str]) -> str:
    storage, path = source
    with storage.open(path) as file:
        return str(file.read().decode())
