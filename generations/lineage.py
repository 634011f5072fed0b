"""The images of one's own batch, what an image was made from, and what was made from it."""

from dataclasses import dataclass

from accounts.models import User
from generations.models import Image

SHOWN = 8


@dataclass(frozen=True, slots=True)
class Family:
    """`batch` is all of its request, whether it can be seen or not, this image too; the others are
    what the person may see."""

    batch: list[Image]
    made_from: Image | None
    made_into: list[Image]


def family(image: Image, *, user: User) -> Family:
    """All of them in one query; of what was made from it, the latest."""
    asked = image.request
    batch = Image.objects.filter(request=asked).select_related("request")
    seen = Image.objects.visible_to(user).select_related("request")
    made = seen.filter(request__made_from=image).order_by("-id")[:SHOWN]
    # Not by an "or", for which there is no index.
    found = list(batch.union(made, seen.filter(made_into=asked), all=True))
    return Family(
        batch=sorted(
            (one for one in found if one.request_id == asked.pk), key=lambda one: one.index
        ),
        made_from=next((one for one in found if one.pk == asked.made_from_id), None),
        made_into=[one for one in found if one.request.made_from_id == image.pk],
    )
