"""Changes to credits as the operators' pages show them: what the balance is before and after."""

from dataclasses import dataclass, replace
from uuid import UUID

from django.db.models import Q, QuerySet

from accounts.change_forms import ChangeDecisionForm
from accounts.errors import AccountsError, OverdraftInUse, TeamHasLess
from accounts.models import ChangeKind, CreditChange, Team, User
from accounts.services import changes, ledger
from accounts.services.changes import Draft
from accounts.services.ledger import Balance

SHOWN = 20
FIGURES = {
    "posted": "Balance",
    "held": "Held",
    "overdraft": "Overdraft",
    "available": "Available",
}


@dataclass(frozen=True, slots=True)
class Effect:
    before: Balance
    after: Balance

    @property
    def rows(self) -> list[tuple[str, int, int]]:
        """Each figure with what it is before and after."""
        return [
            (label, getattr(self.before, name), getattr(self.after, name))
            for name, label in FIGURES.items()
        ]


@dataclass(frozen=True, slots=True)
class Shown:
    """A change, what it does, and the form for whoever may decide about it."""

    change: CreditChange
    effect: Effect | None
    form: ChangeDecisionForm | None = None
    is_mine: bool = False


def effect_of(draft: Draft) -> Effect:
    """What the change would do to the account as it is now."""
    return _effect(draft.kind, draft.amount, ledger.balance(team=draft.team))


def refusal(draft: Draft, effect: Effect) -> AccountsError:
    """Why the account as it is now does not give what the draft takes."""
    if draft.kind == ChangeKind.OVERDRAFT:
        return OverdraftInUse(effect.before.held - effect.before.posted)
    return TeamHasLess(taken=-draft.amount, available=effect.before.available)


def waiting(
    user: User, team: Team | None = None, bound: dict[UUID, ChangeDecisionForm] | None = None
) -> list[Shown]:
    return [open_one(one, user, (bound or {}).get(one.pk)) for one in changes.waiting(team)[:SHOWN]]


def open_one(change: CreditChange, user: User, bound: ChangeDecisionForm | None = None) -> Shown:
    """One that waits, as the account is now."""
    mine = change.by_id == user.pk
    return Shown(
        change,
        _effect(change.kind, change.amount, _balance(change.team)),
        bound or ChangeDecisionForm(change=change, is_mine=mine),
        mine,
    )


def ended(team: Team | None = None) -> list[Shown]:
    """The last ones, with the account as it was then."""
    return [Shown(one, _then(one)) for one in changes.ended(team)[:SHOWN]]


def teams(words: str) -> tuple[list[Team], int]:
    """Teams of that name or with that member, the first of them, and how many there are."""
    named = Q(name__icontains=words) | Q(slug__icontains=words)
    found = Team.objects.filter(named | Q(memberships__user__email__icontains=words)).distinct()
    return list(_with_accounts(found)[:SHOWN]), found.count()


def _with_accounts(found: QuerySet[Team]) -> QuerySet[Team]:
    return found.select_related("credit_account").order_by("name", "pk")


def _then(change: CreditChange) -> Effect | None:
    posted, held, overdraft = change.posted_before, change.held_before, change.overdraft_before
    if posted is None or held is None or overdraft is None:
        return None
    return _effect(change.kind, change.amount, Balance(posted, held, overdraft))


def _balance(team: Team) -> Balance:
    """As `ledger.balance`, of a team that was read with its account."""
    account = getattr(team, "credit_account", None)
    return Balance(account.posted, account.held, account.overdraft) if account else Balance()


def _effect(kind: str, amount: int, before: Balance) -> Effect:
    if kind == ChangeKind.OVERDRAFT:
        return Effect(before, replace(before, overdraft=amount))
    return Effect(before, replace(before, posted=before.posted + amount))
