from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now


class Period(models.TextChoices):
    DAY = "day", "a day"
    WEEK = "week", "a week"
    MONTH = "month", "a month"
    TOTAL = "total", "in total"


class Budget(models.Model):
    """How much a team, one of its members or one API token may spend in a period.

    On one model, or on any.
    """

    team = models.ForeignKey("accounts.Team", on_delete=models.PROTECT, related_name="budgets")
    member = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="budgets",
    )
    token = models.ForeignKey(
        "accounts.ApiToken",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="budgets",
    )
    model = models.CharField(max_length=80, blank=True)
    period = models.CharField(max_length=6, choices=Period)
    amount = models.BigIntegerField()
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    created_at = models.DateTimeField(db_default=Now())
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(amount__gte=0), name="budget_not_negative"),
            models.CheckConstraint(
                condition=Q(member=None) | Q(token=None), name="budget_of_a_member_or_a_token"
            ),
            models.UniqueConstraint(
                fields=["team", "member", "token", "model", "period"],
                condition=Q(ended_at__isnull=True),
                nulls_distinct=False,
                name="budget_one_of_a_kind",
            ),
        ]

    def __str__(self) -> str:
        whose = self.token or self.member or self.team
        return f"{whose}: {self.amount} {self.get_period_display()}"


class BudgetWindow(models.Model):
    """What of a budget is used and held in one period. Made by the first hold that falls in it."""

    budget = models.ForeignKey(Budget, on_delete=models.PROTECT, related_name="windows")
    starts_at = models.DateTimeField()
    used = models.BigIntegerField(default=0)
    held = models.BigIntegerField(default=0)
    # The highest share of the budget, in percent, that somebody was told of: 50, 80 or 100.
    warned_at = models.PositiveSmallIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["budget", "starts_at"], name="window_once_a_period"),
            models.CheckConstraint(
                condition=Q(used__gte=0, held__gte=0), name="window_not_negative"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.budget} from {self.starts_at:%Y-%m-%d}"
