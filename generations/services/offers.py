"""Who may make a request and the most it costs: one answer for the button, the API, the hold."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from accounts.models import ApiToken, Budget, Team, User
from accounts.money import format_credits, say_credits
from accounts.services import budgets
from generations import catalog
from generations.catalog import Model
from generations.catalog_types import provider_name
from generations.errors import Unpriceable
from generations.parameters import Json
from generations.services import providers
from generations.services.price_book import PriceList, Quote
from generations.translation import translate


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """The same model at another provider, which makes what the first does not take."""

    model: Model
    quote: Quote


@dataclass(frozen=True, slots=True)
class Offer:
    """`quote` is the price where it is asked for."""

    model: Model
    quote: Quote
    elsewhere: Elsewhere | None = None

    @property
    def amount(self) -> int:
        """The most that it can cost, whoever makes it: what the button says and is held."""
        return max(self.quote.amount, self.elsewhere.quote.amount if self.elsewhere else 0)

    @property
    def told(self) -> str:
        """Both prices in words, where they differ."""
        if self.elsewhere is None or self.elsewhere.quote.amount == self.quote.amount:
            return ""
        here = f"{format_credits(self.quote.amount)} with {provider_name(self.model.provider)}"
        there = provider_name(self.elsewhere.model.provider)
        more = f"{format_credits(self.elsewhere.quote.amount)} if {there} has to make it"
        return f"Up to {say_credits(self.amount)}: {here}, {more}"


def offer(
    *,
    by: User,
    team: Team,
    model: Model,
    params: Mapping[str, Json],
    token: ApiToken | None = None,
    prices: PriceList | None = None,
    limits: Iterable[Budget] | None = None,
) -> Offer:
    """`prices` and `limits` are read where they are not known yet, the limits as far as needed.

    Raises Unpriceable, as the price where it is asked for does.
    """
    other = _same_model(team, model)
    known = prices or PriceList.of(team, [model])
    quote = known.quote(model, params)
    translated = translate(params, model=model, to=other) if other else None
    if other is None or translated is None:
        return Offer(model, quote)
    try:
        elsewhere = Elsewhere(other, known.quote(other, translated))
    except Unpriceable:
        return Offer(model, quote)
    if limits is None:
        limits = budgets.applying(team=team, spender=by, model=other.id, token=token)
    if any(one.model == other.id for one in limits):
        return Offer(model, quote)  # What is held counts for the model that is asked for.
    return Offer(model, quote, elsewhere)


def _same_model(team: Team, model: Model) -> Model | None:
    other = catalog.elsewhere(model) if team.allow_failover else None
    return other if other and other.provider in providers.callable_providers() else None
