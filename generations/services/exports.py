"""That a month's file was given out, and whether it is the same when it is asked for again.

A month that is over cannot change, so neither can its file; only a member's e-mail address in it
may. Each file that was given out is remembered by its digest, and so are its figures alone.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from accounts.models import CreditAccount, Team, User
from accounts.services import entries, ledger_check
from generations.errors import StatementRefused
from generations.models import StatementExport
from generations.services import statement
from generations.services.statement import Month, Tally


@dataclass(frozen=True, slots=True)
class Made:
    """What a file is, without the file."""

    digest: str
    tally: Tally


class Likeness(StrEnum):
    SAME = "same"
    RENAMED = "renamed"  # the same figures, but a name in it has changed
    DIFFERENT = "different"


@dataclass(frozen=True, slots=True)
class Comparison:
    """A month's file as it is now beside one that was given out."""

    likeness: Likeness
    given_at: datetime
    earlier: StatementExport


def require_sound(account: CreditAccount) -> None:
    """Raises StatementRefused while a check finds the account's books wrong."""
    if ledger_check.is_at_fault(account):
        raise StatementRefused(account.team)


def make(account: CreditAccount, month: Month) -> Made:
    """The file of a month as it would be given out now."""
    tally = Tally()
    chunks = statement.csv_chunks(account, since=month.since, until=month.until, tally=tally)
    return Made(statement.digest(chunks), tally)


def remember(*, team: Team, month: Month, made: Made, to: User) -> None:
    """Keep that this file was given out; a second time it is the same row."""
    export = StatementExport(
        team=team,
        month=month.first,
        digest=made.digest,
        figures_digest=made.tally.digest,
        rows=made.tally.rows,
        last_entry=made.tally.last_entry,
        moved=made.tally.moved,
        is_final=entries.has_ended(month.until),
        given_to=to,
    )
    StatementExport.objects.bulk_create([export], ignore_conflicts=True)


def compare(account: CreditAccount, month: Month, made: Made) -> Comparison | None:
    """The worst likeness to any file of the whole month that was given out, if there was one."""
    given = StatementExport.objects.filter(team=account.team_id, month=month.first, is_final=True)
    found = [_beside(made, earlier) for earlier in given.order_by("id")]
    for likeness in (Likeness.DIFFERENT, Likeness.SAME, Likeness.RENAMED):
        for one in found:
            if one.likeness is likeness:
                return one
    return None


def _beside(made: Made, earlier: StatementExport) -> Comparison:
    likeness = Likeness.DIFFERENT
    if earlier.digest == made.digest:
        likeness = Likeness.SAME
    elif earlier.figures_digest == made.tally.digest:
        likeness = Likeness.RENAMED
    return Comparison(likeness, earlier.given_at, earlier)
