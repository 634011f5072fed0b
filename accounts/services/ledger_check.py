"""Do the books add up? The check reads, in one snapshot; what acts on it is told what it found.

What other rooms know to be true of the books they hand in as further invariants: see
`generations.services.audit`, which is what commands, nights and pages ask.
"""

import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field

from django.conf import settings
from django.core.mail import send_mail
from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from accounts.models import BooksCheck, CreditAccount, User
from accounts.services import freezing
from accounts.services.invariants import INVARIANTS, Invariant

TOTALS = """
SELECT (SELECT count(*) FROM accounts_creditaccount WHERE kind = 'team'),
       (SELECT count(*) FROM accounts_ledgerentry),
       (SELECT coalesce(sum(held), 0) FROM accounts_creditaccount),
       (SELECT coalesce(sum(posted - held + overdraft), 0) FROM accounts_creditaccount
        WHERE kind = 'team')
"""
SHOWN = 20  # Enough to see the pattern; a broken account lists every hold it has.


@dataclass(slots=True)
class Found:
    """What contradicts an invariant: how much, and whose; `house` where no team is at fault."""

    count: int = 0
    accounts: list[int] = field(default_factory=list)
    house: bool = False


@dataclass(slots=True)
class LedgerReport:
    """Amounts in microcredits over all teams; `problems` is empty when the books balance."""

    accounts: int
    entries: int
    held: int
    available: int
    problems: list[str] = field(default_factory=list)
    # Each team account with a violation, and the first words about it.
    at_fault: dict[int, str] = field(default_factory=dict)
    # By the key of an invariant that does not hold.
    found: dict[str, Found] = field(default_factory=dict)
    seconds: float = 0.0


def check(*, also: Iterable[Invariant] = ()) -> LedgerReport:
    """Look for whatever contradicts the ledger's invariants, and those handed in."""
    began = time.monotonic()
    with transaction.atomic(), connection.cursor() as cursor:
        # One snapshot for all queries, or a hold placed between two of them reads as a violation.
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        cursor.execute("SET LOCAL work_mem = '64MB'")
        cursor.execute(TOTALS)
        accounts, entries, held, available = cursor.fetchone() or (0, 0, 0, 0)
        report = LedgerReport(accounts, entries, int(held), int(available))
        for invariant in (*INVARIANTS, *also):
            _look_for(cursor, invariant, report)
    report.seconds = round(time.monotonic() - began, 3)
    return report


def act_on(report: LedgerReport) -> BooksCheck:
    """Keep what was found, stop spending where the books are wrong, and tell staff.

    Nothing is repaired: a person looks, corrects with an entry, and lifts the freeze.
    """
    with transaction.atomic():
        # In the order in which a transfer locks two of them.
        for account, why in sorted(report.at_fault.items()):
            freezing.freeze(account=account, why=why)
        kept = BooksCheck.objects.create(
            entries=report.entries,
            problems=report.problems,
            found={key: asdict(found) for key, found in report.found.items()},
            seconds=report.seconds,
        )
        if report.problems:
            _tell_staff(kept)
    return kept


def last() -> BooksCheck | None:
    """The newest check, for "books balance: yes, checked 03:10"."""
    return BooksCheck.objects.first()


def is_at_fault(account: CreditAccount) -> bool:
    """Whether the newest check found this account's books wrong."""
    newest = last()
    return newest is not None and account.pk in newest.accounts_at_fault


def _look_for(cursor: CursorWrapper, invariant: Invariant, report: LedgerReport) -> None:
    for words, query in invariant.looks.items():
        # Materialized, or a plan is chosen that is quick to find the first, and there are none.
        shown = f"WITH found AS MATERIALIZED ({query}) SELECT * FROM found LIMIT {SHOWN}"  # noqa: S608  # ours
        cursor.execute(shown, invariant.values or None)
        rows = cursor.fetchall()
        if rows:
            report.problems += [words.format(*row) for row in rows]
            first = {row[0]: words.format(*row) for row in reversed(rows)}
            _count(cursor, invariant, query, first, report)


def _count(
    cursor: CursorWrapper,
    invariant: Invariant,
    query: str,
    first: dict[int | None, str],
    report: LedgerReport,
) -> None:
    """How many there are beyond those shown, and on which accounts."""
    by_account = f"SELECT account::bigint, count(*) FROM ({query}) found (account) GROUP BY 1"  # noqa: S608  # ours
    cursor.execute(by_account, invariant.values or None)
    found = report.found.setdefault(invariant.key, Found())
    for account, count in cursor.fetchall():
        found.count += count
        if account is None:
            found.house = True
            continue
        report.at_fault.setdefault(account, first.get(account, "One of many with this fault."))
        if account not in found.accounts:
            found.accounts.append(account)


def _tell_staff(kept: BooksCheck) -> None:
    to = list(User.objects.staff().values_list("email", flat=True))
    body = "\n".join(
        [
            "The check of the books found what must not be. Team accounts it names are frozen:",
            "nothing more is spent there until you have looked and lifted the freeze.",
            "",
            *kept.problems,
            "",
            f"{settings.PUBLIC_URL}/admin/accounts/creditaccount/",
        ]
    )
    transaction.on_commit(
        lambda: send_mail("Darkroom: the books do not balance", body, None, to, fail_silently=True),
        robust=True,
    )
