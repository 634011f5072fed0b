"""What leaves the house: links that show images to whoever has them, and files given out."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils import timezone

from config.ids import uuid7
from generations.querysets import ShareLinkQuerySet


class ShareLink(models.Model):
    """Shows one image, or those of a collection, to anybody who has its secret.

    It shows no more than whoever made it may see at that moment. Only the digest of the secret is
    stored.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    team = models.ForeignKey("accounts.Team", on_delete=models.PROTECT, related_name="share_links")
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="share_links"
    )
    image = models.ForeignKey(
        "generations.Image",
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="share_links",
    )
    collection = models.ForeignKey(
        "generations.Collection",
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="share_links",
    )
    secret_hash = models.CharField(max_length=64, unique=True, editable=False)
    password = models.CharField(max_length=128, blank=True, editable=False)
    shows_prompt = models.BooleanField(default=False)
    keeps_metadata = models.BooleanField(default=False)
    max_views = models.PositiveIntegerField(null=True, blank=True)
    views = models.PositiveIntegerField(default=0)
    # Tries of the password since a moment, so that it cannot be guessed.
    tries = models.PositiveSmallIntegerField(default=0, editable=False)
    tries_since = models.DateTimeField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)

    objects = ShareLinkQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["team", "made_by", "-id"], name="share_link_of_maker")]
        constraints = [
            models.CheckConstraint(
                condition=Q(image__isnull=False, collection__isnull=True)
                | Q(image__isnull=True, collection__isnull=False),
                name="share_link_shows_one_thing",
            ),
            models.CheckConstraint(
                condition=Q(max_views__isnull=True) | Q(views__lte=F("max_views")),
                name="share_link_within_its_views",
            ),
        ]

    def __str__(self) -> str:
        return f"Link until {self.expires_at:%Y-%m-%d}"

    @property
    def has_password(self) -> bool:
        return bool(self.password)

    @property
    def asks_first(self) -> bool:
        """Whether somebody has to press Open: programs that look at links in messages do not, and
        so use up no view."""
        return self.has_password or self.max_views is not None

    @property
    def views_left(self) -> int | None:
        return None if self.max_views is None else self.max_views - self.views

    @property
    def has_expired(self) -> bool:
        return self.expires_at <= timezone.now()

    @property
    def is_used_up(self) -> bool:
        return self.views_left is not None and self.views_left <= 0


class Download(models.Model):
    """That a file of an image was given out, to whom, and by which digest it is known again."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    image = models.ForeignKey(
        "generations.Image", on_delete=models.CASCADE, related_name="downloads"
    )
    # Nobody of ours, where it was had through a link.
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    link = models.ForeignKey(
        ShareLink, on_delete=models.SET_NULL, null=True, blank=True, related_name="downloads"
    )
    content_type = models.CharField(max_length=20)
    digest = models.CharField(max_length=64, db_index=True)
    at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.content_type} {self.digest[:12]}"
