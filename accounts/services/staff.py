"""Who counts as staff: what only they may do asks here."""

from accounts.errors import NotAllowed
from accounts.models import User


def is_staff(user: User) -> bool:
    return user.is_staff and user.is_active


def expect_staff(by: User) -> None:
    """Raises NotAllowed."""
    if not is_staff(by):
        raise NotAllowed
