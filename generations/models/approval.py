from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from config.ids import uuid7


class Verdict(models.TextChoices):
    APPROVED = "approved", "Approved"
    DECLINED = "declined", "Declined"


class Approval(models.Model):
    """What was decided about a request that waited, by whom and why.

    A trigger refuses to change or remove it.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    request = models.OneToOneField(
        "generations.GenerationRequest", on_delete=models.PROTECT, related_name="approval"
    )
    verdict = models.CharField(max_length=8, choices=Verdict)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    words = models.CharField(max_length=500, blank=True)
    at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(verdict=Verdict.APPROVED) | ~Q(words=""),
                name="approval_declines_with_words",
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_verdict_display()} by {self.by}"
