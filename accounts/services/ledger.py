"""The only writer of credit rows.

Each operation is one statement, so that its checks and its effects cannot come apart, and is
idempotent: said again with the same key it changes nothing, said again with another amount it is
refused. All run under READ COMMITTED; inside a larger transaction they come last, because they lock
the team's account.
"""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import IntegrityError, connection, transaction

from accounts.errors import HoldResolved, InsufficientCredits, KeyReused
from accounts.models import (
    AccountKind,
    CreditAccount,
    Hold,
    HoldState,
    LedgerEntry,
    Team,
    User,
)
from config.ids import uuid7

OPEN_ACCOUNT = """
INSERT INTO accounts_creditaccount (team_id, kind, posted, held, overdraft)
VALUES (%(team)s, 'team', 0, 0, 0) ON CONFLICT DO NOTHING
"""

GRANT = """
WITH team AS (SELECT id FROM accounts_creditaccount WHERE team_id = %(team)s),
entry AS (
    INSERT INTO accounts_ledgerentry (debit_id, credit_id, amount, kind, key, actor_id, reason)
    SELECT house.id, team.id, %(amount)s, 'grant', %(key)s, %(actor)s, %(reason)s
    FROM team, accounts_creditaccount house WHERE house.kind = 'funding'
    ON CONFLICT (key) DO NOTHING
    RETURNING credit_id
)
UPDATE accounts_creditaccount SET posted = posted + %(amount)s
FROM entry WHERE accounts_creditaccount.id = entry.credit_id
"""

# The account is updated before the hold is inserted: the other order makes the insert's foreign-key
# check queue behind every other hold of the team (measured).
HOLD = """
WITH account AS (
    UPDATE accounts_creditaccount SET held = held + %(amount)s
    WHERE team_id = %(team)s AND posted - held + overdraft >= %(amount)s
    RETURNING id
)
INSERT INTO accounts_hold (id, account_id, reference, amount, captured, state)
SELECT %(id)s, account.id, %(reference)s, %(amount)s, 0, 'pending' FROM account
"""

CAPTURE = """
WITH hold AS (
    UPDATE accounts_hold SET state = 'captured', captured = %(amount)s, resolved_at = now()
    WHERE id = %(hold)s AND state = 'pending'
    RETURNING id, account_id, amount
),
entry AS (
    INSERT INTO accounts_ledgerentry (debit_id, credit_id, amount, kind, key, hold_id, reason)
    SELECT hold.account_id, house.id, %(amount)s, 'capture', 'capture:' || hold.id, hold.id, ''
    FROM hold, accounts_creditaccount house WHERE house.kind = 'revenue'
)
UPDATE accounts_creditaccount
SET held = held - hold.amount, posted = posted - %(amount)s
FROM hold WHERE accounts_creditaccount.id = hold.account_id
"""

RELEASE = """
WITH hold AS (
    UPDATE accounts_hold SET state = 'released', resolved_at = now()
    WHERE id = %(hold)s AND state = 'pending'
    RETURNING account_id, amount
)
UPDATE accounts_creditaccount SET held = held - hold.amount
FROM hold WHERE accounts_creditaccount.id = hold.account_id
"""

OVERRUN = """
INSERT INTO accounts_ledgerentry (debit_id, credit_id, amount, kind, key, hold_id, reason)
SELECT loss.id, revenue.id, %(amount)s, 'overrun', %(key)s, %(hold)s, %(reason)s
FROM accounts_creditaccount loss, accounts_creditaccount revenue
WHERE loss.kind = 'overrun' AND revenue.kind = 'revenue'
ON CONFLICT (key) DO NOTHING
"""


@dataclass(frozen=True, slots=True)
class Balance:
    """A team's credits in microcredits; what can be spent is `available`."""

    posted: int = 0
    held: int = 0
    overdraft: int = 0

    @property
    def available(self) -> int:
        return self.posted - self.held + self.overdraft


def balance(*, team: Team) -> Balance:
    account = CreditAccount.objects.filter(team=team).first()
    return Balance(account.posted, account.held, account.overdraft) if account else Balance()


def grant(
    *, team: Team, amount: int, reason: str, reference: str, by: User | None = None
) -> LedgerEntry:
    """Give credits to a team, once per reference.

    Raises KeyReused when the reference was used for another team or amount.
    """
    key = f"grant:{reference}"
    values = {"team": team.pk, "amount": amount, "key": key, "reason": reason}
    with transaction.atomic():
        _execute(OPEN_ACCOUNT, {"team": team.pk})
        _execute(GRANT, {**values, "actor": by.pk if by else None})
    entry = LedgerEntry.objects.select_related("credit").get(key=key)
    if entry.amount != amount or entry.credit.team_id != team.pk:
        raise KeyReused(reference)
    return entry


def hold(*, team: Team, amount: int, reference: str) -> Hold:
    """Set credits aside, once per reference.

    Raises InsufficientCredits when less than `amount` is available, KeyReused when the reference
    was used for another team or amount.
    """
    values = {"id": uuid7(), "team": team.pk, "amount": amount, "reference": reference}
    try:
        with transaction.atomic():
            _execute(HOLD, values)
    except IntegrityError:
        if not Hold.objects.filter(reference=reference).exists():
            raise
    # Read by its reference: said again it is the first hold, also when nothing more is available.
    made = Hold.objects.select_related("account").filter(reference=reference).first()
    if made is None:
        raise InsufficientCredits(needed=amount, available=balance(team=team).available)
    if made.amount != amount or made.account.team_id != team.pk:
        raise KeyReused(reference)
    return made


def capture(*, hold: UUID, amount: int) -> None:
    """Spend `amount` of a hold, above 0 and at most all of it, and give the rest back.

    Raises HoldResolved when the hold was released, or captured at another amount.
    """
    if not _execute(CAPTURE, {"hold": hold, "amount": amount}):
        _expect(hold, state=HoldState.CAPTURED, captured=amount)


def release(*, hold: UUID) -> None:
    """Give a hold back whole. Raises HoldResolved when it was captured."""
    if not _execute(RELEASE, {"hold": hold}):
        _expect(hold, state=HoldState.RELEASED, captured=0)


def overrun(*, hold: UUID, amount: int, reason: str, reference: str = "") -> None:
    """Book to the house what the provider charged and the team does not pay.

    Once per hold, or per `reference` where one hold saw several charges. Raises KeyReused when
    another amount was booked for it.
    """
    key = f"overrun:{reference or hold}"
    _execute(OVERRUN, {"hold": hold, "amount": amount, "key": key, "reason": reason})
    if LedgerEntry.objects.get(key=key).amount != amount:
        raise KeyReused(key)


def open_house_accounts() -> None:
    """Make the house's own accounts; they are part of the schema, like permissions are."""
    for kind in (AccountKind.FUNDING, AccountKind.REVENUE, AccountKind.OVERRUN):
        CreditAccount.objects.get_or_create(team=None, kind=kind)


def _expect(hold: UUID, *, state: HoldState, captured: int) -> None:
    if not Hold.objects.filter(pk=hold, state=state, captured=captured).exists():
        raise HoldResolved(str(hold))


def _execute(statement: str, values: dict[str, Any]) -> int:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return int(cursor.rowcount)
