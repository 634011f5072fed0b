"""Icons out of the `lucide` package, once a page: `{% icon "x" %}` points at them."""

from functools import cache

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from lucide.templatetags.lucide import lucide

register = template.Library()

ICONS = (
    "activity",
    "arrow-left",
    "arrow-left-right",
    "arrow-left-to-line",
    "arrow-right",
    "arrow-right-to-line",
    "arrow-up",
    "ban",
    "chart-column",
    "check",
    "chevron-down",
    "chevron-left",
    "chevron-right",
    "chevrons-up-down",
    "circle-alert",
    "circle-dot",
    "clock",
    "coins",
    "columns-2",
    "contrast",
    "copy",
    "corner-up-left",
    "download",
    "ellipsis",
    "eye",
    "eye-off",
    "file-input",
    "flag",
    "flask-conical",
    "folder",
    "folder-minus",
    "folder-plus",
    "funnel",
    "gauge",
    "hand-coins",
    "heart",
    "image",
    "image-off",
    "image-plus",
    "images",
    "inbox",
    "info",
    "key-round",
    "keyboard",
    "layers",
    "library",
    "link",
    "loader-circle",
    "lock",
    "lock-open",
    "log-out",
    "maximize",
    "monitor",
    "moon",
    "pencil",
    "plus",
    "refresh-cw",
    "repeat",
    "scale",
    "scan-search",
    "scroll-text",
    "search",
    "send",
    "settings",
    "share-2",
    "shield-alert",
    "shield-check",
    "shuffle",
    "sliders-horizontal",
    "sparkles",
    "stamp",
    "sun",
    "tag",
    "trash-2",
    "triangle-alert",
    "trophy",
    "undo-2",
    "user-plus",
    "users",
    "wand-sparkles",
    "x",
    "zoom-in",
    "zoom-out",
)


@register.simple_tag
@cache
def icon(name: str, size: str = "") -> SafeString:
    """The icon of that name, `size` s or l where it is not as large as a line's."""
    kind = f"icon icon-{size}" if size else "icon"
    return format_html(
        '<svg class="{}" aria-hidden="true"><use href="#i-{}"></use></svg>', kind, name
    )


@register.simple_tag
@cache
def icon_sprite() -> SafeString:
    """The hidden drawing that holds every icon of the pages as a symbol `i-<name>`."""
    symbols = format_html_join("", "{}", ((_symbol(name),) for name in ICONS))
    return format_html('<svg hidden width="0" height="0" aria-hidden="true">{}</svg>', symbols)


def _symbol(name: str) -> SafeString:
    shapes = lucide(name).partition(">")[2].removesuffix("</svg>")
    drawing = mark_safe("".join(line.strip() for line in shapes.splitlines()))  # noqa: S308  # the package's own words
    return format_html('<symbol id="i-{}" viewBox="0 0 24 24">{}</symbol>', name, drawing)
