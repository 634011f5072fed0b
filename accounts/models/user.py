from typing import ClassVar

from django.contrib.auth.models import AbstractBaseUser, PermissionsMixin
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone

from accounts.querysets import UserManager
from config.ids import uuid7


class User(AbstractBaseUser, PermissionsMixin):
    """A person. Users are deactivated, not deleted: images and charges keep their author."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    email = models.EmailField("e-mail", unique=True)
    name = models.CharField(max_length=100, blank=True)
    is_active = models.BooleanField("active", default=True)
    is_staff = models.BooleanField("staff", default=False, help_text="May use the admin site.")
    date_joined = models.DateTimeField(default=timezone.now, editable=False)
    # Whether single letters do things; whoever speaks to their browser may want none to.
    shortcuts = models.BooleanField(default=True, db_default=True)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        constraints = (
            # With `unique` this makes the address unique whatever its case.
            models.CheckConstraint(
                condition=models.Q(email=Lower("email")), name="user_email_is_lower_case"
            ),
        )

    def clean(self) -> None:
        super().clean()
        self.email = self.email.lower()

    @property
    def display_name(self) -> str:
        return self.name or self.email.partition("@")[0]

    @property
    def initials(self) -> str:
        words = self.display_name.replace(".", " ").replace("-", " ").split()
        return "".join(word[0] for word in words[:2]).upper() or "?"

    def get_short_name(self) -> str:
        return self.display_name
