"""How much there is in a team's books, and what the provider's bill says of it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import (
    Case,
    Count,
    Exists,
    Max,
    Min,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    When,
)
from django.db.models.functions import Coalesce
from django.utils import timezone

from accounts.models import CreditAccount, EntryKind, LedgerEntry
from accounts.money import say_credits
from generations.models import (
    OPEN,
    Attempt,
    CostSource,
    Finding,
    FindingKind,
    GenerationRequest,
    ProviderCharge,
    Reconciliation,
    ReconciliationState,
    SeenVia,
)
from generations.services.bills import agree

BILL_DAYS = 30


@dataclass(frozen=True, slots=True)
class Figures:
    """Counts, and sums in microcredits."""

    entries: int
    captures: int
    refunds: int
    refunded: int
    came: int
    went: int
    holds: int
    lots: int
    days: int
    requests: int
    open_requests: int
    since: datetime | None


@dataclass(frozen=True, slots=True)
class Bill:
    """Our cost of a team's calls beside the provider's own records of them, in nano-USD."""

    compared_at: datetime | None
    calls: int
    compared: int
    ours: int
    theirs: int
    differ: int
    open_cases: int
    house_paid: int
    refunded: int
    kinds: list[tuple[str, int]]
    days: int = BILL_DAYS

    @property
    def difference(self) -> int:
        return self.theirs - self.ours

    @property
    def matched(self) -> int:
        return self.compared - self.differ

    @property
    def about_the_difference(self) -> str:
        """Who bears that the bill is not what the books say; "" where it is."""
        if self.difference > 0:
            house = f"the house paid {say_credits(self.house_paid)} of it"
            return house if self.house_paid else "none of it was charged to you"
        if self.difference == 0:
            return ""
        if self.refunded:
            return f"the provider took less than you paid; {say_credits(self.refunded)} came back"
        looked_at = "staff look into it" if self.open_cases else "nothing was given back"
        return f"the provider took less than was booked; {looked_at}"

    @property
    def waiting(self) -> int:
        return max(self.calls - self.compared, 0)


def count(account: CreditAccount) -> Figures:
    went = _moved(LedgerEntry.objects.filter(debit=account))
    came = _moved(LedgerEntry.objects.filter(credit=account))
    other = LedgerEntry.objects.filter(debit=account).exclude(kind=EntryKind.CAPTURE).count()
    refunds = LedgerEntry.objects.filter(credit=account, kind=EntryKind.REFUND)
    requests = GenerationRequest.objects.filter(team=account.team_id)
    back = refunds.aggregate(count=Count("pk"), total=Sum("amount"))
    return Figures(
        entries=went["count"] + came["count"],
        captures=went["count"] - other,
        refunds=back["count"],
        refunded=back["total"] or 0,
        came=came["total"] or 0,
        went=went["total"] or 0,
        holds=account.holds.count(),
        lots=account.lots.count(),
        days=account.days.count(),
        requests=requests.count(),
        open_requests=requests.filter(status__in=sorted(OPEN)).count(),
        since=came["first"],
    )


def bill(account: CreditAccount) -> Bill:
    """Of the last days; what the provider has no record of yet is left for the next nights."""
    since = timezone.now() - timedelta(days=BILL_DAYS)
    calls = Attempt.objects.filter(request__team=account.team_id, sent_at__gte=since)
    billed = _billed(account, since)
    in_bill = Exists(billed.filter(attempt=OuterRef("pk")).order_by())
    of_team = Finding.objects.filter(attempt__sent_at__gte=since).order_by()
    findings = of_team.filter(attempt__request__team=account.team_id)
    only_ours = findings.filter(kind=FindingKind.OURS_ONLY, attempt=OuterRef("pk"))
    compared = calls.filter(in_bill | Exists(only_ours))
    sums = findings.aggregate(house=Sum("house_paid"), back=Sum("refunded"))
    ours = compared.aggregate(calls=Count("pk"), total=Sum(_booked()))
    return Bill(
        compared_at=_compared_at(),
        calls=calls.filter(cost_nano_usd__gt=0).count(),
        compared=ours["calls"],
        ours=ours["total"] or 0,
        theirs=billed.aggregate(total=Sum("nano_usd"))["total"] or 0,
        differ=_differing(calls.filter(Exists(findings.filter(attempt=OuterRef("pk")))), billed),
        open_cases=findings.open().count(),
        house_paid=sums["house"] or 0,
        refunded=sums["back"] or 0,
        kinds=_by_kind(findings),
    )


def _differing(found: QuerySet[Attempt], billed: QuerySet[ProviderCharge]) -> int:
    """How many of the calls with a finding are not billed as they were booked, late or not."""
    taken = billed.filter(attempt=OuterRef("pk")).order_by().values("attempt")
    theirs = Subquery(taken.annotate(total=Sum("nano_usd")).values("total"))
    figures = found.annotate(booked=_booked(), billed=theirs).values_list("booked", "billed")
    return sum(not agree(booked or 0, billed or 0) for booked, billed in figures)


def _booked() -> Coalesce:
    """What a call was booked at before anything was learned from the provider's records."""
    computed = ProviderCharge.objects.filter(attempt=OuterRef("pk"), seen_via=SeenVia.COMPUTED)
    learned = Case(
        When(cost_source=CostSource.LOG, then=Subquery(computed.order_by().values("nano_usd")[:1]))
    )
    return Coalesce(learned, "cost_nano_usd")


def _moved(entries: QuerySet[LedgerEntry]) -> dict[str, Any]:
    return entries.order_by().aggregate(
        count=Count("pk"), total=Sum("amount"), first=Min("created_at")
    )


def _billed(account: CreditAccount, since: datetime) -> QuerySet[ProviderCharge]:
    """What the provider took for each call: what its list has, or where that is silent its log."""
    listed = ProviderCharge.objects.filter(
        attempt=OuterRef("attempt"),
        inference_id=OuterRef("inference_id"),
        seen_via=SeenVia.TRANSACTION,
    )
    return ProviderCharge.objects.filter(
        Q(seen_via=SeenVia.TRANSACTION) | (Q(seen_via=SeenVia.LOG) & ~Exists(listed.order_by())),
        attempt__request__team=account.team_id,
        attempt__sent_at__gte=since,
    )


def _by_kind(findings: QuerySet[Finding]) -> list[tuple[str, int]]:
    counts = findings.order_by().values("kind").annotate(count=Count("pk"))
    found = {row["kind"]: row["count"] for row in counts}
    return [(kind.label, found.get(kind.value, 0)) for kind in FindingKind]


def _compared_at() -> datetime | None:
    done = Reconciliation.objects.filter(state=ReconciliationState.FINISHED)
    latest: datetime | None = done.aggregate(at=Max("finished_at"))["at"]
    return latest
