from django.db import models
from django.db.models import Q
from django.db.models.functions import Now


class LotKind(models.TextChoices):
    GRANTED = "granted", "Granted"
    PURCHASED = "purchased", "Purchased"
    PROMOTION = "promotion", "Promotion"
    RETURNED = "returned", "Returned"
    PLAN = "plan", "Plan"


# Lower is burnt first: what was given away before what was paid for.
PRIORITY = {
    LotKind.PROMOTION: 10,
    LotKind.RETURNED: 20,
    LotKind.PLAN: 25,
    LotKind.GRANTED: 30,
    LotKind.PURCHASED: 40,
}


class Lot(models.Model):
    """Credits that came in together, and may run out together. Burnt by priority, then expiry."""

    account = models.ForeignKey(
        "accounts.CreditAccount", on_delete=models.PROTECT, related_name="lots"
    )
    # What came in by a transfer keeps the kinds and ends of the lots it was taken from.
    entry = models.ForeignKey("accounts.LedgerEntry", on_delete=models.PROTECT, related_name="lots")
    kind = models.CharField(max_length=10, choices=LotKind)
    amount = models.BigIntegerField()
    priority = models.PositiveSmallIntegerField()
    effective_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="lot_amount_positive"),
            models.CheckConstraint(
                condition=Q(expires_at__isnull=True) | Q(expires_at__gt=models.F("effective_at")),
                name="lot_expires_after_it_begins",
            ),
        ]
        indexes = [
            models.Index(
                fields=["expires_at"],
                condition=Q(expires_at__isnull=False),
                name="lot_by_expiry",
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.amount}"


class LotAllocation(models.Model):
    """Which lot a consuming entry took its credits from; the allocator writes it once."""

    entry = models.ForeignKey(
        "accounts.LedgerEntry", on_delete=models.PROTECT, related_name="allocations"
    )
    lot = models.ForeignKey(Lot, on_delete=models.PROTECT, related_name="allocations")
    amount = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["entry", "lot"], name="allocation_once"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="allocation_amount_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.amount} of lot {self.lot_id}"


class LotWarning(models.Model):
    """That somebody was told, once, of a lot that is about to run out."""

    lot = models.OneToOneField(Lot, on_delete=models.PROTECT, related_name="warning")
    at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return f"Told of lot {self.lot_id}"
