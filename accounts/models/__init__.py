from accounts.models.asks import AskKind, AskState, CreditRequest
from accounts.models.books import BooksCheck
from accounts.models.budgets import Budget, BudgetWindow, Period
from accounts.models.changes import ChangeKind, ChangeState, CreditChange
from accounts.models.credits import (
    AccountKind,
    CreditAccount,
    EntryKind,
    Hold,
    HoldState,
    LedgerEntry,
)
from accounts.models.days import AccountDay
from accounts.models.lots import PRIORITY, Lot, LotAllocation, LotKind, LotWarning
from accounts.models.plans import Plan, Rollover, TeamPlan
from accounts.models.role_limits import RoleLimit
from accounts.models.team import Invitation, Membership, Role, Team
from accounts.models.tokens import ApiToken
from accounts.models.user import User

__all__ = [
    "PRIORITY",
    "AccountDay",
    "AccountKind",
    "ApiToken",
    "AskKind",
    "AskState",
    "BooksCheck",
    "Budget",
    "BudgetWindow",
    "ChangeKind",
    "ChangeState",
    "CreditAccount",
    "CreditChange",
    "CreditRequest",
    "EntryKind",
    "Hold",
    "HoldState",
    "Invitation",
    "LedgerEntry",
    "Lot",
    "LotAllocation",
    "LotKind",
    "LotWarning",
    "Membership",
    "Period",
    "Plan",
    "Role",
    "RoleLimit",
    "Rollover",
    "Team",
    "TeamPlan",
    "User",
]
