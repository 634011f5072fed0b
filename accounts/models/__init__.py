from accounts.models.credits import (
    AccountKind,
    CreditAccount,
    EntryKind,
    Hold,
    HoldState,
    LedgerEntry,
)
from accounts.models.team import Invitation, Membership, Role, Team
from accounts.models.user import User

__all__ = [
    "AccountKind",
    "CreditAccount",
    "EntryKind",
    "Hold",
    "HoldState",
    "Invitation",
    "LedgerEntry",
    "Membership",
    "Role",
    "Team",
    "User",
]
