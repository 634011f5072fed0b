"""One prompt and one seed over several models, laid side by side to pick the best from."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from config.ids import uuid7
from generations.models.request import Visibility
from generations.querysets import ComparisonQuerySet


class Comparison(models.Model):
    """Several requests asked for at once. All were made, each with its hold, or none was."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    team = models.ForeignKey("accounts.Team", on_delete=models.PROTECT, related_name="comparisons")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="comparisons"
    )
    idempotency_key = models.UUIDField()
    fingerprint = models.CharField(max_length=64)
    prompt = models.TextField()
    # None where no model of it takes one.
    seed = models.BigIntegerField(null=True, blank=True)
    visibility = models.CharField(max_length=8, choices=Visibility, default=Visibility.TEAM)
    winner = models.ForeignKey(
        "generations.Image", on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    chosen_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    chosen_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(db_default=Now())

    objects = ComparisonQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["team", "user", "-id"], name="comparison_by_person")]
        constraints = [
            models.UniqueConstraint(
                fields=["user", "idempotency_key"], name="comparison_once_per_key"
            ),
            models.CheckConstraint(
                condition=Q(chosen_by__isnull=True, chosen_at__isnull=True)
                | Q(chosen_by__isnull=False, chosen_at__isnull=False),
                name="comparison_says_who_chose_when",
            ),
        ]

    def __str__(self) -> str:
        return f"Comparison by {self.user}"


class ComparisonCell(models.Model):
    """The place of one request in a comparison. One that came to nothing may give it up to another,
    and stays beneath it."""

    comparison = models.ForeignKey(Comparison, on_delete=models.CASCADE, related_name="cells")
    request = models.OneToOneField(
        "generations.GenerationRequest", on_delete=models.PROTECT, related_name="comparison_cell"
    )
    position = models.PositiveSmallIntegerField()
    replaced_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["position", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["comparison", "position"],
                condition=Q(replaced_at__isnull=True),
                name="comparison_cell_one_a_place",
            )
        ]

    def __str__(self) -> str:
        return f"{self.position} of {self.comparison}"
