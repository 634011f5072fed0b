"""One-time sign-in links: good for a day, dead after the next sign-in or change of password."""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core import signing
from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.crypto import constant_time_compare, salted_hmac

from accounts.errors import SignInLinkUnusable
from accounts.models import User

LIFETIME = timedelta(hours=24)
_SALT = "accounts.sign_in"


def link_for(user: User) -> str:
    """An absolute address that signs this person in once."""
    token = signing.dumps([str(user.pk), _fingerprint(user)], salt=_SALT)
    return str(settings.PUBLIC_URL) + reverse("login-link", args=[token])


def redeem(token: str) -> User:
    """Whom the link signs in; the link is used up. Raises SignInLinkUnusable."""
    user_id, fingerprint = _read(token)
    with transaction.atomic():
        # The lock makes the second of two simultaneous clicks see the first one's sign-in.
        user = User.objects.select_for_update().filter(pk=user_id, is_active=True).first()
        if user is None or not constant_time_compare(fingerprint, _fingerprint(user)):
            raise SignInLinkUnusable("This sign-in link was used already.")
        user.last_login = timezone.now()
        user.save(update_fields=["last_login"])
    return user


def _read(token: str) -> tuple[str, str]:
    try:
        payload: Any = signing.loads(token, salt=_SALT, max_age=LIFETIME)
    except signing.SignatureExpired as error:
        raise SignInLinkUnusable("This sign-in link is more than a day old.") from error
    except signing.BadSignature as error:
        raise SignInLinkUnusable("This sign-in link is not complete.") from error
    user_id, fingerprint = payload
    return user_id, fingerprint


def _fingerprint(user: User) -> str:
    state = f"{user.password}|{user.last_login}|{user.email}"
    return salted_hmac(_SALT, state, algorithm="sha256").hexdigest()
