"""What can go wrong with a request, in the user's words. Views pick the HTTP status."""


class GenerationsError(Exception):
    """Base of this room's errors; `str()` of each may be shown to the user."""


class InvalidRequest(GenerationsError):
    """What was asked for cannot be made. `errors` holds words by field name."""

    def __init__(self, errors: dict[str, str]) -> None:
        self.errors = errors
        super().__init__(" ".join(errors.values()))


class IdempotencyKeyReused(GenerationsError):
    def __init__(self) -> None:
        super().__init__(
            "This form was sent before with other content. Reload the page, then send."
        )


class TooLateToCancel(GenerationsError):
    def __init__(self) -> None:
        super().__init__("It is being made already, so it can no longer be cancelled.")


class StorageUnavailable(GenerationsError):
    """The object store did not take or give the bytes; trying again later may work."""


class UnusableImage(GenerationsError):
    """Bytes that are not an image we can keep, for good."""
