from django.conf import settings
from django.db import models
from django.db.models import Q


class UsageDay(models.Model):
    """What a team used on an ended day: by model (no user), by member (no model), and by both.

    Sums kept, never a source: they are read for days that cannot change any more, so that a page
    over a year need not add up every charge in it.
    """

    # Indexed below, the way they are read.
    team = models.ForeignKey(
        "accounts.Team", on_delete=models.PROTECT, related_name="usage_days", db_index=False
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
    )
    model = models.CharField(max_length=80, blank=True)
    day = models.DateField()
    spent = models.BigIntegerField(default=0)
    refunded = models.BigIntegerField(default=0)
    images = models.PositiveIntegerField(default=0)
    succeeded = models.PositiveIntegerField(default=0)
    failed = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["team", "user", "model", "day"],
                nulls_distinct=False,
                name="usage_day_once",
            ),
        ]
        indexes = [
            models.Index(fields=["team", "day"], condition=Q(model=""), name="usage_by_member"),
            models.Index(
                fields=["team", "day"], condition=Q(user__isnull=True), name="usage_by_model"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.user or 'everybody'} {self.model or 'every model'}"
