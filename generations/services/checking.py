"""Of which image a file is, and what it says of itself."""

import hashlib
from dataclasses import dataclass

from accounts.models import User
from generations import provenance, renditions
from generations.errors import UnusableImage
from generations.models import Download, Image
from generations.provenance import Claims


@dataclass(frozen=True, slots=True)
class Checked:
    """What is known of a file. Its digest proves an image; what it says itself proves nothing."""

    digest: str
    image: Image | None
    is_picture: bool
    claims: Claims


def check(data: bytes, *, by: User) -> Checked:
    """Look for the image among those that this person may see."""
    digest = hashlib.sha256(data).hexdigest()
    try:
        renditions.inspect(data)
        claims, is_picture = provenance.read(data), True
    except UnusableImage:
        claims, is_picture = Claims(is_marked=False, has_credential=False, text=""), False
    return Checked(digest, _image_of(digest, by), is_picture, claims)


def _image_of(digest: str, user: User) -> Image | None:
    """Its original, or a file that was given out of it."""
    seen = Image.objects.visible_to(user).select_related("request", "author", "team", "attempt")
    given = Download.objects.filter(digest=digest).values("image")
    originals = seen.filter(digest=digest)
    return originals.order_by("id").first() or seen.filter(pk__in=given).order_by("id").first()
