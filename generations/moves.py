"""Words about a request that another provider makes than the one that was asked."""

from accounts.money import say_credits
from generations import catalog
from generations.catalog_types import provider_name
from generations.models import GenerationRequest


def instead(request: GenerationRequest) -> str:
    """ "fal instead of AIML API"; nothing of one that stayed where it was asked for."""
    if not request.moved_from:
        return ""
    return f"{provider_name(request.provider)} instead of {_first(request)}"


def why(request: GenerationRequest) -> str:
    """For who waits for it."""
    if not request.moved_from:
        return ""
    return (
        f"{_first(request)} is not taking requests, so {provider_name(request.provider)} makes it"
    )


def with_difference(request: GenerationRequest, *, charged: int) -> str:
    """The same with what a charge differs from the first provider's, for the images that came."""
    if not charged or request.would_have_cost is None:
        return instead(request)
    more = charged - request.would_have_cost * request.arrived // request.num_images
    if not more:
        return f"{instead(request)}, at the same price"
    return (
        f"{instead(request)}: {say_credits(abs(more))} {'more' if more > 0 else 'less'} than there"
    )


def _first(request: GenerationRequest) -> str:
    try:
        return provider_name(catalog.get_model(request.moved_from).provider)
    except catalog.UnknownModel:
        return request.moved_from
