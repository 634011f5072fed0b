from django.db import models
from django.db.models import Q
from django.db.models.functions import Now


class Gate(models.Model):
    """How fast a provider may be called now, by all workers together.

    Its row is the lock under which calls are counted. The limits are settings; what a provider
    made us slow down to is kept here.
    """

    provider = models.CharField(max_length=20, primary_key=True)
    # Calls that may be begun at once, in thousandths of a call, as of `filled_at`.
    allowance = models.BigIntegerField(default=0)
    filled_at = models.DateTimeField(db_default=Now())
    # Set by a 429, raised little by little, gone when it is above what was in flight then.
    slowed_to = models.PositiveIntegerField(null=True, blank=True)
    slowed_from = models.PositiveIntegerField(default=0)
    slowed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(slowed_to__isnull=True) | Q(slowed_to__gt=0), name="gate_never_shut"
            ),
        ]

    def __str__(self) -> str:
        return self.provider


class Circuit(models.Model):
    """An open circuit: nothing is sent to a provider, or for one of its models, but a probe.

    Without a provider nothing is sent at all, because what came could not be kept.
    """

    provider = models.CharField(max_length=20, blank=True)
    model = models.CharField(max_length=80, blank=True)  # blank: all of them
    because = models.CharField(max_length=30)
    opened_at = models.DateTimeField(db_default=Now())
    probe_at = models.DateTimeField()
    probes = models.PositiveSmallIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["provider", "model"], name="circuit_once"),
        ]

    def __str__(self) -> str:
        return f"{self.provider} {self.model}".strip() or "everything"
