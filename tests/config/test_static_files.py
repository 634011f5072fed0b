import gzip
import re

from django.conf import settings
from django.contrib.staticfiles.storage import staticfiles_storage
from django.test import Client

from config.paths import BASE
from config.static_files import ENTRIES

SOURCES = BASE / "static"
NAMED = re.compile(r'{% static "([^"]+\.(?:css|js))"')
LINKED = re.compile(r'"/static/([^"]+\.(?:css|js))"')


def named_by_templates() -> set[str]:
    """The scripts and styles of all pages but the admin site's, as they are served."""
    files = [file for file in BASE.glob("templates/**/*.html") if "admin" not in file.parts]
    found = {name for file in files for name in NAMED.findall(file.read_text())}
    return {staticfiles_storage.stored_name(name) for name in found}  # type: ignore[attr-defined]  # of a manifest


def served(name: str) -> bytes:
    return gzip.decompress((settings.STATIC_ROOT / f"{name}.gz").read_bytes())


def test_all_scripts_and_styles_of_the_product_weigh_less_than_40_kilobytes(db: None) -> None:
    page = set(LINKED.findall(Client().get("/signin/").text))
    weights = {
        name: (settings.STATIC_ROOT / f"{name}.gz").stat().st_size
        for name in page | named_by_templates()
    }

    assert len(weights) == 4, "htmx, its extension, and one file of ours of each kind"
    assert sum(weights.values()) < 40_000, weights


def test_every_style_and_script_is_in_the_file_that_is_served() -> None:
    for entry in ENTRIES:
        parts = re.findall(r'import "(?:\./)?([^"]+)"', (SOURCES / entry).read_text())
        folder = (SOURCES / entry).parent
        assert sorted(parts) == sorted(
            file.name for file in folder.iterdir() if file.name != (SOURCES / entry).name
        )


def test_scripts_stand_in_one_file_without_meeting() -> None:
    """A module that exports or imports something has no place in another's file."""
    parts = [file for file in (SOURCES / "js").glob("*.js") if file.name != "darkroom.js"]
    meet = re.compile(r"^(import|export)\b", re.MULTILINE)
    assert parts
    assert [one.name for one in parts if meet.search(one.read_text())] == []


def test_what_is_inside_stays_inside() -> None:
    """`.seg :is(label)` is a label in it, which the minifier would take for the same element."""
    styles = served(staticfiles_storage.stored_name("css/darkroom.css")).decode()  # type: ignore[attr-defined]  # of a manifest

    assert ".seg *:is(label," in styles
    assert ".seg:is(label," not in styles


def test_what_is_served_is_small_and_whole() -> None:
    for entry in ENTRIES:
        name = staticfiles_storage.stored_name(entry)  # type: ignore[attr-defined]  # of a manifest
        text = served(name).decode()
        assert 'import "' not in text
        assert len(text) < len((settings.STATIC_ROOT / name).read_text())
        assert text.count("{") == text.count("}")
