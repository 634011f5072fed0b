"""A person's own marks on images."""

from collections.abc import Collection
from uuid import UUID

from accounts.models import User
from generations.models import Favourite, Image


def mark(*, by: User, images: Collection[UUID], on: bool) -> list[UUID]:
    """Mark these images, or take the marks off; those that the person may see are given back."""
    seen = list(Image.objects.visible_to(by).filter(pk__in=images).values_list("pk", flat=True))
    if on:
        marks = [Favourite(user=by, image_id=pk) for pk in seen]
        Favourite.objects.bulk_create(marks, ignore_conflicts=True)
    else:
        Favourite.objects.filter(user=by, image__in=seen).delete()
    return seen
