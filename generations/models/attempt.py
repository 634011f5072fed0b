from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from config.ids import uuid7


class AttemptState(models.TextChoices):
    SENT = "sent", "Sent"
    SUBMITTED = "submitted", "Queued at the provider"
    ANSWERED = "answered", "Answered"
    REJECTED = "rejected", "Rejected by the provider"
    NOT_RUN = "not_run", "Provably never ran"
    UNKNOWN = "unknown", "Outcome unknown"
    LOST = "lost", "Charged by the provider, no picture"


class CostSource(models.TextChoices):
    BODY = "body", "Stated in the answer"
    HEADER = "header", "Stated in a header"
    LOG = "log", "Read in the provider's log"
    COMPUTED = "computed", "Computed from our price"


class Attempt(models.Model):
    """One paid call to a provider, written before its first byte is sent."""

    # Of an open circuit; known to the process that claimed it.
    is_probe = False

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    request = models.ForeignKey(
        "generations.GenerationRequest", on_delete=models.PROTECT, related_name="attempts"
    )
    # Its request may have gone on to another one since.
    provider = models.CharField(max_length=20, blank=True, db_default="")
    number = models.PositiveSmallIntegerField()
    fence = models.BigIntegerField()
    client_request_id = models.CharField(max_length=80, unique=True)
    state = models.CharField(max_length=10, choices=AttemptState, default=AttemptState.SENT)
    sent_at = models.DateTimeField(db_default=Now())
    answered_at = models.DateTimeField(null=True, blank=True)
    http_status = models.PositiveSmallIntegerField(null=True, blank=True)
    error_kind = models.CharField(max_length=20, blank=True)
    error_message = models.CharField(max_length=500, blank=True)
    inference_id = models.CharField(max_length=120, blank=True)
    # Of what a provider queued: its own addresses, which are never built.
    status_url = models.CharField(max_length=500, blank=True, default="", db_default="")
    response_url = models.CharField(max_length=500, blank=True, default="", db_default="")
    cancel_url = models.CharField(max_length=500, blank=True, default="", db_default="")
    cost_nano_usd = models.BigIntegerField(null=True, blank=True)
    cost_native = models.BigIntegerField(null=True, blank=True)
    cost_unit = models.CharField(max_length=20, blank=True)
    cost_source = models.CharField(max_length=10, choices=CostSource, blank=True)
    raw_headers = models.JSONField(default=dict, blank=True)
    raw_body = models.TextField(blank=True)
    seconds = models.FloatField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["request", "number"], name="attempt_number_once"),
            models.CheckConstraint(
                condition=Q(cost_nano_usd__isnull=True) | Q(cost_nano_usd__gte=0),
                name="attempt_cost_not_negative",
            ),
        ]
        # Attempts of a day are laid beside the provider's records, which may name older ones.
        indexes = [
            models.Index(fields=["sent_at"], name="attempt_by_time"),
            models.Index(
                fields=["inference_id"],
                condition=~Q(inference_id=""),
                name="attempt_by_inference",
            ),
        ]
        ordering = ["request", "number"]

    def __str__(self) -> str:
        return f"{self.client_request_id} {self.get_state_display()}"

    @property
    def is_of_another_provider(self) -> bool:
        """Than the one that its request is with now."""
        return self.provider != self.request.provider

    @property
    def model(self) -> str:
        """The model that was called, by its provider's name for it."""
        return self.request.moved_from if self.is_of_another_provider else self.request.model
