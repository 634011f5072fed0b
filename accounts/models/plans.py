from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from accounts.money import format_credits, say_credits


class Rollover(models.TextChoices):
    NONE = "none", "Nothing"
    SOME = "some", "Up to an amount"
    ALL = "all", "All"


class Plan(models.Model):
    """So many microcredits a month, and how much of them outlasts it."""

    name = models.CharField(max_length=60, unique=True)
    credits = models.BigIntegerField()
    rollover = models.CharField(max_length=4, choices=Rollover, default=Rollover.NONE)
    rolls_at_most = models.BigIntegerField(null=True, blank=True)
    active = models.BooleanField(default=True)
    # Who set what it gives, and who agreed where that takes two.
    set_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    set_at = models.DateTimeField(db_default=Now())
    agreed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta:
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                condition=Q(agreed_by__isnull=True) | ~Q(agreed_by=F("set_by")),
                name="plan_agreed_by_somebody_else",
            ),
            models.CheckConstraint(condition=Q(credits__gt=0), name="plan_gives_credits"),
            models.CheckConstraint(
                condition=Q(rollover=Rollover.SOME, rolls_at_most__gt=0)
                | (~Q(rollover=Rollover.SOME) & Q(rolls_at_most__isnull=True)),
                name="plan_rolls_so_much_or_not",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def title(self) -> str:
        """The name as a sentence has it: "Studio plan"."""
        return self.name if self.name.lower().endswith("plan") else f"{self.name} plan"

    @property
    def terms(self) -> str:
        """In words: "500 credits on the 1st; up to 120 roll over"."""
        rolls = {
            Rollover.NONE: "nothing rolls over",
            Rollover.SOME: f"up to {format_credits(self.rolls_at_most or 0)} roll over",
            Rollover.ALL: "what is left rolls over",
        }
        return f"{say_credits(self.credits)} on the 1st; {rolls[Rollover(self.rollover)]}"

    @property
    def gives(self) -> tuple[int, str, int | None]:
        """What somebody agrees to: how much, and how much of it outlasts its month."""
        return self.credits, self.rollover, self.rolls_at_most

    @property
    def waits(self) -> bool:
        """Whether it gives so much that a second person has to agree, and nobody has."""
        return self.credits > settings.ADJUSTMENT_LIMIT and self.agreed_by_id is None

    def room(self, lasting: int) -> int:
        """How much more may outlast its month, where so much does already."""
        if self.rollover == Rollover.ALL:
            return self.credits
        return max((self.rolls_at_most or 0) - lasting, 0)


class TeamPlan(models.Model):
    """A team's plan, until it ends. Each month that it begins or lasts in is granted whole."""

    team = models.ForeignKey("accounts.Team", on_delete=models.PROTECT, related_name="plans")
    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="teams")
    starts_on = models.DateField()
    reason = models.CharField(max_length=200)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    created_at = models.DateTimeField(db_default=Now())
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta:
        verbose_name = "plan of a team"
        verbose_name_plural = "plans of teams"
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["team"], condition=Q(ended_at__isnull=True), name="team_has_one_plan"
            ),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True, ended_by__isnull=True)
                | Q(ended_at__isnull=False, ended_by__isnull=False),
                name="team_plan_ended_by_someone",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.plan.title} of {self.team}"
