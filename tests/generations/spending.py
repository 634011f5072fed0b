"""A team's past. Entries cannot be moved in time, so those of other days are written as such."""

from datetime import UTC, date, datetime, time, timedelta
from uuid import uuid4

from django.db.models import F
from django.utils import timezone

from accounts.models import (
    AccountKind,
    CreditAccount,
    EntryKind,
    Hold,
    HoldState,
    LedgerEntry,
    Team,
    User,
)
from generations.models import Attempt, GenerationRequest, Image, ImageStatus, Status
from tests import factories

TODAY = timezone.now().date()
NOON = time(12, tzinfo=UTC)


def days_ago(days: int) -> date:
    return TODAY - timedelta(days=days)


def account_of(team: Team) -> CreditAccount:
    return CreditAccount.objects.get(team=team)


def granted(team: Team, amount: int, *, on: date, at: time = NOON) -> LedgerEntry:
    """Credits that came on a day."""
    return _entry(team, -amount, EntryKind.GRANT, at=datetime.combine(on, at))


def given_back(asked: GenerationRequest, amount: int, *, on: date) -> LedgerEntry:
    at = datetime.combine(on, NOON)
    return _entry(asked.team, -amount, EntryKind.REFUND, at=at, hold=asked.hold)


def spent(
    team: Team,
    amount: int,
    *,
    on: date,
    at: time = NOON,
    by: User | None = None,
    model: str = factories.MODEL,
    images: int = 1,
    seconds: float = 5,
) -> GenerationRequest:
    """A request that was done on a day, at what it cost."""
    moment = datetime.combine(on, at)
    hold = _hold(team, amount, HoldState.CAPTURED, moment)
    _entry(team, amount, EntryKind.CAPTURE, at=moment, hold=hold)
    asked = _request(team, hold, by=by, model=model, seconds=seconds)
    asked.arrived = images
    asked.save()
    attempt = Attempt.objects.create(
        request=asked, number=1, fence=1, client_request_id=str(uuid4()), sent_at=moment
    )
    for index in range(images):
        _image(asked, attempt, index, moment)
    return asked


def failed(
    team: Team, *, on: date, by: User | None = None, model: str = factories.MODEL
) -> GenerationRequest:
    moment = datetime.combine(on, NOON)
    hold = _hold(team, 1, HoldState.RELEASED, moment)
    return _request(team, hold, by=by, model=model, status=Status.FAILED, seconds=1)


def _hold(team: Team, amount: int, state: HoldState, at: datetime) -> Hold:
    return Hold.objects.create(
        account=account_of(team),
        reference=str(uuid4()),
        amount=amount,
        captured=amount if state == HoldState.CAPTURED else 0,
        state=state,
        created_at=at,
        resolved_at=at,
    )


def _request(
    team: Team,
    hold: Hold,
    *,
    by: User | None,
    model: str,
    status: Status = Status.SUCCEEDED,
    seconds: float,
) -> GenerationRequest:
    at = hold.created_at
    return GenerationRequest.objects.create(
        team=team,
        user=by or factories.owner_of(team),
        idempotency_key=uuid4(),
        provider="aimlapi",
        model=model,
        prompt="As it was",
        params={},
        num_images=1,
        hold=hold,
        status=status,
        created_at=at,
        started_at=at - timedelta(seconds=seconds),
        finished_at=at,
    )


def _image(asked: GenerationRequest, attempt: Attempt, index: int, at: datetime) -> Image:
    return Image.objects.create(
        request=asked,
        attempt=attempt,
        index=index,
        team=asked.team,
        author=asked.user,
        status=ImageStatus.STORED,
        folder="kept",
        digest="kept",
        width=1,
        height=1,
        stored_at=at,
    )


def _entry(
    team: Team,
    amount: int,
    kind: EntryKind,
    *,
    at: datetime,
    hold: Hold | None = None,
) -> LedgerEntry:
    """What leaves the team is above zero here, what comes below."""
    ours = account_of(team)
    other = CreditAccount.objects.get(kind=AccountKind.REVENUE if hold else AccountKind.FUNDING)
    debit, credit = (ours, other) if amount > 0 else (other, ours)
    CreditAccount.objects.filter(pk=ours.pk).update(posted=F("posted") - amount)
    return LedgerEntry.objects.create(
        debit=debit,
        credit=credit,
        amount=abs(amount),
        kind=kind,
        key=str(uuid4()),
        hold=hold,
        created_at=at,
        effective_at=at,
    )
