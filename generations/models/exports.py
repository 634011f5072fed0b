from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now


class StatementExport(models.Model):
    """That a month's file was given out, and what it was: each different file once."""

    team = models.ForeignKey(
        "accounts.Team",
        on_delete=models.PROTECT,
        related_name="statement_exports",
        db_index=False,
    )
    month = models.DateField()
    # Of the whole file; and of its figures alone, without the names that people may change.
    digest = models.CharField(max_length=64)
    figures_digest = models.CharField(max_length=64)
    rows = models.PositiveIntegerField()
    last_entry = models.BigIntegerField(null=True, blank=True)
    # The sum of its amounts in microcredits; not of files from before it was kept.
    moved = models.BigIntegerField(null=True, blank=True)
    # Made when nothing could be added to the month any more.
    is_final = models.BooleanField()
    given_to = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    given_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["team", "month", "digest", "is_final"], name="export_once_a_file"
            ),
            models.CheckConstraint(
                condition=Q(rows=0, last_entry__isnull=True)
                | Q(rows__gt=0, last_entry__isnull=False),
                name="export_ends_with_an_entry",
            ),
        ]
        ordering = ["team", "month", "id"]

    def __str__(self) -> str:
        return f"{self.month:%Y-%m} {self.digest[:12]}"
