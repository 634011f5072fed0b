"""What staff do to a team's credits by hand: at once, or above so much a day when two agree.

Each is kept with who, why, and what the account said right before it. What waits has booked
nothing: it is judged anew, by the account as it is then, when somebody agrees.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from accounts.errors import (
    ChangeDecided,
    ChangeWaits,
    JoinedLater,
    KeyReused,
    NoLongerStaff,
    NothingToAdjust,
    OwnAsk,
    OwnChange,
    ReasonNeeded,
    SecondPersonNeeded,
    WordsNeeded,
)
from accounts.models import (
    ChangeKind,
    ChangeState,
    CreditAccount,
    CreditChange,
    CreditRequest,
    Hold,
    Team,
    User,
)
from accounts.services import alone, change_mail, changing, staff

# What somebody asked for, or complained of: any of staff may answer it.
ANSWERS = (ChangeKind.GRANT, ChangeKind.REFUND)


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A change as somebody of staff says it; `key` makes it once, however often it is sent."""

    key: UUID
    team: Team
    kind: ChangeKind
    amount: int
    reason: str
    expires_at: datetime | None = None
    ask: CreditRequest | None = None
    words: str = ""
    hold: Hold | None = None

    @property
    def fields(self) -> dict[str, object]:
        values = {name: getattr(self, name) for name in self.__slots__ if name != "key"}
        return values | {"reason": self.reason.strip()}


def make(*, by: User, draft: Draft) -> CreditChange:
    """Do it, or leave it for a second member of staff where it takes two: see its `state`.

    Raises NotAllowed, ReasonNeeded, NothingToAdjust, KeyReused, ChangeWaits, and what the ledger
    refuses it for.
    """
    (staff.expect_staff if draft.kind in ANSWERS else staff.expect_keeper)(by)
    if not draft.reason.strip():
        raise ReasonNeeded
    if draft.amount == 0 and draft.kind != ChangeKind.OVERDRAFT:
        raise NothingToAdjust
    with transaction.atomic():
        made, is_new = _kept(by, draft)
        if is_new:
            _do_or_wait(made)
    return made


def decide(*, by: User, change: CreditChange, agrees: bool, note: str = "") -> CreditChange:
    """Do what waits, or refuse it; whoever made it may only take it back.

    Raises NotAllowed, OwnChange, OwnAsk, JoinedLater, WordsNeeded, ChangeDecided, NoLongerStaff,
    and what the ledger refuses it for, after which it still waits.
    """
    staff.expect_keeper(by)
    with transaction.atomic():
        found = _locked(change)
        if found.state != ChangeState.WAITING:
            raise ChangeDecided(found.get_state_display())
        if agrees:
            _agree(by, found, note)
        else:
            _refuse(by, found, note)
        if by != found.by:
            change_mail.decided(found)
    return found


def said(change: CreditChange) -> str:
    """What became of it, in words."""
    return {
        ChangeState.WAITING: "Nothing is booked yet: a second member of staff has to agree.",
        ChangeState.DONE: "The overdraft is set." if change.is_overdraft else "Done, and booked.",
        ChangeState.DECLINED: f"Declined. {change.by.display_name} is told; nothing was booked.",
        ChangeState.WITHDRAWN: "Taken back; nothing was booked.",
    }[ChangeState(change.state)]


def takes_two(by: User, draft: Draft) -> bool:
    """Whether they may not do it alone; an overdraft by how much it is raised."""
    if draft.kind != ChangeKind.OVERDRAFT:
        return alone.takes_two(by, abs(draft.amount))
    account = CreditAccount.objects.filter(team=draft.team).first()
    return alone.takes_two(by, draft.amount - (account.overdraft if account else 0))


def waiting(team: Team | None = None) -> QuerySet[CreditChange]:
    """What nobody has decided yet, the oldest first."""
    found = _of(team).filter(state=ChangeState.WAITING)
    return found.order_by("created_at", "id")


def ended(team: Team | None = None) -> QuerySet[CreditChange]:
    """What was done or refused, the latest first."""
    found = _of(team).exclude(state=ChangeState.WAITING)
    return found.order_by("-decided_at", "-id")


def _of(team: Team | None) -> QuerySet[CreditChange]:
    found = CreditChange.objects.filter(team=team) if team else CreditChange.objects.all()
    return found.select_related(
        "team__credit_account", "by", "decided_by", "ask__by", "hold__request"
    )


def _kept(by: User, draft: Draft) -> tuple[CreditChange, bool]:
    if draft.ask and CreditChange.objects.filter(ask=draft.ask, state=ChangeState.WAITING).exists():
        raise ChangeWaits
    wanted = draft.fields | {"by": by}
    # By the clock that says when somebody joined.
    first = wanted | {"created_at": timezone.now()}
    made, is_new = CreditChange.objects.get_or_create(pk=draft.key, defaults=first)
    if not is_new and any(getattr(made, name) != value for name, value in wanted.items()):
        raise KeyReused(str(draft.key))
    return made, is_new


def _do_or_wait(change: CreditChange) -> None:
    try:
        changing.do(change, approver=None)
    except SecondPersonNeeded:
        change_mail.waits(change)


def _locked(change: CreditChange) -> CreditChange:
    # The ask first, as whoever decides about it on its own page.
    if change.ask_id:
        CreditRequest.objects.select_for_update(no_key=True).get(pk=change.ask_id)
    return CreditChange.objects.select_for_update(of=("self",), no_key=True).get(pk=change.pk)


def _agree(by: User, change: CreditChange, note: str) -> None:
    if by == change.by:
        raise OwnChange
    if change.ask and change.ask.by == by:
        raise OwnAsk
    if by.date_joined > change.created_at:
        raise JoinedLater
    if not staff.is_staff(change.by):
        raise NoLongerStaff(change.by.display_name)
    changing.do(change, approver=by, note=note)


def _refuse(by: User, change: CreditChange, note: str) -> None:
    own = by == change.by
    if not (own or note.strip()):
        raise WordsNeeded
    CreditChange.objects.filter(pk=change.pk).update(
        state=ChangeState.WITHDRAWN if own else ChangeState.DECLINED,
        decided_by=by,
        decided_at=Now(),
        note=note.strip(),
    )
    change.refresh_from_db()
