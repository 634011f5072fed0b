"""Prepaid credits. Amounts are whole microcredits (10^6 a credit).

The counters on an account are what admits a hold; the append-only entries are what happened. Only
`accounts.services.ledger` writes these rows.
"""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from accounts.money import format_credits
from config.ids import uuid7


class AccountKind(models.TextChoices):
    TEAM = "team", "Team"
    FUNDING = "funding", "Funding"
    PROMOTION = "promotion", "Promotion"
    REVENUE = "revenue", "Revenue"
    OVERRUN = "overrun", "Overrun"
    EXPIRY = "expiry", "Expiry"
    ADJUSTMENT = "adjustment", "Adjustment"


class CreditAccount(models.Model):
    """A team's credits, or one of the house's, whose balance is derived from its entries."""

    team = models.OneToOneField(
        "accounts.Team",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="credit_account",
    )
    kind = models.CharField(max_length=12, choices=AccountKind)
    posted = models.BigIntegerField(default=0)
    held = models.BigIntegerField(default=0)
    overdraft = models.BigIntegerField(default=0)
    # How many limits its team was ever given: a hold says how many it knew of.
    limits_made = models.IntegerField(default=0, db_default=0)
    # Set when a check finds a violation: nothing more is held until a person has looked.
    frozen_at = models.DateTimeField(null=True, blank=True)
    frozen_because = models.CharField(max_length=300, blank=True, db_default="")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(kind=AccountKind.TEAM, team__isnull=False)
                | (~Q(kind=AccountKind.TEAM) & Q(team__isnull=True)),
                name="account_team_only_on_team_kind",
            ),
            models.UniqueConstraint(
                fields=["kind"],
                condition=Q(team__isnull=True),
                name="account_one_of_each_house_kind",
            ),
            models.CheckConstraint(condition=Q(held__gte=0), name="account_held_not_negative"),
            models.CheckConstraint(
                condition=Q(overdraft__gte=0), name="account_overdraft_not_negative"
            ),
            models.CheckConstraint(
                condition=Q(posted__gte=F("held") - F("overdraft")), name="account_never_overdrawn"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.team or 'House'} ({self.get_kind_display()})"

    @property
    def available(self) -> int:
        return self.posted - self.held + self.overdraft


class HoldState(models.TextChoices):
    PENDING = "pending", "Reserved"
    CAPTURED = "captured", "Captured"
    RELEASED = "released", "Released"


class Hold(models.Model):
    """Credits set aside for one request; it leaves PENDING exactly once."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    account = models.ForeignKey(CreditAccount, on_delete=models.PROTECT, related_name="holds")
    reference = models.CharField(max_length=80, unique=True)
    amount = models.BigIntegerField()
    captured = models.BigIntegerField(default=0)
    refunded = models.BigIntegerField(default=0, db_default=0)
    # What the team paid above the amount.
    overrun = models.BigIntegerField(default=0, db_default=0)
    state = models.CharField(max_length=10, choices=HoldState, default=HoldState.PENDING)
    # The budget windows it was admitted by: it settles in them, also after midnight.
    windows = ArrayField(models.BigIntegerField(), default=list, db_default=[])
    created_at = models.DateTimeField(db_default=models.functions.Now())
    resolved_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="hold_amount_positive"),
            models.CheckConstraint(
                condition=Q(captured__gte=0, captured__lte=F("amount")),
                name="hold_captured_within_amount",
            ),
            models.CheckConstraint(
                condition=Q(refunded__gte=0, refunded__lte=F("captured") + F("overrun")),
                name="hold_refunded_within_charged",
            ),
            models.CheckConstraint(condition=Q(overrun__gte=0), name="hold_overrun_not_negative"),
            models.CheckConstraint(
                condition=Q(state=HoldState.PENDING, resolved_at__isnull=True)
                | (~Q(state=HoldState.PENDING) & Q(resolved_at__isnull=False)),
                name="hold_resolved_with_its_state",
            ),
            models.CheckConstraint(
                condition=Q(state=HoldState.CAPTURED, captured__gt=0)
                | (~Q(state=HoldState.CAPTURED) & Q(captured=0)),
                name="hold_captured_with_its_state",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_state_display()} {format_credits(self.amount)} for {self.reference}"

    @property
    def charged(self) -> int:
        """What the team paid, before anything was given back."""
        return self.captured + self.overrun

    @property
    def cost(self) -> int:
        """What it cost the team in the end."""
        return self.charged - self.refunded


class EntryKind(models.TextChoices):
    GRANT = "grant", "Grant"
    TOPUP = "topup", "Top-up"
    CAPTURE = "capture", "Capture"
    OVERRUN = "overrun", "Overrun"
    HOUSE = "house", "Paid by the house"
    REFUND = "refund", "Refund"
    ADJUST = "adjust", "Adjustment"
    TRANSFER = "transfer", "Transfer"
    EXPIRY = "expiry", "Expiry"


class LedgerEntry(models.Model):
    """One movement from one account to another; a trigger refuses to change or remove it."""

    # The indexes below begin with them.
    debit = models.ForeignKey(
        CreditAccount, on_delete=models.PROTECT, related_name="debits", db_index=False
    )
    credit = models.ForeignKey(
        CreditAccount, on_delete=models.PROTECT, related_name="credits", db_index=False
    )
    amount = models.BigIntegerField()
    kind = models.CharField(max_length=12, choices=EntryKind)
    key = models.CharField(max_length=200, unique=True)
    hold = models.ForeignKey(
        Hold, on_delete=models.PROTECT, null=True, blank=True, related_name="entries"
    )
    actor = models.ForeignKey(
        "accounts.User", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    approver = models.ForeignKey(
        "accounts.User", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    reason = models.CharField(max_length=300, blank=True)
    # As of when it consumes credits: a capture at the time of its hold, when it was admitted.
    effective_at = models.DateTimeField(db_default=models.functions.Now())
    created_at = models.DateTimeField(db_default=models.functions.Now())

    class Meta:
        verbose_name_plural = "ledger entries"
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="entry_amount_positive"),
            models.CheckConstraint(
                condition=~Q(debit=F("credit")), name="entry_between_two_accounts"
            ),
            models.UniqueConstraint(
                fields=["hold"],
                condition=Q(kind=EntryKind.CAPTURE),
                name="entry_one_capture_a_hold",
            ),
        ]
        indexes = [
            models.Index(
                fields=["debit", "created_at", "id"], include=["amount"], name="entry_by_debit"
            ),
            models.Index(
                fields=["credit", "created_at", "id"], include=["amount"], name="entry_by_credit"
            ),
            # Nearly all that leaves a team is captures: the rest is found without reading them.
            models.Index(
                fields=["debit", "created_at", "id"],
                condition=~Q(kind=EntryKind.CAPTURE),
                name="entry_not_a_capture",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {format_credits(self.amount)}"
