from django.conf import settings
from django.db import models
from django.utils import timezone

from accounts.querysets import ApiTokenQuerySet
from config.ids import uuid7

NAME_LENGTH = 80
SHOWN_LENGTH = 17  # "img_live_" and eight characters: enough to tell one's tokens apart


class ApiToken(models.Model):
    """Lets a program act as one person in one team. Only the digest of its secret is stored."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    team = models.ForeignKey("accounts.Team", on_delete=models.PROTECT, related_name="tokens")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="tokens"
    )
    name = models.CharField(max_length=NAME_LENGTH)
    # How the secret begins: found by it, shown as it, and of no use to anybody.
    prefix = models.CharField(max_length=SHOWN_LENGTH, editable=False)
    secret_hash = models.CharField(max_length=64, unique=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    expires_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    objects = ApiTokenQuerySet.as_manager()

    class Meta:
        ordering = ("-created_at", "-id")
        indexes = (models.Index(fields=["prefix"], name="token_by_prefix"),)

    def __str__(self) -> str:
        return self.name

    @property
    def has_expired(self) -> bool:
        return self.expires_at is not None and self.expires_at <= timezone.now()
