"""What the page that asks several models shows: each with what it would make, take and cost."""

from dataclasses import dataclass
from typing import Any

from accounts.access import TeamRequest
from accounts.models import RoleLimit
from accounts.services import role_limits
from generations import catalog, lineup, role_rules
from generations.catalog import MODELS, Model
from generations.comparison_form import ComparisonForm
from generations.parameters import Json
from generations.services import comparisons, previews
from generations.services.price_book import PriceList


@dataclass(frozen=True, slots=True)
class Entry:
    """A model to choose. `refused` says why this person's role may not ask it for that."""

    model: Model
    params: dict[str, Json]
    amount: int
    usual_seconds: float
    is_chosen: bool
    refused: str

    @property
    def gets(self) -> str:
        return lineup.gets(self.model, self.params)


def fresh(request: TeamRequest) -> ComparisonForm:
    prompt = request.GET.get("prompt", "")
    return ComparisonForm(initial={"team": request.team.slug, "prompt": prompt})


def bound(request: TeamRequest) -> ComparisonForm:
    return ComparisonForm(request.POST)


def context(request: TeamRequest, form: ComparisonForm) -> dict[str, Any]:
    prices = PriceList.of(request.team, MODELS.values())
    entries = _entries(request, form, prices)
    chosen = [entry for entry in entries if entry.is_chosen]
    together = previews.Together(tuple(_preview(request, entry, prices) for entry in chosen))
    return {
        "form": form,
        "entries": entries,
        "count": len(chosen),
        "is_few": len(chosen) < comparisons.FEWEST,
        "is_many": len(chosen) > comparisons.MOST,
        "most": comparisons.MOST,
        "refusals": {entry.refused: None for entry in chosen if entry.refused},
        "preview": together if chosen else None,
        "price": together.amount if chosen else None,
    }


def _preview(request: TeamRequest, entry: Entry, prices: PriceList) -> previews.Preview:
    return previews.preview(
        by=request.user,
        team=request.team,
        model=entry.model,
        params=entry.params,
        prices=prices,
    )


def _entries(request: TeamRequest, form: ComparisonForm, prices: PriceList) -> list[Entry]:
    limit = role_limits.of_member(request.membership)
    offered = [model for model in form.offered if prices.knows(model)]
    seconds = previews.usual_seconds_of(request.team, offered)
    chosen = form.chosen
    made = []
    for model in offered:
        params = catalog.draft(model, lineup.asked(model, shape=form.draft_shape, seed=None))
        made.append(
            Entry(
                model=model,
                params=params,
                amount=prices.quote(model, params).amount,
                usual_seconds=seconds[model.id],
                is_chosen=model in chosen,
                refused=_refusal(limit, model, params),
            )
        )
    return made


def _refusal(limit: RoleLimit | None, model: Model, params: dict[str, Json]) -> str:
    refusals = role_rules.refusals(limit, model, params) if limit else {}
    return " ".join(refusals.values())
