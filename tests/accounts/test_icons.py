import re
from pathlib import Path

from django.conf import settings

from accounts.templatetags.icons import ICONS, icon_sprite

# Pictures, unlike icons, are files.
NAMED = re.compile(
    r'(?:\{% (?:icon|nav_link "[\w:-]+") |<c-(?!art\b)[^>]*?\s(?:name|icon)=)"([a-z][a-z0-9-]*)"'
)


def icons_of_the_pages() -> set[str]:
    pages = Path(settings.BASE_DIR, "templates").rglob("*.html")
    components = (tag for page in pages for tag in NAMED.findall(page.read_text()))
    return set(components)


def test_the_sprite_holds_what_the_pages_show_and_no_more() -> None:
    assert set(ICONS) == icons_of_the_pages()


def test_each_icon_is_a_symbol_of_the_sprite() -> None:
    symbols = re.findall(r'<symbol id="i-([a-z0-9-]+)" viewBox="0 0 24 24"><\w', icon_sprite())

    assert symbols == list(ICONS)
