"""A team that lets another provider make what one does not take, and one of its requests."""

from datetime import timedelta

from django.db.models.functions import Now

from accounts.models import Team
from accounts.services import teams
from generations.models import Circuit, GenerationRequest
from generations.services import failover
from tests import factories
from tests.generations.services import steps

HERE, THERE = "flux-realism", "fal-ai/flux-realism"
PRICE_HERE, PRICE_THERE = 4_600_000, 3_500_000  # microcredits for one small image


def team(*, amount: int = 1000 * factories.CREDIT) -> Team:
    made = factories.team(amount=amount)
    return teams.set_failover(by=factories.owner_of(made), team=made, allowed=True)


def ask(of: Team | None = None, /, *, model: str = HERE, **params: object) -> GenerationRequest:
    return factories.request(of=of or team(), model=model, params={**steps.SMALL, **params})


def shut(model: str = HERE, *, provider: str = "aimlapi") -> Circuit:
    """Nothing is sent there, and no probe is due."""
    until = {"because": "unavailable", "probe_at": Now() + timedelta(minutes=5)}
    return Circuit.objects.update_or_create(provider=provider, model=model, defaults=until)[0]


def moved(request: GenerationRequest) -> GenerationRequest:
    """The request after one look of the sweeper."""
    failover.move_over()
    return steps.now(request)
