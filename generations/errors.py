"""What can go wrong with a request, in the user's words. Views pick the HTTP status."""

from datetime import timedelta

from accounts.models import RoleLimit


class GenerationsError(Exception):
    """Base of this room's errors; `str()` of each may be shown to the user."""


class InvalidRequest(GenerationsError):
    """What was asked for cannot be made. `errors` holds words by field name."""

    def __init__(self, errors: dict[str, str]) -> None:
        self.errors = errors
        super().__init__(" ".join(errors.values()))


class Unpriceable(InvalidRequest):
    """Nothing can be reserved for this model, so nothing is sent."""

    def __init__(self, model_name: str, *, withdrawn: bool) -> None:
        why = "is no longer offered by its provider" if withdrawn else "has no price here yet"
        super().__init__({"model": f"{model_name} {why}. Choose another model."})


class TooManyOpen(GenerationsError):
    """As many of this person's requests are open as their role may have."""

    def __init__(self, limit: RoleLimit) -> None:
        super().__init__(limit.open_words)


class QueueFull(GenerationsError):
    """As many requests of a team are open as its queue holds."""

    def __init__(self, team: object, *, most: int) -> None:
        super().__init__(
            f"{team} has {most:,} requests open, and no more fit into its queue. Nothing was "
            "charged. Wait until some are done or cancel some, then ask again."
        )


class IdempotencyKeyReused(GenerationsError):
    def __init__(self) -> None:
        super().__init__(
            "This form was sent before with other content. Reload the page, then send."
        )


class Dearer(GenerationsError):
    """More would be reserved than somebody has agreed to."""

    def __init__(self) -> None:
        super().__init__(
            "It costs more than the button said before. Press it again to agree to the price it"
            " says now."
        )


class TooLateToCancel(GenerationsError):
    def __init__(self) -> None:
        super().__init__("It is being made already, so it can no longer be cancelled.")


class NotNow(GenerationsError):
    """By hand, and no longer what the request's state allows."""

    def __init__(self) -> None:
        super().__init__("It has moved on meanwhile, so nothing was changed. See what it says now.")


class AlreadyDecided(GenerationsError):
    """A request that waits no longer; `how` says what became of it."""

    def __init__(self, how: str) -> None:
        super().__init__(f"Somebody was quicker: {how}.")


class OwnRequest(GenerationsError):
    def __init__(self) -> None:
        super().__init__(
            "You asked for this yourself, so somebody else has to decide. Nothing was changed."
        )


class AuthorGone(GenerationsError):
    def __init__(self, who: str) -> None:
        super().__init__(
            f"{who} may no longer make images in this team, so it can only be declined."
        )


class StatementRefused(GenerationsError):
    """A check found the team's books wrong: until they are right, nobody gets figures of them."""

    def __init__(self, team: object) -> None:
        super().__init__(
            f"The books of {team} do not balance, so no statement is given out until they do."
        )


class ShareRefused(GenerationsError):
    """A link that does not open now, in words for who has it."""


class UsedUp(ShareRefused):
    def __init__(self) -> None:
        super().__init__("This link was opened as often as it may be.")


class WrongPassword(ShareRefused):
    def __init__(self) -> None:
        super().__init__("This is not the password.")


class TooManyTries(ShareRefused):
    def __init__(self, wait: timedelta) -> None:
        minutes = wait // timedelta(minutes=1)
        super().__init__(f"Too many passwords were tried. Wait {minutes} minutes, then try again.")


class StorageUnavailable(GenerationsError):
    """The object store did not take or give the bytes; trying again later may work."""


class UnusableImage(GenerationsError):
    """Bytes that are not an image we can keep, for good."""


class UnknownWebhook(GenerationsError):
    """No attempt has this address."""


class ForgedWebhook(GenerationsError):
    """Not from whom it says, or not from now."""


class UndecidedWebhook(GenerationsError):
    """Who it is from cannot be told now: it has to be sent again."""
