"""What the Books page shows a team: whether its books balance, who says so, and beside what bill.

A check is of all teams at once; of the others nothing is said here.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum

from django.utils import timezone

from accounts.models import BooksCheck, CreditAccount
from accounts.money import say_credits
from accounts.services import ledger_check
from generations.services import audit, team_figures
from generations.services.team_figures import Figures

NIGHTS = 30
# A night's check and some patience: after it nobody has checked.
FRESH_FOR = timedelta(hours=26)


class Verdict(StrEnum):
    YES = "yes"
    OURS = "ours"  # something of this team's is wrong
    HOUSE = "house"  # something that no team answers for
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class Promise:
    """Something that was checked, whether it held for this team, and of how much."""

    key: str
    says: str
    evidence: str
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Night:
    day: date
    check: BooksCheck | None
    verdict: Verdict
    x: float = 0.0


@dataclass(frozen=True, slots=True)
class Headline:
    """ "Books balance: yes, checked 03:10"."""

    check: BooksCheck | None
    verdict: Verdict

    @property
    def when(self) -> str:
        return moment(self.check.at) if self.check else ""

    @property
    def is_stale(self) -> bool:
        return self.check is not None and timezone.now() - self.check.at > FRESH_FOR


def moment(at: datetime) -> str:
    """ "today at 03:10 UTC", "on 3 November, 03:10 UTC"."""
    here = at.astimezone(UTC)
    if here.date() == timezone.now().astimezone(UTC).date():
        return f"today at {here:%H:%M} UTC"
    return f"on {here:%-d %B, %H:%M} UTC"


def headline(account: CreditAccount) -> Headline:
    check = ledger_check.last()
    return Headline(check, _verdict(account, check))


def page(account: CreditAccount) -> dict[str, object]:
    found = headline(account)
    figures = team_figures.count(account)
    nights = _nights(account)
    bill = team_figures.bill(account)
    return {
        "account": account,
        "headline": found,
        "promises": _promises(account, found.check, figures),
        "nights": nights,
        "checked_nights": sum(night.check is not None for night in nights),
        "bad_nights": sum(night.verdict in {Verdict.OURS, Verdict.HOUSE} for night in nights),
        "bill": bill,
        "compared": moment(bill.compared_at) if bill.compared_at else "",
    }


def _verdict(account: CreditAccount, check: BooksCheck | None) -> Verdict:
    if check is None:
        return Verdict.NEVER
    return _worst([_of_one(account, found) for found in check.found.values()])


def _of_one(account: CreditAccount, found: dict[str, object]) -> Verdict:
    accounts = found["accounts"]
    if isinstance(accounts, list) and account.pk in accounts:
        return Verdict.OURS
    return Verdict.HOUSE if found["house"] else Verdict.YES


def _worst(verdicts: Sequence[Verdict]) -> Verdict:
    return next((one for one in (Verdict.OURS, Verdict.HOUSE) if one in verdicts), Verdict.YES)


def _promises(account: CreditAccount, check: BooksCheck | None, figures: Figures) -> list[Promise]:
    found = check.found if check else {}
    evidence = _evidence(account, figures)
    return [
        Promise(
            key,
            says,
            evidence.get(key, ""),
            _worst([_of_one(account, found[key])] if key in found else []),
        )
        for key, says in audit.promises().items()
    ]


def _evidence(account: CreditAccount, of: Figures) -> dict[str, str]:
    """How much of the team's each promise is about, now."""
    entries = _many(of.entries, "entry", "entries")
    return {
        "I1": f"{entries} make {say_credits(account.posted)}",
        "I2": (
            f"{say_credits(account.held)} reserved for {_many(of.open_requests, 'open request')}"
        ),
        "I3": f"{say_credits(account.available)} available",
        "I4": f"{entries} of two sides each",
        "I5": f"{_many(of.holds, 'hold')}, {of.captures:,} charged",
        "I6": f"{say_credits(of.refunded)} given back in {_many(of.refunds, 'refund')}",
        "I7": f"{entries}, each under a key of its own",
        "I8": "the database itself refuses it",
        "I9": f"{_many(of.lots, 'lot')} of credits",
        "I10": f"{_many(of.days, 'day')} kept",
        "I11": _many(of.requests, "request"),
        "I12": f"{say_credits(of.came)} came in, {say_credits(of.went)} went",
        "I13": _many(of.captures, "charge"),
        "I14": f"every hour since {of.since:%-d %B %Y}" if of.since else "",
    }


def _many(number: int, one: str, several: str = "") -> str:
    return f"{number:,} {one if number == 1 else several or f'{one}s'}"


def _nights(account: CreditAccount) -> list[Night]:
    """The last check of each of the last days, the oldest first."""
    today = timezone.now().astimezone(UTC).date()
    first = today - timedelta(days=NIGHTS - 1)
    checks = BooksCheck.objects.filter(at__date__gte=first).order_by("id")
    by_day = {check.at.astimezone(UTC).date(): check for check in checks}
    days = [first + timedelta(days=after) for after in range(NIGHTS)]
    return [
        Night(day, by_day.get(day), _verdict(account, by_day.get(day)), round(100 * n / NIGHTS, 3))
        for n, day in enumerate(days)
    ]
