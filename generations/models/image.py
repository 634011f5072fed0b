from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from config.ids import uuid7
from generations.models.request import Visibility
from generations.querysets import ImageQuerySet

ALT_LENGTH = 120
NAME_LENGTH = 60


class ImageStatus(models.TextChoices):
    PENDING = "pending", "To be stored"
    STORED = "stored", "Stored"
    BLOCKED = "blocked", "Blocked by the safety filter"
    LOST = "lost", "Gone at the provider"
    # Nothing shows it any more. Its objects go next, then the row.
    PURGED = "purged", "Deleted for good"


class Image(models.Model):
    """One output of a request. Its original is stored byte for byte as the provider made it."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    request = models.ForeignKey(
        "generations.GenerationRequest", on_delete=models.PROTECT, related_name="images"
    )
    attempt = models.ForeignKey(
        "generations.Attempt", on_delete=models.PROTECT, related_name="images"
    )
    index = models.PositiveSmallIntegerField()
    team = models.ForeignKey("accounts.Team", on_delete=models.PROTECT, related_name="images")
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="images"
    )
    visibility = models.CharField(max_length=8, choices=Visibility, default=Visibility.TEAM)
    status = models.CharField(max_length=8, choices=ImageStatus, default=ImageStatus.PENDING)
    folder = models.CharField(max_length=160, blank=True)
    digest = models.CharField(max_length=64, blank=True)
    content_type = models.CharField(max_length=20, blank=True)
    size = models.PositiveIntegerField(default=0)
    width = models.PositiveIntegerField(default=0)
    height = models.PositiveIntegerField(default=0)
    seed = models.BigIntegerField(null=True, blank=True)
    placeholder = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(db_default=Now())
    stored_at = models.DateTimeField(null=True, blank=True)
    renditions_at = models.DateTimeField(null=True, blank=True)
    rendition_tries = models.PositiveSmallIntegerField(default=0)
    hidden_at = models.DateTimeField(null=True, blank=True)
    trashed_at = models.DateTimeField(null=True, blank=True)
    trashed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    purged_at = models.DateTimeField(null=True, blank=True)

    objects = ImageQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["attempt", "index"], name="image_once_per_output"),
            models.CheckConstraint(
                condition=Q(status=ImageStatus.STORED, stored_at__isnull=False)
                & ~Q(digest="")
                & ~Q(folder="")
                & Q(width__gt=0, height__gt=0)
                | (~Q(status=ImageStatus.STORED) & Q(stored_at__isnull=True)),
                name="image_stored_is_whole",
            ),
            models.CheckConstraint(
                condition=Q(status=ImageStatus.PURGED, purged_at__isnull=False)
                | (~Q(status=ImageStatus.PURGED) & Q(purged_at__isnull=True)),
                name="image_purged_says_when",
            ),
        ]
        indexes = [
            models.Index(
                fields=["team", "-id"],
                condition=Q(status=ImageStatus.STORED, trashed_at__isnull=True),
                name="image_of_team",
            ),
            models.Index(
                fields=["team", "author", "-id"],
                condition=Q(status=ImageStatus.STORED, trashed_at__isnull=True),
                name="image_of_author",
            ),
            models.Index(
                fields=["team", "-trashed_at", "-id"],
                condition=Q(status=ImageStatus.STORED, trashed_at__isnull=False),
                name="image_in_trash",
            ),
            models.Index(
                fields=["team", "-id"],
                condition=Q(status=ImageStatus.STORED, hidden_at__isnull=False),
                name="image_hidden",
            ),
            models.Index(
                fields=["trashed_at"],
                condition=Q(status=ImageStatus.STORED, trashed_at__isnull=False),
                name="image_runs_out",
            ),
            models.Index(
                fields=["purged_at"],
                condition=Q(status=ImageStatus.PURGED) & ~Q(folder=""),
                name="image_has_objects_left",
            ),
            models.Index(
                fields=["digest"],
                condition=Q(status=ImageStatus.STORED),
                name="image_by_digest",
            ),
            models.Index(
                fields=["stored_at"],
                condition=Q(status=ImageStatus.STORED, renditions_at__isnull=True),
                name="image_wants_renditions",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.width} × {self.height} {self.get_status_display()}"

    @property
    def can_be_opened(self) -> bool:
        """By whoever may see it at all."""
        is_there = self.status == ImageStatus.STORED
        return is_there and self.hidden_at is None and self.trashed_at is None

    @property
    def alt(self) -> str:
        return self._called(ALT_LENGTH)

    @property
    def name(self) -> str:
        """What buttons call it, whose own words come before."""
        return self._called(NAME_LENGTH)

    def _called(self, length: int) -> str:
        prompt = self.request.prompt
        return prompt if len(prompt) <= length else prompt[: length - 1].rstrip() + "…"

    @property
    def shape(self) -> float:
        """Width over height, as the picture is."""
        return round(self.width / self.height, 4) if self.height else 1.0

    @property
    def aspect(self) -> float:
        """Width over height, within what a row of the wall can show."""
        return min(max(self.shape, 0.5), 2.4)
