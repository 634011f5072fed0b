"""The one check of the books: the ledger's own, and that requests and the provider's bill agree.

The command, the night and the pages all ask here.
"""

from accounts.models import BooksCheck
from accounts.services import ledger_check
from accounts.services.invariants import INVARIANTS
from accounts.services.ledger_check import LedgerReport
from generations.services import agreements


def check_ledger() -> LedgerReport:
    """All invariants, in one snapshot. Changes nothing."""
    return ledger_check.check(also=agreements.invariants())


def check_books() -> BooksCheck:
    """Check, keep the result, freeze the accounts at fault and tell staff."""
    return ledger_check.act_on(check_ledger())


def promises() -> dict[str, str]:
    """What is checked, in words, by its key and in order."""
    said = {one.key: one.says for one in (*INVARIANTS, *agreements.invariants())}
    return dict(sorted(said.items(), key=lambda one: int(one[0].removeprefix("I"))))
