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
    ReasonNeeded,
    SecondPersonNeeded,
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
from accounts.services import lots, statements
from accounts.services.posting import Posting, execute, give, once, refusal, take


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
) -> LedgerEntry:
    """Give promotional credits, which are burnt first. Raises KeyReused."""
    posting = Posting(
        team=team,
        amount=amount,
        kind=EntryKind.GRANT,
        key=f"promotion:{reference}",
        house=AccountKind.PROMOTION,
        reason=reason,
        by=by,
    )
    return give(posting, lot=LotKind.PROMOTION, expires_at=expires_at)


def welcome(*, user: User, team: Team) -> None:
    """What this installation gives a new person, once; most give nothing."""
    if not settings.SIGN_UP_CREDITS:
        return
    days = settings.SIGN_UP_CREDITS_DAYS
    promote(
        team=team,
        amount=settings.SIGN_UP_CREDITS,
        reference=f"sign-up:{user.pk}",
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
    """A staff correction, up or down; above a limit it takes a second person.

    Raises NotAllowed, ReasonNeeded, NothingToAdjust, SecondPersonNeeded, InsufficientCredits,
    KeyReused.
    """
    if not _is_staff(by):
        raise NotAllowed
    if not reason.strip():
        raise ReasonNeeded
    if amount == 0:
        raise NothingToAdjust
    seconded = approver is not None and _is_staff(approver) and approver != by
    if abs(amount) > settings.ADJUSTMENT_LIMIT and not seconded:
        raise SecondPersonNeeded(settings.ADJUSTMENT_LIMIT)
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
    return give(posting, lot=LotKind.GRANTED) if amount > 0 else take(posting)


def transfer(
    *, by: User, team: Team, to: Team, amount: int, reason: str, reference: str
) -> LedgerEntry:
    """Move credits between two teams that this person owns; they run out when they would have.

    Raises NotAllowed, InsufficientCredits, AccountFrozen, KeyReused.
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
        execute(statements.OPEN_ACCOUNT, {"team": to.pk})
        # Before the accounts' own locks, as whoever takes back what ran out.
        lots.alone_with(giver)
        entry = once(statements.TRANSFER, values)
        if entry is None:
            raise refusal(team, amount)
        if (entry.amount, entry.debit.team_id, entry.credit.team_id) != (amount, team.pk, to.pk):
            raise KeyReused(reference)
        lots.pass_on(entry)
    return entry


def _is_staff(user: User) -> bool:
    return user.is_staff and user.is_active
