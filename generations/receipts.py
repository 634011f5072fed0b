"""What one request cost, whom, and why: its hold, its calls to the provider, and its entries."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property

from accounts.models import EntryKind, LedgerEntry
from accounts.money import format_credits
from generations import bill_words, catalog, failures, moves
from generations.models import (
    Approval,
    Attempt,
    CostSource,
    GenerationRequest,
    Image,
    SeenVia,
    Status,
    Verdict,
)
from generations.services.price_notes import note
from generations.services.statement import kind_label

# How a cost is known, from the best evidence to the weakest.
KNOWN_BY = {
    CostSource.BODY: "The provider stated it in its answer",
    CostSource.HEADER: "The provider stated it in a header of its answer",
    CostSource.LOG: "Read in the provider's own log",
    CostSource.COMPUTED: "Computed from our price; the provider stated none",
}


# What one figure may be known by, the best first.
FIGURES = {
    "Estimated": (SeenVia.ESTIMATED,),
    "Computed": (SeenVia.COMPUTED,),
    "Reported": (SeenVia.BODY, SeenVia.HEADER),
    "Billed": (SeenVia.TRANSACTION, SeenVia.LOG),
}


@dataclass(frozen=True, slots=True)
class Posting:
    """An entry of the request: what it meant for the team, or that the house paid it."""

    entry: LedgerEntry
    amount: int
    by_house: bool

    @property
    def label(self) -> str:
        return kind_label(self.entry.kind)


@dataclass(frozen=True, slots=True)
class Call:
    """One call to the provider."""

    attempt: Attempt

    @property
    def usd(self) -> str:
        cost = self.attempt.cost_nano_usd
        return "" if cost is None else f"${usd(cost)}"

    @property
    def native(self) -> str:
        """In the provider's own unit, where it has one."""
        cost = self.attempt.cost_native
        return "" if cost is None else f"{cost:,} {self.attempt.cost_unit}"

    @property
    def figures(self) -> Sequence[tuple[str, str]]:
        """What each kind of source has it at in US dollars, by the source; "" where it is silent.

        A bill may hold one call more than once: its sum is what was taken.
        """
        return [(label, self._figure(sources)) for label, sources in FIGURES.items()]

    def _figure(self, sources: Sequence[SeenVia]) -> str:
        charges = list(self.attempt.charges.all())
        for source in sources:
            found = [one.nano_usd for one in charges if one.seen_via == source]
            if found:
                return f"${usd(sum(found))}"
        return ""

    @property
    def known_by(self) -> str:
        source = self.attempt.cost_source
        return KNOWN_BY[CostSource(source)] if source in CostSource.values else source

    @property
    def state(self) -> str:
        return self.attempt.get_state_display()


@dataclass(frozen=True)
class Receipt:
    request: GenerationRequest

    @property
    def model_name(self) -> str:
        return model_name(self.request.model)

    @property
    def moved(self) -> str:
        """Who makes it instead of whom, and once it is charged, for how much more or less."""
        return moves.with_difference(self.request, charged=self.charged)

    @property
    def price(self) -> str:
        """The terms that it was held by, and is charged by."""
        return note(self.request.price_version, self.request.markup)

    @property
    def rule(self) -> str:
        version = self.request.price_version
        return version.rule if version else ""

    @property
    def bill(self) -> str:
        """Whether the provider billed what it stands on."""
        return bill_words.of(self.request)

    @property
    def held(self) -> int:
        return self.request.hold.amount

    @cached_property
    def postings(self) -> Sequence[Posting]:
        account = self.request.hold.account_id
        return [
            Posting(
                entry,
                entry.amount if entry.credit_id == account else -entry.amount,
                by_house=account not in {entry.debit_id, entry.credit_id},
            )
            for entry in sorted(self.request.hold.entries.all(), key=lambda entry: entry.pk)
        ]

    @property
    def calls(self) -> Sequence[Call]:
        return [Call(attempt) for attempt in self.request.attempts.all()]

    @property
    def charged(self) -> int:
        """What the team paid, before anything was refunded."""
        return self.request.hold.charged

    @property
    def refunds(self) -> Sequence[Posting]:
        """What was given back later, each with its reason."""
        return [one for one in self.postings if one.entry.kind == EntryKind.REFUND]

    @property
    def refunded(self) -> int:
        return self.request.hold.refunded

    @property
    def house_paid(self) -> int:
        return sum(one.entry.amount for one in self.postings if one.by_house)

    @property
    def given_back(self) -> int:
        """What of the hold was not needed."""
        return 0 if self.request.is_open else self.held - self.request.hold.captured

    @property
    def still_held(self) -> int:
        return self.held if self.request.is_open else 0

    @property
    def images(self) -> Sequence[Image]:
        return sorted(self.request.images.all(), key=lambda image: image.index)

    @property
    def approval(self) -> Approval | None:
        return getattr(self.request, "approval", None)

    @property
    def summary(self) -> str:
        """The whole of it in a sentence: "Held 4, charged 3.3 because 3 of 4 arrived"."""
        held = f"Held {format_credits(self.held)}"
        if self.request.is_open:
            waits = self.request.status == Status.AWAITING_APPROVAL
            return f"{held} until it is {'approved' if waits else 'done'}; nothing is charged yet"
        return f"{held}, {self.charge}{self._since}"

    @property
    def _since(self) -> str:
        """What became of the charge later, so that what it cost in the end is said too."""
        if not self.refunded:
            return ""
        back, cost = format_credits(self.refunded), format_credits(self.request.hold.cost)
        return f"; {back} refunded since, so it cost {cost}"

    @property
    def charge(self) -> str:
        """Of a request that is over: "charged 3.3 because 3 of 4 arrived"."""
        charged = format_credits(self.charged) if self.charged else "nothing"
        return f"charged {charged}{self._because}"

    @property
    def _why_cancelled(self) -> str:
        if self.approval and self.approval.verdict == Verdict.DECLINED:
            return f"{self.approval.by.display_name} declined it"
        return "it was cancelled before it was sent"

    @property
    def _because(self) -> str:
        if self.request.status == Status.CANCELLED:
            return f" because {self._why_cancelled}"
        if self.request.status == Status.FAILED:
            return f" because it failed: {failures.explain(self.request.error_code).title}"
        fewer = self.request.arrived < self.request.num_images
        arrived = f"{self.request.arrived} of {self.request.num_images} arrived"
        if self.charged < self.held:
            usual = ": the hold was the most it could cost, this is what it did"
            return f" because {arrived}" if fewer else usual
        dearer = "the provider charged more than its price said"
        if self.charged > self.held or fewer:
            return f": {f'{arrived}, and ' if fewer else ''}{dearer}"
        return ""


def model_name(model: str) -> str:
    """The model's name; its id where the catalog no longer has it."""
    return catalog.name_of(model)


def usd(nano: int) -> str:
    """Exact: "0.033"."""
    return f"{Decimal(nano).scaleb(-9).normalize():f}"
