"""The price book: what a provider asks and what a team pays for it, each dated and never changed.

A new price or mark-up is a new row; triggers refuse to change or remove one. What a request was
held by stays readable for as long as its entries.
"""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from generations.catalog_types import Price, Unit
from generations.querysets import MarkupQuerySet, PriceVersionQuerySet

UNITS = [(unit.value, f"per {unit}") for unit in Unit]
MOST_BASIS_POINTS = 100_000  # ten times the provider's cost on top
LEAST_BASIS_POINTS = -10_000  # all of it off: what is left is the amount an image


class PriceOrigin(models.TextChoices):
    CATALOG = "catalog", "Delivered with Darkroom"
    PROVIDER = "provider", "Read at the provider"
    PERSON = "person", "Entered by hand"


class Quoted(models.Model):
    """A price as a provider asks it. With `withdrawn` it is the last one of a model that is gone.

    Each further megapixel begun costs `further_nano_usd`; `counts_inputs` if reference images do.
    """

    provider = models.CharField(max_length=20)
    model = models.CharField(max_length=80)
    nano_usd = models.BigIntegerField()
    further_nano_usd = models.BigIntegerField()
    unit = models.CharField(max_length=10, choices=UNITS)
    counts_inputs = models.BooleanField(default=False)
    withdrawn = models.BooleanField(default=False)
    source = models.CharField(max_length=200)

    class Meta:
        abstract = True

    @property
    def price(self) -> Price:
        return Price(
            self.nano_usd,
            Unit(self.unit),
            self.source,
            further_nano_usd=self.further_nano_usd,
            counts_inputs=self.counts_inputs,
        )


class PriceVersion(Quoted):
    """What a model costs from a moment on, until the next version of it."""

    # How pixels and cents are rounded, in words that stay true when the code has moved on.
    rule = models.CharField(max_length=200)
    origin = models.CharField(max_length=10, choices=PriceOrigin)
    effective_from = models.DateTimeField(db_default=Now())
    # Nobody: delivered with Darkroom, or taken over within the bound.
    accepted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField(db_default=Now())

    objects = PriceVersionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["provider", "model", "effective_from"], name="price_version_once"
            ),
            models.CheckConstraint(
                condition=Q(nano_usd__gt=0, further_nano_usd__gt=0),
                name="price_version_amounts_positive",
            ),
        ]
        ordering = ["provider", "model", "-effective_from"]

    def __str__(self) -> str:
        return f"{self.model} from {self.effective_from:%Y-%m-%d %H:%M}"


class Markup(models.Model):
    """What makes a team's price of the provider's cost: a part on top or off, an amount an image.

    For a team or the whole installation, for one model or all. The newest row of its kind counts;
    one that is `ended` says that there is none any more.
    """

    team = models.ForeignKey(
        "accounts.Team", on_delete=models.PROTECT, null=True, blank=True, related_name="markups"
    )
    model = models.CharField(max_length=80, blank=True)
    basis_points = models.IntegerField(default=0)
    per_image = models.PositiveBigIntegerField(default=0)  # microcredits
    ended = models.BooleanField(default=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    created_at = models.DateTimeField(db_default=Now())

    objects = MarkupQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    basis_points__gte=LEAST_BASIS_POINTS, basis_points__lte=MOST_BASIS_POINTS
                ),
                name="markup_within_reason",
            ),
            models.CheckConstraint(
                condition=Q(basis_points__gt=LEAST_BASIS_POINTS) | Q(per_image__gt=0),
                name="markup_leaves_a_price",
            ),
            models.CheckConstraint(
                condition=Q(ended=False) | Q(basis_points=0, per_image=0),
                name="markup_ended_adds_nothing",
            ),
        ]
        indexes = [models.Index(fields=["team", "model", "-id"], name="markup_newest")]
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.basis_points} basis points and {self.per_image} microcredits an image"


class ProposalState(models.TextChoices):
    PENDING = "pending", "Waiting"
    ACCEPTED = "accepted", "Accepted"
    DECLINED = "declined", "Declined"
    OVERTAKEN = "overtaken", "Overtaken"  # the provider said something else before anyone decided


class PriceProposal(Quoted):
    """A price read at the provider that is not the one in force, for a person to decide on."""

    current = models.ForeignKey(PriceVersion, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=10, choices=ProposalState, default=ProposalState.PENDING)
    found_at = models.DateTimeField(db_default=Now())
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    decided_at = models.DateTimeField(null=True, blank=True)
    version = models.OneToOneField(
        PriceVersion, on_delete=models.PROTECT, null=True, blank=True, related_name="proposal"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["provider", "model"],
                condition=Q(state=ProposalState.PENDING),
                name="proposal_one_pending_a_model",
            ),
            models.CheckConstraint(
                condition=Q(nano_usd__gt=0, further_nano_usd__gt=0),
                name="proposal_amounts_positive",
            ),
            models.CheckConstraint(
                condition=Q(state=ProposalState.PENDING, decided_at__isnull=True)
                | (~Q(state=ProposalState.PENDING) & Q(decided_at__isnull=False)),
                name="proposal_decided_with_its_state",
            ),
            models.CheckConstraint(
                condition=Q(state=ProposalState.ACCEPTED, version__isnull=False)
                | (~Q(state=ProposalState.ACCEPTED) & Q(version__isnull=True)),
                name="proposal_accepted_with_its_version",
            ),
        ]
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.model}: {self.get_state_display()}"


class PriceReading(models.Model):
    """One look at a provider's prices: how many were read, and which could not be."""

    provider = models.CharField(max_length=20)
    at = models.DateTimeField(db_default=Now())
    models_read = models.PositiveIntegerField(default=0)
    differing = models.PositiveIntegerField(default=0)
    # Model id → why its price could not be read.
    unread = models.JSONField(default=dict, blank=True)
    error = models.CharField(max_length=500, blank=True)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.provider} {self.at:%Y-%m-%d %H:%M}"
