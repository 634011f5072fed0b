from accounts.models.books import BooksCheck
from accounts.models.budgets import Budget, BudgetWindow, Period
from accounts.models.credits import (
    AccountKind,
    CreditAccount,
    EntryKind,
    Hold,
    HoldState,
    LedgerEntry,
)
from accounts.models.days import AccountDay
from accounts.models.lots import PRIORITY, Lot, LotAllocation, LotKind
from accounts.models.team import Invitation, Membership, Role, Team
from accounts.models.user import User

__all__ = [
    "PRIORITY",
    "AccountDay",
    "AccountKind",
    "BooksCheck",
    "Budget",
    "BudgetWindow",
    "CreditAccount",
    "EntryKind",
    "Hold",
    "HoldState",
    "Invitation",
    "LedgerEntry",
    "Lot",
    "LotAllocation",
    "LotKind",
    "Membership",
    "Period",
    "Role",
    "Team",
    "User",
]
