from django.db import models
from django.db.models import Q
from django.db.models.functions import Now


class SeenVia(models.TextChoices):
    """Where a figure comes from, from the weakest evidence to the strongest."""

    ESTIMATED = "estimated", "Estimated before it was sent"
    COMPUTED = "computed", "Computed from our price"
    HEADER = "header", "Stated in a header of the answer"
    BODY = "body", "Stated in the answer"
    LOG = "log", "In the provider's log"
    TRANSACTION = "transaction", "In the provider's list of charges"


REPORTED = (SeenVia.BODY, SeenVia.HEADER)
BILLED = (SeenVia.TRANSACTION, SeenVia.LOG)


class ProviderCharge(models.Model):
    """What one call cost, as one source has it. Figures stand beside each other; none is changed.

    The attempt keeps the one that counts; a trigger refuses to change or remove these.
    """

    # The constraint below begins with it.
    attempt = models.ForeignKey(
        "generations.Attempt", on_delete=models.PROTECT, related_name="charges", db_index=False
    )
    provider = models.CharField(max_length=20)
    inference_id = models.CharField(max_length=120, blank=True)
    seen_via = models.CharField(max_length=12, choices=SeenVia)
    # Which movement of money, if not the first charge: a second one, or what came back.
    further = models.CharField(max_length=50, blank=True, default="", db_default="")
    nano_usd = models.BigIntegerField()
    native_amount = models.BigIntegerField(null=True, blank=True)
    native_unit = models.CharField(max_length=20, blank=True)
    occurred_at = models.DateTimeField()
    recorded_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            # The provider may have run one attempt twice: its bill then has two inferences of it.
            models.UniqueConstraint(
                fields=["attempt", "seen_via", "inference_id", "further"],
                name="charge_once_a_source",
            ),
            models.CheckConstraint(
                condition=Q(nano_usd__gte=0) | ~Q(further=""), name="charge_not_negative"
            ),
            models.CheckConstraint(
                condition=Q(seen_via__in=SeenVia.values), name="charge_source_known"
            ),
        ]
        ordering = ["attempt", "id"]

    def __str__(self) -> str:
        return f"{self.nano_usd} nano-USD, {self.get_seen_via_display().lower()}"
