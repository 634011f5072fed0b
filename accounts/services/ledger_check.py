"""Does the ledger add up? The check reads, in one snapshot; the night acts on what it found."""

import time
from dataclasses import dataclass, field

from django.conf import settings
from django.core.mail import send_mail
from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from accounts.models import BooksCheck, User
from accounts.services import freezing
from accounts.services.violations import VIOLATIONS

TOTALS = """
SELECT (SELECT count(*) FROM accounts_creditaccount WHERE kind = 'team'),
       (SELECT count(*) FROM accounts_ledgerentry),
       (SELECT coalesce(sum(held), 0) FROM accounts_creditaccount),
       (SELECT coalesce(sum(posted - held + overdraft), 0) FROM accounts_creditaccount
        WHERE kind = 'team')
"""
SHOWN = 20  # Enough to see the pattern; a broken account lists every hold it has.


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


def check() -> LedgerReport:
    with transaction.atomic(), connection.cursor() as cursor:
        # One snapshot for all queries, or a hold placed between two of them reads as a violation.
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        cursor.execute("SET LOCAL work_mem = '64MB'")
        cursor.execute(TOTALS)
        accounts, entries, held, available = cursor.fetchone() or (0, 0, 0, 0)
        report = LedgerReport(accounts, entries, int(held), int(available))
        for words, query in VIOLATIONS.items():
            _look_for(cursor, words, query, report)
    return report


def freeze_violators() -> BooksCheck:
    """Check the books, keep the result, stop spending where they are wrong, and tell staff.

    Nothing is repaired: a person looks, corrects with an entry, and lifts the freeze.
    """
    began = time.monotonic()
    report = check()
    with transaction.atomic():
        for account, why in report.at_fault.items():
            freezing.freeze(account=account, why=why)
        kept = BooksCheck.objects.create(
            entries=report.entries,
            problems=report.problems,
            seconds=round(time.monotonic() - began, 3),
        )
        if report.problems:
            _tell_staff(kept)
    return kept


def last() -> BooksCheck | None:
    """The newest check, for "books balance: yes, checked 03:10"."""
    return BooksCheck.objects.first()


def _look_for(cursor: CursorWrapper, words: str, query: str, report: LedgerReport) -> None:
    # Materialized, or a plan is chosen that is quick to find the first twenty, and there are none.
    shown = f"WITH found AS MATERIALIZED ({query}) SELECT * FROM found LIMIT {SHOWN}"  # noqa: S608
    cursor.execute(shown)
    found = cursor.fetchall()
    if not found:
        return
    report.problems += [words.format(*row) for row in found]
    first = {row[0]: words.format(*row) for row in reversed(found)}
    distinct = f"SELECT DISTINCT account::bigint FROM ({query}) found (account)"  # noqa: S608
    cursor.execute(distinct)
    for (account,) in cursor.fetchall():
        if account is not None:
            report.at_fault.setdefault(account, first.get(account, "One of many with this fault."))


def _tell_staff(kept: BooksCheck) -> None:
    to = list(User.objects.filter(is_staff=True, is_active=True).values_list("email", flat=True))
    body = "\n".join(
        [
            "The nightly check of the ledger found what must not be. Accounts it names are frozen:",
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
