"""Who counts as staff: what only they may do asks here."""

from django.contrib.auth.backends import ModelBackend
from django.db.models import QuerySet

from accounts.errors import NotAllowed
from accounts.models import User


def is_staff(user: User) -> bool:
    return user.is_staff and user.is_active


def expect_staff(by: User) -> None:
    """Raises NotAllowed."""
    if not is_staff(by):
        raise NotAllowed


def keepers() -> QuerySet[User]:
    """Those of staff who may change credits by hand, and agree that another one does."""
    return ModelBackend().with_perm("accounts.change_creditaccount").filter(is_staff=True)


def is_keeper(user: User) -> bool:
    return keepers().filter(pk=user.pk).exists()


def expect_keeper(by: User) -> None:
    """Raises NotAllowed."""
    if not is_keeper(by):
        raise NotAllowed
