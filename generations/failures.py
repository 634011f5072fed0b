"""What to say of a request without images: what happened, was it charged, what to do next."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Failure:
    """`action` is "retry", "edit", "other_model", "ask_owner" or nothing."""

    title: str
    text: str
    action: str = "retry"
    charged: str = "Not charged"


_REFUSED_KEY = Failure(
    "The provider refused our key",
    "The team's owners were told. Ask one of them; your prompt is safe here.",
    "ask_owner",
)
_SAFETY = Failure("The safety filter stopped this one", "Change the prompt and try again.", "edit")
_BUSY = Failure(
    "The provider is not answering", "We tried for half an hour. Try again, or use another model."
)
_LOST = Failure(
    "The picture was lost on its way",
    "The provider made it but it cannot be fetched any more. The house pays for it; try again.",
)

FAILURES: Mapping[str, Failure] = {
    "invalid": Failure(
        "The provider did not accept this",
        "Change the prompt or the options and try again.",
        "edit",
    ),
    "unauthorized": _REFUSED_KEY,
    "no_credits": Failure(
        "The provider's account is empty",
        "The team's owners were told. Ask one of them to top it up; your prompt is safe here.",
        "ask_owner",
    ),
    "forbidden": _REFUSED_KEY,
    "model_gone": Failure(
        "The provider no longer offers this model", "Choose another one.", "other_model"
    ),
    "refused": _SAFETY,
    "blocked": _SAFETY,
    "too_large": Failure(
        "The reference image is too large", "Use a smaller one and try again.", "edit"
    ),
    "rate_limited": _BUSY,
    "unavailable": _BUSY,
    "connection": _BUSY,
    "timeout": _BUSY,
    "not_run": _BUSY,
    "lost": _LOST,
    "unreadable": Failure(
        "The provider's answer held no picture",
        "The house pays for it, if it cost anything. Try again.",
    ),
    "declined": Failure("Declined", "Somebody who approves requests declined it.", "edit"),
    "not_taken": Failure(
        "The provider never said that it took this",
        "Its answer got lost, and in two hours no picture came. Your credits are back; try again.",
    ),
    "server": Failure(
        "The provider failed on this one", "It was not charged. Try again, or use another model."
    ),
    "unclear": Failure(
        "We could not find out what became of this",
        "The provider's records did not say within a day. Your credits are back; try again.",
    ),
}

PAUSES: Mapping[str, str] = {
    "disk": "there is no room to keep pictures; nothing was charged, it goes on once there is, "
    "the operator was told",
    "backlog": "the store takes no pictures in; nothing was charged, it goes on once it does, "
    "the operator was told",
    "unauthorized": "the provider refuses our key, the owners were told",
    "forbidden": "the provider refuses our key for this model, the owners were told",
    "no_credits": "the provider's account is empty, the owners were told",
    "model_gone": "the provider does not offer this model now",
    "no_key": "there is no key for its provider any more; cancel it, or ask the operator",
    "no_worker": "no worker is running",
    "no_broker": "the workers cannot be reached",
    "deaf": "the workers take nothing on",
    "no_schedule": "nothing is begun at its hour",
}


def declined(by: str, words: str) -> Failure:
    return Failure("Declined", f"{by} declined it: {words}", "edit")


CANCELLED = Failure("Cancelled", "It was not sent.", "retry")
UNKNOWN = Failure("This did not work", "Try again; if it happens twice, ask an owner.")


def explain(code: str) -> Failure:
    return FAILURES.get(code, UNKNOWN)


def pause(because: str) -> str:
    """Why a queued request is not sent now; it goes on by itself."""
    return PAUSES.get(because, "the provider has trouble with this model, we look again soon")
