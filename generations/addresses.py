"""Addresses of images. A page has hundreds: each kind is reversed once and filled in."""

import functools
from uuid import UUID

from django.urls import get_script_prefix, reverse

_NOBODY = UUID(int=0)


def of_image(image_id: UUID, name: str = "image", *rest: str) -> str:
    """The address of this URL name, which takes an image's id and then the rest."""
    return _any(get_script_prefix(), name, *rest).replace(str(_NOBODY), str(image_id))


@functools.cache
def _any(_prefix: str, name: str, *rest: str) -> str:
    return reverse(name, args=[_NOBODY, *rest])
