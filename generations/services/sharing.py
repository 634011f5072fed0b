"""Links that show images to people outside, for a while.

Whether a link shows something is asked of the database each time, so that what takes it back works
at once: its end, its views, its maker, the team, the trash, a moderator, a report.
"""

import secrets
from dataclasses import dataclass
from datetime import timedelta

from django.contrib.auth.hashers import check_password, make_password
from django.core import signing
from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone

from accounts.errors import NotAllowed
from accounts.models import User
from accounts.permissions import Permission, has_permission
from accounts.services.secret import digest
from generations.errors import TooManyTries, UsedUp, WrongPassword
from generations.models import Collection, Image, Report, ShareLink
from generations.querysets import ImageQuerySet

DAYS = 30
# How long somebody who was let in may still fetch the files of the page.
PASS_SECONDS = 3600
MOST_TRIES = 10
TRIES_EVERY = timedelta(minutes=15)
_SALT = "generations.share"


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What whoever has a link gets, and for how long."""

    days: int = DAYS
    password: str = ""
    max_views: int | None = None
    shows_prompt: bool = False
    keeps_metadata: bool = False


def share(*, by: User, what: Image | Collection, terms: Terms) -> tuple[ShareLink, str]:
    """A link to an image or a collection, and its secret, which is told only here."""
    if not has_permission(by, Permission.SHARE, what.team):
        raise NotAllowed
    secret = secrets.token_urlsafe(32)
    link = ShareLink.objects.create(
        team=what.team,
        made_by=by,
        image=what if isinstance(what, Image) else None,
        collection=what if isinstance(what, Collection) else None,
        secret_hash=digest(secret),
        password=make_password(terms.password) if terms.password else "",
        max_views=terms.max_views,
        shows_prompt=terms.shows_prompt,
        keeps_metadata=terms.keeps_metadata,
        expires_at=timezone.now() + timedelta(days=terms.days),
    )
    return link, secret


def revoke(*, by: User, link: ShareLink) -> None:
    """Take a link back, at once and for good: one's own, or as an owner anybody's of the team."""
    if by.pk != link.made_by_id and not has_permission(by, Permission.MANAGE_TEAM, link.team):
        raise NotAllowed
    ShareLink.objects.filter(pk=link.pk).revoke()


def find(secret: str) -> ShareLink | None:
    """The link of this secret, if it still shows something."""
    links = ShareLink.objects.in_force().select_related("team", "made_by", "collection")
    link = links.filter(secret_hash=digest(secret)).first()
    return link if link and images_of(link).exists() else None


def images_of(link: ShareLink) -> ImageQuerySet:
    """What a link shows now: no more than its maker may see and share, and nothing reported."""
    if not has_permission(link.made_by, Permission.SHARE, link.team):
        return Image.objects.none()
    reported = Report.objects.filter(image=OuterRef("pk"), decision=None)
    seen = Image.objects.visible_to(link.made_by).filter(~Exists(reported), team=link.team)
    if link.collection is None:
        return seen.filter(share_links=link)
    if not Collection.objects.visible_to(link.made_by).contains(link.collection):
        return Image.objects.none()
    return seen.of_collection(link.collection).order_by("collection_items__position")


def enter(link: ShareLink, *, password: str = "") -> str:
    """A pass for the files behind a link, for one of its views. Raises ShareRefused."""
    if link.has_password:
        _check(link, password)
    if not ShareLink.objects.filter(pk=link.pk).count_view():
        raise UsedUp
    return signing.dumps(str(link.pk), salt=_SALT)


def admits(link: ShareLink, given: str) -> bool:
    """Whether this pass was given out for this link within the hour."""
    return _is_pass(link, given, max_age=PASS_SECONDS)


def has_run_out(link: ShareLink, given: str) -> bool:
    """Whether this pass of the link has run out."""
    return not admits(link, given) and _is_pass(link, given, max_age=None)


def _is_pass(link: ShareLink, given: str, *, max_age: int | None) -> bool:
    try:
        return bool(signing.loads(given, salt=_SALT, max_age=max_age) == str(link.pk))
    except signing.BadSignature:
        return False


def _check(link: ShareLink, password: str) -> None:
    """Counted before it is looked at: many who try at once get no more tries than one."""
    if not _take_a_try(link):
        raise TooManyTries(TRIES_EVERY)
    if not check_password(password, link.password):
        raise WrongPassword
    ShareLink.objects.filter(pk=link.pk, tries__gt=0).update(tries=F("tries") - 1)


def _take_a_try(link: ShareLink) -> bool:
    now = timezone.now()
    this = ShareLink.objects.filter(pk=link.pk)
    rested = Q(tries_since=None) | Q(tries_since__lte=now - TRIES_EVERY)
    if this.filter(rested).update(tries=1, tries_since=now):
        return True
    return this.filter(tries__lt=MOST_TRIES).update(tries=F("tries") + 1) == 1
