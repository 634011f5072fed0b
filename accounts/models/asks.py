from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from config.ids import uuid7


class AskKind(models.TextChoices):
    CREDITS = "credits", "Team credits"
    LIMIT = "limit", "Own limit"


class AskState(models.TextChoices):
    OPEN = "open", "Open"
    GRANTED = "granted", "Granted"
    DECLINED = "declined", "Declined"
    WITHDRAWN = "withdrawn", "Taken back"


class CreditRequest(models.Model):
    """Somebody asks for more credits for the team, or for more room in a limit of their own."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    team = models.ForeignKey(
        "accounts.Team", on_delete=models.PROTECT, related_name="credit_requests"
    )
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="credit_requests"
    )
    kind = models.CharField(max_length=8, choices=AskKind)
    # The limit that is too narrow.
    budget = models.ForeignKey(
        "accounts.Budget", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    amount = models.BigIntegerField()
    words = models.CharField(max_length=500)
    state = models.CharField(max_length=10, choices=AskState, default=AskState.OPEN)
    # What was given, which may be less or more than was asked for.
    granted = models.BigIntegerField(null=True, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    note = models.CharField(max_length=500, blank=True)
    created_at = models.DateTimeField(db_default=Now())
    decided_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = "request for credits"
        verbose_name_plural = "requests for credits"
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["team", "by", "kind"],
                condition=Q(state=AskState.OPEN),
                name="ask_one_open_of_a_kind",
            ),
            models.CheckConstraint(condition=Q(amount__gt=0), name="ask_amount_positive"),
            models.CheckConstraint(
                condition=Q(kind=AskKind.CREDITS, budget__isnull=True)
                | Q(kind=AskKind.LIMIT, budget__isnull=False),
                name="ask_names_its_limit",
            ),
            models.CheckConstraint(
                condition=Q(state=AskState.GRANTED, granted__isnull=False, granted__gt=0)
                | (~Q(state=AskState.GRANTED) & Q(granted__isnull=True)),
                name="ask_granted_with_its_state",
            ),
            models.CheckConstraint(
                condition=Q(state=AskState.OPEN, decided_at__isnull=True, decided_by__isnull=True)
                | (~Q(state=AskState.OPEN) & Q(decided_at__isnull=False, decided_by__isnull=False)),
                name="ask_decided_by_somebody",
            ),
        ]
        indexes = [
            models.Index(
                fields=["kind", "created_at"], condition=Q(state=AskState.OPEN), name="ask_open"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} for {self.by}: {self.get_state_display()}"

    @property
    def is_open(self) -> bool:
        return self.state == AskState.OPEN
