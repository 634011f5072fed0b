"""Where images are laid beside each other."""

from collections.abc import Sequence
from urllib.parse import urlencode

from django.urls import reverse

from generations.models import Image

NAMES = ("a", "b", "c", "d")


def address(images: Sequence[Image], **more: str) -> str:
    """Of the page that compares these images."""
    named = {name: str(image.pk) for name, image in zip(NAMES, images, strict=False)}
    return f"{reverse('compare')}?{urlencode(named | more)}"


def beside_next(shown: Image, siblings: Sequence[Image]) -> str:
    """The image and the next of its batch; where it is alone, the page to choose another on."""
    later = [one for one in siblings if one.index > shown.index]
    return address([shown, *(later or siblings)[:1]])
