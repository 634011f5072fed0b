"""The links in mails to approvers: they lead to a request's page and decide nothing."""

from uuid import UUID

from django.core import signing

SALT = "darkroom.approval"
LIFETIME_SECONDS = 14 * 24 * 3600


def token(request_id: UUID) -> str:
    return signing.dumps(request_id.hex, salt=SALT)


def read(token: str) -> UUID | None:
    """The request it was made for; None when it ran out, or was never ours."""
    try:
        return UUID(signing.loads(token, salt=SALT, max_age=LIFETIME_SECONDS))
    except (signing.BadSignature, ValueError):
        return None
