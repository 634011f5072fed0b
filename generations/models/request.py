from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from config.ids import uuid7
from generations.querysets import RequestQuerySet


class Status(models.TextChoices):
    AWAITING_APPROVAL = "awaiting", "Waits for approval"
    QUEUED = "queued", "Queued"
    SENDING = "sending", "Sending"
    SUBMITTED = "submitted", "Submitted"
    ANSWERED = "answered", "Answered"
    UNCONFIRMED = "unconfirmed", "Unconfirmed"
    SUCCEEDED = "succeeded", "Succeeded"
    FAILED = "failed", "Failed"
    CANCELLED = "cancelled", "Cancelled"


TERMINAL = frozenset({Status.SUCCEEDED, Status.FAILED, Status.CANCELLED})
OPEN = frozenset(Status) - TERMINAL
UNSENT = frozenset({Status.AWAITING_APPROVAL, Status.QUEUED})


class Visibility(models.TextChoices):
    TEAM = "team", "Team"
    PRIVATE = "private", "Only me"


class Source(models.TextChoices):
    WEB = "web", "Web"
    COMMAND = "command", "Command line"
    API = "api", "API"


class Priority(models.IntegerChoices):
    """Whose turn comes first within a team: somebody who looks on does not wait for bulk."""

    INTERACTIVE = 0
    API = 1
    BULK = 2


PRIORITY_OF = {
    Source.WEB: Priority.INTERACTIVE,
    Source.API: Priority.API,
    Source.COMMAND: Priority.BULK,
}


class GenerationRequest(models.Model):
    """What a person asked for. The row is the queue: once committed it is a promise."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    team = models.ForeignKey("accounts.Team", on_delete=models.PROTECT, related_name="requests")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="requests"
    )
    idempotency_key = models.UUIDField()
    fingerprint = models.CharField(max_length=64)
    provider = models.CharField(max_length=20)
    model = models.CharField(max_length=80)
    prompt = models.TextField()
    params = models.JSONField()
    num_images = models.PositiveSmallIntegerField()
    # Of these, what it was charged for: the images themselves may be deleted for good.
    arrived = models.PositiveSmallIntegerField(default=0, db_default=0)
    visibility = models.CharField(max_length=8, choices=Visibility, default=Visibility.TEAM)
    source = models.CharField(max_length=8, choices=Source, default=Source.WEB)
    token = models.ForeignKey(
        "accounts.ApiToken",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="requests",
    )
    priority = models.PositiveSmallIntegerField(
        choices=Priority, default=Priority.INTERACTIVE, db_default=Priority.INTERACTIVE
    )
    # The image whose recipe or picture it began with; what is left of its row stays when it goes.
    made_from = models.ForeignKey(
        "generations.Image",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="made_into",
        db_index=False,
    )
    hold = models.OneToOneField("accounts.Hold", on_delete=models.PROTECT, related_name="request")
    # What it was held by, and is charged by, whatever the price book says later. Requests from
    # before there was one have none.
    price_version = models.ForeignKey(
        "generations.PriceVersion",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
    )
    markup = models.ForeignKey(
        "generations.Markup",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
    )
    credits_per_usd = models.PositiveIntegerField(null=True, blank=True)
    # The same model at another provider, which may make it instead, and whose price the hold
    # covers. Once it does, the model that was asked first, and the most it would have cost there.
    alternative = models.CharField(max_length=80, blank=True, default="", db_default="")
    moved_from = models.CharField(max_length=80, blank=True, default="", db_default="")
    would_have_cost = models.BigIntegerField(null=True, blank=True)

    status = models.CharField(max_length=12, choices=Status, default=Status.QUEUED)
    # Whether it stood above the team's threshold: such a hold may be older than any other.
    waited = models.BooleanField(default=False, db_default=False)
    fence = models.BigIntegerField(default=0)
    attempt_count = models.PositiveSmallIntegerField(default=0)
    # When the row may be worked on next: a retry's back-off, a look at the provider's log.
    due_at = models.DateTimeField(db_default=Now())
    tries = models.PositiveSmallIntegerField(default=0)
    lease_owner = models.CharField(max_length=80, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    # In a provider's queue: how many are before it, and the last line of the model's log.
    queue_position = models.PositiveIntegerField(null=True, blank=True)
    queue_note = models.CharField(max_length=120, blank=True, default="", db_default="")
    cancel_asked_at = models.DateTimeField(null=True, blank=True)
    error_code = models.CharField(max_length=30, blank=True)
    error_detail = models.CharField(max_length=500, blank=True)

    created_at = models.DateTimeField(db_default=Now())
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    objects = RequestQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["team", "user", "idempotency_key"], name="request_once_per_key"
            ),
            models.CheckConstraint(
                condition=Q(status__in=Status.values), name="request_status_known"
            ),
            models.CheckConstraint(
                condition=Q(num_images__gte=1), name="request_asks_for_an_image"
            ),
            models.CheckConstraint(
                condition=Q(status__in=TERMINAL, finished_at__isnull=False)
                | (~Q(status__in=TERMINAL) & Q(finished_at__isnull=True)),
                name="request_finished_with_its_status",
            ),
            models.CheckConstraint(
                condition=~Q(status=Status.SENDING) | Q(lease_until__isnull=False),
                name="request_sending_has_a_lease",
            ),
        ]
        indexes = [
            models.Index(
                fields=["provider", "team", "priority", "due_at", "id"],
                condition=Q(status=Status.QUEUED),
                name="request_queue",
            ),
            models.Index(
                fields=["status", "due_at"],
                condition=~Q(status__in=TERMINAL),
                name="request_open",
            ),
            models.Index(
                fields=["team"], condition=~Q(status__in=TERMINAL), name="request_open_of_team"
            ),
            models.Index(
                fields=["team"],
                condition=Q(status__in=[Status.SENDING, Status.SUBMITTED]),
                name="request_in_flight",
            ),
            models.Index(
                fields=["due_at"],
                condition=Q(status=Status.QUEUED) & ~Q(alternative=""),
                name="request_may_move",
            ),
            models.Index(fields=["team", "user", "-id"], name="request_by_person"),
            models.Index(
                fields=["team", "finished_at"],
                condition=Q(finished_at__isnull=False),
                name="request_finished",
            ),
            models.Index(
                fields=["team", "model", "-finished_at"],
                include=["started_at"],
                condition=Q(status=Status.SUCCEEDED),
                name="request_took",
            ),
            models.Index(
                fields=["team", "finished_at"], condition=Q(waited=True), name="request_waited"
            ),
            models.Index(
                fields=["made_from", "-id"],
                condition=Q(made_from__isnull=False),
                name="request_made_from",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.model} {self.get_status_display()}"

    @property
    def is_open(self) -> bool:
        return self.status in OPEN

    @property
    def waits_at_provider(self) -> bool:
        """Whether it stands, as last heard, in its provider's queue."""
        return self.status == Status.SUBMITTED and self.queue_position is not None

    @property
    def has_not_begun(self) -> bool:
        return self.status in UNSENT or self.waits_at_provider

    @property
    def can_be_cancelled(self) -> bool:
        """With us at once; at the provider once, because it is only asked."""
        asked = self.cancel_asked_at is not None
        return self.status in UNSENT or (self.waits_at_provider and not asked)
