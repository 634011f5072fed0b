"""The price book as tests change it: by staff, for the model that the factories ask for."""

from accounts.models import Team, User
from generations.catalog import Price, Unit, get_model
from generations.models import Markup, PriceProposal, PriceVersion
from generations.services import price_changes
from tests.factories import MODEL


def staff() -> User:
    return User.objects.get_or_create(email="prices@example.com", is_staff=True)[0]


def in_force(model: str = MODEL) -> PriceVersion:
    return PriceVersion.objects.in_force().get(model=model)


def enter(nano_usd: int, *, model: str = MODEL) -> PriceVersion:
    """Another price for the model from now on."""
    price = Price(nano_usd, Unit.IMAGE, "A letter")
    return price_changes.enter(by=staff(), model=get_model(model), price=price)


def proposal(
    nano_usd: int = 50_000_000, *, model: str = MODEL, gone: bool = False
) -> PriceProposal:
    """A price, or the end of the model, that waits for a decision."""
    current = in_force(model)
    return PriceProposal.objects.create(
        provider=current.provider,
        model=model,
        nano_usd=nano_usd,
        further_nano_usd=nano_usd,
        unit=current.unit,
        withdrawn=gone,
        source="a list",
        current=current,
    )


def withdraw(model: str = MODEL) -> None:
    assert price_changes.accept(by=staff(), proposal=proposal(model=model, gone=True))


def mark_up(
    basis_points: int = 0, *, per_image: int = 0, team: Team | None = None, model: str = ""
) -> Markup:
    """Something on top of the provider's price from now on."""
    return price_changes.mark_up(
        by=staff(), team=team, model=model, basis_points=basis_points, per_image=per_image
    )
