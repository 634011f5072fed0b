from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from config.ids import uuid7
from generations.querysets import FindingQuerySet


class ReconciliationState(models.TextChoices):
    WAITING = "waiting", "Asked for"
    RUNNING = "running", "Comparing"
    FINISHED = "finished", "Compared"
    FAILED = "failed", "Failed"


class Reconciliation(models.Model):
    """A day of one key at a provider, ours beside theirs; said again, it is brought up to date.

    `ours` is what was on record when a charge was first compared: what is corrected afterwards
    stays visible as the difference, and the findings explain it to the last nano-dollar.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    provider = models.CharField(max_length=20)
    key_prefix = models.CharField(max_length=8)
    # What the provider calls the key in its list of charges, learned from charges of ours.
    key_name = models.CharField(max_length=120, blank=True, default="", db_default="")
    since = models.DateTimeField()
    until = models.DateTimeField()
    state = models.CharField(
        max_length=10, choices=ReconciliationState, default=ReconciliationState.WAITING
    )
    error = models.CharField(max_length=500, blank=True)
    asked_at = models.DateTimeField(db_default=Now())
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    ours_nano_usd = models.BigIntegerField(default=0)
    theirs_nano_usd = models.BigIntegerField(default=0)
    # The same charges as the provider's list of transactions has them.
    transactions_nano_usd = models.BigIntegerField(default=0)
    # Taken from the account for what this key's log does not know: the account's other keys.
    elsewhere_nano_usd = models.BigIntegerField(default=0)
    matched = models.PositiveIntegerField(default=0)
    drift = models.PositiveIntegerField(default=0)
    ours_only = models.PositiveIntegerField(default=0)
    theirs_only = models.PositiveIntegerField(default=0)
    doubled = models.PositiveIntegerField(default=0)
    waiting = models.PositiveIntegerField(default=0)  # too fresh to be judged

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["provider", "key_prefix", "since"], name="reconciliation_once_a_day"
            ),
            models.CheckConstraint(
                condition=Q(until__gt=F("since")), name="reconciliation_ends_after_its_start"
            ),
        ]
        ordering = ["-since", "provider", "key_prefix"]

    def __str__(self) -> str:
        return f"{self.provider} {self.since:%Y-%m-%d}"

    @property
    def difference_nano_usd(self) -> int:
        return self.theirs_nano_usd - self.ours_nano_usd


class FindingKind(models.TextChoices):
    DRIFT = "drift", "Another amount"
    OURS_ONLY = "ours_only", "Only in our books"
    THEIRS_ONLY = "theirs_only", "Only in the provider's books"
    DOUBLED = "doubled", "Charged twice"
    # No charge of the day differs by more than is put up with, and together they do.
    DAY = "day", "Small differences of a day"


class FindingAction(models.TextChoices):
    HOUSE = "house", "Paid by the house"
    CASE = "case", "For a person"


class Finding(models.Model):
    """A charge on which our books and the provider's did not agree when they were compared."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    reconciliation = models.ForeignKey(
        Reconciliation, on_delete=models.PROTECT, related_name="findings"
    )
    provider = models.CharField(max_length=20)
    kind = models.CharField(max_length=12, choices=FindingKind)
    action = models.CharField(max_length=6, choices=FindingAction)
    attempt = models.ForeignKey(
        "generations.Attempt",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="findings",
    )
    inference_id = models.CharField(max_length=120, blank=True)
    client_request_id = models.CharField(max_length=128, blank=True)
    # Which movement on the inference, if not its first charge; of a whole day, which day.
    further = models.CharField(max_length=50, blank=True, default="", db_default="")
    ours_nano_usd = models.BigIntegerField(default=0)
    theirs_nano_usd = models.BigIntegerField(default=0)
    # Microcredits that were booked because of this.
    house_paid = models.BigIntegerField(default=0)
    refunded = models.BigIntegerField(default=0)
    charged_at = models.DateTimeField()
    found_at = models.DateTimeField(db_default=Now())
    resolved_at = models.DateTimeField(null=True, blank=True)
    resolved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    note = models.CharField(max_length=500, blank=True)

    objects = FindingQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["provider", "inference_id", "kind", "further"],
                condition=~Q(kind=FindingKind.OURS_ONLY),
                name="finding_once_a_charge",
            ),
            # The provider has no charge that could name it.
            models.UniqueConstraint(
                fields=["attempt"],
                condition=Q(kind=FindingKind.OURS_ONLY),
                name="finding_ours_only_once_an_attempt",
            ),
            models.CheckConstraint(
                condition=Q(resolved_at__isnull=True, note="")
                | (Q(resolved_at__isnull=False) & ~Q(note="")),
                name="finding_resolved_with_a_note",
            ),
        ]
        indexes = [
            models.Index(fields=["provider", "charged_at"], name="finding_by_time"),
            models.Index(
                fields=["charged_at"],
                condition=Q(action=FindingAction.CASE, resolved_at__isnull=True),
                name="finding_open",
            ),
        ]
        ordering = ["-charged_at", "-id"]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.inference_id or self.client_request_id}"

    @property
    def difference_nano_usd(self) -> int:
        return self.theirs_nano_usd - self.ours_nano_usd
