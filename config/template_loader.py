import re

from django.template.base import Origin
from django_cotton import cotton_loader


class Loader(cotton_loader.Loader):  # type: ignore[misc]  # it carries no types
    """Templates without the indentation they are written with: on a full wall, half a kilobyte."""

    def get_contents(self, origin: Origin) -> str:
        text: str = super().get_contents(origin)
        means_it = "<pre" in text or not origin.name.endswith(".html")
        return text if means_it else re.sub(r"\n[ \t]+", "\n", text)
