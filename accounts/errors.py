"""What can go wrong, in words fit for the person it happens to. Views pick the HTTP status."""

from accounts.money import format_credits


class AccountsError(Exception):
    """Base of this room's errors; `str()` of each may be shown to the user."""


class NotAllowed(AccountsError):
    """The actor's role in the team does not cover this."""

    def __init__(self) -> None:
        super().__init__("Your role cannot do this.")


class NotAMember(AccountsError):
    def __init__(self, who: str, team: object) -> None:
        super().__init__(f"{who} is not in {team}.")


class LastOwner(AccountsError):
    def __init__(self, team: object) -> None:
        super().__init__(f"{team} needs an owner. Make somebody else an owner first.")


class PersonalTeam(AccountsError):
    def __init__(self, slug: str) -> None:
        super().__init__(f"{slug} is somebody's personal team: choose another slug.")


class InvitationUnusable(AccountsError):
    """The invitation was used, revoked or ran out, or is meant for somebody else."""


class SignInLinkUnusable(AccountsError):
    """A one-time sign-in link that was used, ran out, or was never ours."""

    def __init__(self, reason: str) -> None:
        super().__init__(
            f"{reason} Sign in with your password, or ask whoever runs Darkroom for a new link"
            " (manage.py login_link)."
        )


class TokenUnusable(AccountsError):
    """An API token that does not open anything, or no longer."""


class AlreadySetUp(AccountsError):
    def __init__(self) -> None:
        super().__init__("This account is set up already.")


class EmailTaken(AccountsError):
    def __init__(self) -> None:
        super().__init__("Somebody here has this e-mail address already.")


class CannotSpend(AccountsError):
    """The credits are not there, or may not be spent; nothing was held."""


class InsufficientCredits(CannotSpend):
    """Amounts in microcredits."""

    def __init__(self, *, needed: int, available: int) -> None:
        self.needed = needed
        self.available = available
        super().__init__(
            f"You need {format_credits(needed)} credits and have {format_credits(available)}."
        )

    @property
    def missing(self) -> int:
        return self.needed - self.available


class KeyReused(AccountsError):
    """A ledger key was said again with anything else in it; nothing was booked."""

    def __init__(self, key: str) -> None:
        super().__init__(
            f"The reference {key} was used before, for something else: another team, amount,"
            " end, reason or person. Nothing was booked."
        )


class HoldResolved(AccountsError):
    """A hold was captured or released before, differently from what is asked now."""

    def __init__(self, hold: str) -> None:
        super().__init__(f"The hold {hold} was settled before, in another way.")


class MoreThanCaptured(AccountsError):
    """A refund above what is left of a capture; nothing was booked."""

    def __init__(self, amount: int) -> None:
        super().__init__(
            f"{format_credits(amount)} credits are more than was charged and not refunded."
        )


class AccountFrozen(CannotSpend):
    """A check found the account's books wrong; nothing more is spent until somebody has looked."""

    def __init__(self, team: object) -> None:
        super().__init__(
            f"The credits of {team} are frozen while their books are checked. Ask staff."
        )


class ReasonNeeded(AccountsError):
    def __init__(self) -> None:
        super().__init__("Say why: what staff do to credits is recorded with its reason.")


class WordsNeeded(AccountsError):
    def __init__(self) -> None:
        super().__init__("Say why: whoever asked is told.")


class PlanNotOffered(AccountsError):
    def __init__(self, plan: object) -> None:
        super().__init__(f"The plan {plan} is not offered any more: choose another.")


class PlanWaits(AccountsError):
    def __init__(self, plan: object) -> None:
        super().__init__(
            f"The plan {plan} gives so much that a second member of staff has to agree to it first."
        )


class StartsInThePast(AccountsError):
    def __init__(self) -> None:
        super().__init__("A plan starts today or later: credits for past months are given by hand.")


class OwnChange(AccountsError):
    def __init__(self) -> None:
        super().__init__("Another member of staff has to agree to what you asked for yourself.")


class ChangeDecided(AccountsError):
    def __init__(self, state: str) -> None:
        super().__init__(f"Somebody was quicker: it is {state.lower()} already.")


class ChangeWaits(AccountsError):
    def __init__(self) -> None:
        super().__init__("It waits for a second member of staff already.")


class JoinedLater(AccountsError):
    def __init__(self) -> None:
        super().__init__(
            "Your account is younger than this: somebody who was here before it has to agree."
        )


class RanOutMeanwhile(AccountsError):
    """A promotion that nobody agreed to before its end; nothing was booked."""

    def __init__(self) -> None:
        super().__init__("It ran out meanwhile: decline it.")


class NoLongerStaff(AccountsError):
    def __init__(self, who: str) -> None:
        super().__init__(f"{who} is no longer staff: decline it, and start it anew if it is right.")


class NothingToAdjust(AccountsError):
    def __init__(self) -> None:
        super().__init__("A correction of 0 credits corrects nothing.")


class SecondPersonNeeded(AccountsError):
    def __init__(self, limit: int) -> None:
        super().__init__(
            f"Above {format_credits(limit)} credits in a day a second member of staff has to agree."
        )


class TeamHasLess(CannotSpend):
    """Staff take more than the team has free; nothing was booked."""

    def __init__(self, *, taken: int, available: int) -> None:
        super().__init__(
            f"The team has {format_credits(available)} credits free: {format_credits(taken)}"
            " cannot be taken from it. Nothing was booked."
        )


class OverdraftInUse(AccountsError):
    """An overdraft below what the team owes and holds by it; nothing was changed."""

    def __init__(self, owed: int) -> None:
        super().__init__(
            f"The team owes or holds {format_credits(owed)} credits by it: it cannot be lower."
        )


class NotMovable(CannotSpend):
    """The credits are there, but of a kind that stays with its team. Nothing was moved."""

    def __init__(self, movable: int, needed: int) -> None:
        super().__init__(
            f"{format_credits(movable)} credits may be moved, and this is"
            f" {format_credits(needed)}: what came by a plan, a promotion or a refund stays."
        )


class OverLimit(CannotSpend):
    """A limit has less room than a hold needs."""

    def __init__(self, room: object, needed: int) -> None:
        left = format_credits(getattr(room, "left", 0))
        super().__init__(
            f"{room}; it leaves {left}, and this needs {format_credits(needed)}. Ask an owner."
        )


class LimitsChanged(CannotSpend):
    """A limit was made while a hold was placed; nothing was held."""

    def __init__(self) -> None:
        super().__init__("The team's limits have just changed. Nothing was charged: try again.")


class OpenAskAlready(AccountsError):
    """One open ask per person, team and kind: another would only be in its way."""

    def __init__(self) -> None:
        super().__init__(
            "You have asked for this already, and nobody has decided yet. Take that one back first."
        )


class AskDecided(AccountsError):
    def __init__(self, state: str) -> None:
        super().__init__(f"Somebody was quicker: it is {state.lower()} already.")


class OwnAsk(AccountsError):
    def __init__(self) -> None:
        super().__init__("Somebody else has to decide about what you ask for yourself.")


class LimitNotCounted(AccountsError):
    """A limit binds from now on, and does not count everything of before yet."""

    def __init__(self) -> None:
        super().__init__(
            "The limit is set and binds from now on, but too much was under way to count in it all"
            " that was spent before. Set it again in a minute."
        )


class LimitGone(AccountsError):
    def __init__(self) -> None:
        super().__init__("This limit is no longer in force, so there is nothing to raise.")
