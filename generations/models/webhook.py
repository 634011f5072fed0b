from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from config.ids import uuid7


class WebhookInbox(models.Model):
    """What a provider told us, kept as it came before we say that we have it. Read afterwards."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    provider = models.CharField(max_length=20)
    # The provider's own id of what it tells about: told again, it is the same event.
    event_id = models.CharField(max_length=120)
    attempt = models.ForeignKey(
        "generations.Attempt", on_delete=models.PROTECT, related_name="webhooks"
    )
    body = models.BinaryField()
    headers = models.JSONField(default=dict)
    received_at = models.DateTimeField(db_default=Now())
    due_at = models.DateTimeField(db_default=Now())
    tries = models.PositiveSmallIntegerField(default=0)
    processed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["provider", "event_id", "attempt"], name="webhook_once_an_event"
            ),
        ]
        indexes = [
            models.Index(
                fields=["due_at"],
                condition=Q(processed_at__isnull=True),
                name="webhook_to_process",
            ),
        ]
        verbose_name_plural = "webhook inbox"

    def __str__(self) -> str:
        return f"{self.provider} {self.event_id}"
