"""API tokens: a program's way in, as one person in one team. The secret is told once, and never
kept: what is stored is its digest, which is enough since nobody can guess 30 random characters.
"""

import secrets
import zlib
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Q
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.utils.formats import date_format

from accounts.errors import NotAllowed, TokenUnusable
from accounts.models import ApiToken, Team, User
from accounts.models.tokens import SHOWN_LENGTH
from accounts.permissions import Permission, has_permission
from accounts.services.secret import digest

# A form of its own, so that scanners for secrets find one that was published by mistake.
KIND = "img_live_"
BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
RANDOM_LENGTH = 30
CHECK_LENGTH = 6
LENGTH = len(KIND) + RANDOM_LENGTH + CHECK_LENGTH
# Written with every call, the time of the last use would be the busiest row of all.
USE_IS_NOTED_EVERY = timedelta(minutes=1)


def create(
    *, by: User, team: Team, name: str, expires_at: datetime | None = None
) -> tuple[ApiToken, str]:
    """A token of this person for this team, and its secret, which is told only here."""
    if not has_permission(by, Permission.GENERATE, team):
        raise NotAllowed
    body = "".join(secrets.choice(BASE62) for _ in range(RANDOM_LENGTH))
    secret = KIND + body + _check(body)
    token = ApiToken.objects.create(
        team=team,
        user=by,
        name=name,
        prefix=secret[:SHOWN_LENGTH],
        secret_hash=digest(secret),
        expires_at=expires_at,
    )
    return token, secret


def revoke(*, by: User, token: ApiToken) -> None:
    """End a token at once and for good: one's own, or as an owner anybody's of the team."""
    if by.pk != token.user_id and not has_permission(by, Permission.MANAGE_TEAM, token.team):
        raise NotAllowed
    ApiToken.objects.filter(pk=token.pk).revoke()


def authenticate(secret: str) -> ApiToken:
    """The token of this secret, with its user and team. Raises TokenUnusable with the reason."""
    if not _is_well_formed(secret):
        raise TokenUnusable("This is not a whole token: it begins with img_live_ and has 45 signs.")
    found = ApiToken.objects.select_related("user", "team").filter(prefix=secret[:SHOWN_LENGTH])
    sought = digest(secret)
    for token in found:
        if constant_time_compare(token.secret_hash, sought):
            return _usable(token)
    raise TokenUnusable("There is no such token.")


def still_usable(token_id: UUID) -> ApiToken:
    """The token of this id, as if its secret had been shown again. Raises TokenUnusable."""
    token = ApiToken.objects.select_related("user", "team").filter(pk=token_id).first()
    if token is None:
        raise TokenUnusable("There is no such token.")
    return _usable(token)


def _usable(token: ApiToken) -> ApiToken:
    if token.revoked_at:
        raise TokenUnusable("This token was revoked.")
    if token.expires_at and token.has_expired:
        raise TokenUnusable(f"This token ran out on {date_format(token.expires_at)}.")
    if not has_permission(token.user, Permission.GENERATE, token.team):
        raise TokenUnusable("Whose token this is may no longer make images in its team.")
    _note_use(token)
    return token


def _note_use(token: ApiToken) -> None:
    now = timezone.now()
    stale = Q(last_used_at=None) | Q(last_used_at__lt=now - USE_IS_NOTED_EVERY)
    if token.last_used_at is None or token.last_used_at < now - USE_IS_NOTED_EVERY:
        ApiToken.objects.filter(stale, pk=token.pk).update(last_used_at=now)


def _is_well_formed(secret: str) -> bool:
    body = secret[len(KIND) : -CHECK_LENGTH]
    whole = len(secret) == LENGTH and secret.startswith(KIND) and secret.isascii()
    return whole and constant_time_compare(secret[-CHECK_LENGTH:], _check(body))


def _check(body: str) -> str:
    """Six characters by which a token that was cut or mistyped is known without a look-up."""
    number = zlib.crc32(body.encode())
    digits = ""
    for _ in range(CHECK_LENGTH):
        number, digit = divmod(number, len(BASE62))
        digits = BASE62[digit] + digits
    return digits
