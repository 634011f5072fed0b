"""What staff do to a team's credits by hand: the record, and what waits for a second person.

What was done or refused never changes again, by trigger. What moved credits has its ledger entry;
an overdraft moves none, and has its record here.
"""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from config.ids import uuid7


class ChangeKind(models.TextChoices):
    ADJUST = "adjust", "Correction"
    OVERDRAFT = "overdraft", "Overdraft"
    GRANT = "grant", "Grant"
    PROMOTION = "promotion", "Promotion"
    REFUND = "refund", "Refund"


class ChangeState(models.TextChoices):
    WAITING = "waiting", "Waiting"
    DONE = "done", "Done"
    DECLINED = "declined", "Declined"
    WITHDRAWN = "withdrawn", "Taken back"


_UNSIGNED = (ChangeKind.GRANT, ChangeKind.PROMOTION, ChangeKind.REFUND)


class CreditChange(models.Model):
    """One change to a team's credits: `amount` is what comes, below zero what goes.

    Of an overdraft it is how far below zero the team may spend afterwards.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    team = models.ForeignKey(
        "accounts.Team", on_delete=models.PROTECT, related_name="credit_changes"
    )
    kind = models.CharField(max_length=10, choices=ChangeKind)
    amount = models.BigIntegerField()
    reason = models.CharField(max_length=300)
    expires_at = models.DateTimeField(null=True, blank=True)
    # What a grant answers, with the words for whoever asked; what a refund gives back of.
    ask = models.ForeignKey(
        "accounts.CreditRequest",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="changes",
    )
    words = models.CharField(max_length=500, blank=True)
    hold = models.ForeignKey(
        "accounts.Hold", on_delete=models.PROTECT, null=True, blank=True, related_name="changes"
    )
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(
        max_length=10, choices=ChangeState, default=ChangeState.WAITING, db_default="waiting"
    )
    # Nobody where it was done at once, by whoever made it.
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    note = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(db_default=Now())
    decided_at = models.DateTimeField(null=True, blank=True)
    # What the account said right before it.
    posted_before = models.BigIntegerField(null=True, blank=True)
    held_before = models.BigIntegerField(null=True, blank=True)
    overdraft_before = models.BigIntegerField(null=True, blank=True)
    entry = models.OneToOneField(
        "accounts.LedgerEntry",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="change",
    )

    class Meta:
        verbose_name = "change to credits"
        verbose_name_plural = "changes to credits"
        ordering = ["-created_at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=_UNSIGNED, amount__gt=0)
                | Q(kind=ChangeKind.OVERDRAFT, amount__gte=0)
                | (Q(kind=ChangeKind.ADJUST) & ~Q(amount=0)),
                name="change_amount_fits_its_kind",
            ),
            models.CheckConstraint(
                condition=Q(kind=ChangeKind.GRANT, ask__isnull=False)
                | (~Q(kind=ChangeKind.GRANT) & Q(ask__isnull=True)),
                name="change_grant_names_its_ask",
            ),
            models.CheckConstraint(
                condition=Q(kind=ChangeKind.REFUND, hold__isnull=False)
                | (~Q(kind=ChangeKind.REFUND) & Q(hold__isnull=True)),
                name="change_refund_names_its_hold",
            ),
            models.CheckConstraint(
                condition=Q(state=ChangeState.WITHDRAWN)
                | Q(decided_by__isnull=True)
                | ~Q(decided_by=F("by")),
                name="change_decided_by_somebody_else",
            ),
            models.CheckConstraint(
                condition=Q(state=ChangeState.WAITING, decided_at__isnull=True)
                | (~Q(state=ChangeState.WAITING) & Q(decided_at__isnull=False)),
                name="change_decided_with_its_state",
            ),
            models.CheckConstraint(
                condition=Q(
                    state=ChangeState.DONE,
                    posted_before__isnull=False,
                    held_before__isnull=False,
                    overdraft_before__isnull=False,
                )
                | (~Q(state=ChangeState.DONE) & Q(posted_before__isnull=True, entry__isnull=True)),
                name="change_done_says_what_was_before",
            ),
            models.CheckConstraint(
                condition=~Q(state=ChangeState.DONE)
                | Q(kind=ChangeKind.OVERDRAFT, entry__isnull=True)
                | (~Q(kind=ChangeKind.OVERDRAFT) & Q(entry__isnull=False)),
                name="change_done_has_its_entry",
            ),
            models.UniqueConstraint(
                fields=["ask"],
                condition=Q(state=ChangeState.WAITING),
                name="change_one_waiting_an_ask",
            ),
        ]
        indexes = [
            models.Index(
                fields=["created_at"],
                condition=Q(state=ChangeState.WAITING),
                name="change_waiting",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} for {self.team}: {self.get_state_display()}"

    @property
    def is_waiting(self) -> bool:
        return self.state == ChangeState.WAITING

    @property
    def is_overdraft(self) -> bool:
        return self.kind == ChangeKind.OVERDRAFT
