"""Credits that come and go without a request: paid, promised, corrected, moved.

Every operation is idempotent by its reference, as in `ledger`.
"""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts.errors import (
    KeyReused,
    NotAllowed,
    NothingToAdjust,
    NotMovable,
    OverdraftInUse,
    ReasonNeeded,
)
from accounts.models import (
    AccountKind,
    CreditAccount,
    EntryKind,
    LedgerEntry,
    LotKind,
    Membership,
    Role,
    Team,
    User,
)
from accounts.services import alone, fund_statements, lots, moving, staff
from accounts.services.posting import (
    Posting,
    execute,
    give,
    is_said_again,
    once,
    refusal,
    take,
)


def top_up(
    *, team: Team, amount: int, reference: str, reason: str = "", expires_at: datetime | None = None
) -> LedgerEntry:
    """Credit what was paid for, once per payment. Raises KeyReused."""
    posting = Posting(
        team=team,
        amount=amount,
        kind=EntryKind.TOPUP,
        key=f"topup:{reference}",
        house=AccountKind.FUNDING,
        reason=reason,
    )
    return give(posting, lot=LotKind.PURCHASED, expires_at=expires_at)


def promote(
    *,
    team: Team,
    amount: int,
    reference: str,
    reason: str,
    expires_at: datetime | None,
    by: User | None = None,
    approver: User | None = None,
) -> LedgerEntry:
    """Give promotional credits, which are burnt first; of staff much in a day takes two.

    Raises SecondPersonNeeded, KeyReused.
    """
    posting = Posting(
        team=team,
        amount=amount,
        kind=EntryKind.GRANT,
        key=f"promotion:{reference}",
        house=AccountKind.PROMOTION,
        reason=reason,
        by=by,
        approver=approver,
    )
    with transaction.atomic():
        _expect_second(posting)
        return give(posting, lot=LotKind.PROMOTION, expires_at=expires_at)


def welcome(*, user: User, team: Team) -> None:
    """What this installation gives a new person, once; most give nothing."""
    if not settings.SIGN_UP_CREDITS:
        return
    reference, days = f"sign-up:{user.pk}", settings.SIGN_UP_CREDITS_DAYS
    # They end so long after the first time, whenever it is said again.
    if LedgerEntry.objects.filter(key=f"promotion:{reference}").exists():
        return
    promote(
        team=team,
        amount=settings.SIGN_UP_CREDITS,
        reference=reference,
        reason="Welcome",
        expires_at=timezone.now() + timedelta(days=days) if days else None,
    )


def adjust(
    *,
    team: Team,
    amount: int,
    reason: str,
    reference: str,
    by: User,
    approver: User | None = None,
) -> LedgerEntry:
    """A staff correction, up or down; much in a day takes a second person.

    Raises NotAllowed, ReasonNeeded, NothingToAdjust, SecondPersonNeeded, InsufficientCredits,
    KeyReused.
    """
    _expect_staff(by, reason)
    if amount == 0:
        raise NothingToAdjust
    posting = Posting(
        team=team,
        amount=abs(amount),
        kind=EntryKind.ADJUST,
        key=f"adjust:{reference}",
        house=AccountKind.ADJUSTMENT,
        reason=reason.strip(),
        by=by,
        approver=approver,
    )
    with transaction.atomic():
        _expect_second(posting)
        return give(posting, lot=LotKind.GRANTED) if amount > 0 else take(posting)


def set_overdraft(
    *, team: Team, amount: int, reason: str, by: User, approver: User | None = None
) -> int:
    """How far below zero a team may spend from now on; what it was before.

    Nothing moves, so there is no entry: `changes` keeps who, when and why. Raised by much in a day
    it takes a second person. Raises NotAllowed, ReasonNeeded, SecondPersonNeeded, OverdraftInUse.
    """
    _expect_staff(by, reason)
    with transaction.atomic():
        # Before the account, as whatever else they do: the other order would deadlock.
        alone.in_turn(by)
        execute(fund_statements.OPEN_ACCOUNT, {"team": team.pk})
        account = CreditAccount.objects.select_for_update(no_key=True).get(team=team)
        alone.expect_second(amount - account.overdraft, by=by, approver=approver)
        owed = account.held - account.posted
        if amount < max(owed, 0):
            raise OverdraftInUse(owed)
        CreditAccount.objects.filter(pk=account.pk).update(overdraft=amount)
    return account.overdraft


def transfer(
    *, by: User, team: Team, to: Team, amount: int, reason: str, reference: str
) -> LedgerEntry:
    """Move credits between two teams that this person owns; they run out when they would have.

    Only what `moving.movable` says: who could move a plan's month, a promotion or what came back of
    them would keep more than rolls over, and gather in one team what each was given once.
    Raises NotAllowed, NotMovable, InsufficientCredits, AccountFrozen, KeyReused.
    """
    owned = Membership.objects.filter(user=by, role=Role.OWNER, team__in=[team, to])
    if team == to or owned.count() != len([team, to]):
        raise NotAllowed
    values = {
        "team": team.pk,
        "other": to.pk,
        "amount": amount,
        "key": f"transfer:{reference}",
        "actor": by.pk,
        "reason": reason,
    }
    giver = CreditAccount.objects.filter(team=team).first()
    if giver is None:
        raise refusal(team, amount)
    with transaction.atomic():
        execute(fund_statements.OPEN_ACCOUNT, {"team": to.pk})
        # Before the accounts' own locks, as whoever takes back what ran out.
        lots.alone_with(giver)
        if not LedgerEntry.objects.filter(key=values["key"]).exists():
            _expect_movable(giver, team, amount)
        entry = once(fund_statements.TRANSFER, values)
        if entry is None:
            raise refusal(team, amount)
        same = (entry.amount, entry.debit.team_id, entry.credit.team_id) == (amount, team.pk, to.pk)
        if not (same and is_said_again(entry, reason=reason, by=by)):
            raise KeyReused(reference)
        lots.pass_on(entry)
    return entry


def _expect_staff(by: User, reason: str) -> None:
    staff.expect_staff(by)
    if not reason.strip():
        raise ReasonNeeded


def _expect_second(posting: Posting) -> None:
    """What was booked before is only said again."""
    if posting.by and not LedgerEntry.objects.filter(key=posting.key).exists():
        alone.expect_second(posting.amount, by=posting.by, approver=posting.approver)


def _expect_movable(giver: CreditAccount, team: Team, amount: int) -> None:
    movable = moving.movable(giver)
    if amount <= movable:
        return
    giver.refresh_from_db()
    if giver.frozen_at or giver.available < amount:
        raise refusal(team, amount)
    raise NotMovable(movable, amount)
