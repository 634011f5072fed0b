from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from config.ids import uuid7


class ReportReason(models.TextChoices):
    SEXUAL = "sexual", "Sexual content"
    VIOLENCE = "violence", "Violence or gore"
    PERSON = "person", "A real person, without consent"
    RIGHTS = "rights", "Someone else's work or brand"
    OTHER = "other", "Something else"


class Report(models.Model):
    """A member, or somebody who was sent a link, says that an image should be looked at."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    image = models.ForeignKey("generations.Image", on_delete=models.PROTECT, related_name="reports")
    reporter = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    link = models.ForeignKey(
        "generations.ShareLink",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="reports",
    )
    reason = models.CharField(max_length=12, choices=ReportReason)
    words = models.CharField(max_length=1000, blank=True)
    created_at = models.DateTimeField(db_default=Now())
    decision = models.ForeignKey(
        "generations.Decision",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="reports",
    )

    class Meta:
        ordering = ["-id"]
        constraints = [
            # Whoever comes through a link is nobody of ours, and together they are one.
            models.UniqueConstraint(
                fields=["image", "reporter"],
                condition=models.Q(decision__isnull=True),
                nulls_distinct=False,
                name="report_open_once_per_person",
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_reason_display()}"


class DecisionAction(models.TextChoices):
    HIDE = "hide", "Hide"
    RESTORE = "restore", "Restore"
    DISMISS = "dismiss", "Leave as it is"


class Decision(models.Model):
    """What staff decided about an image, and why. Never changed; a later one overrules it."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    image = models.ForeignKey(
        "generations.Image", on_delete=models.PROTECT, related_name="decisions"
    )
    action = models.CharField(max_length=8, choices=DecisionAction)
    reason = models.CharField(max_length=1000)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=~models.Q(reason=""), name="decision_has_a_reason")
        ]

    def __str__(self) -> str:
        return f"{self.get_action_display()}: {self.reason}"
