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
from generations.services import comparisons
from generations.services.previews import Means
from generations.services.price_book import PriceList
from generations.services.together import Together
from generations.views import affording


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
    offered = [model for model in form.offered if prices.knows(model)]
    means = affording.means(request, offered, prices=prices)
    entries = _entries(request, form, offered, means)
    chosen = [entry for entry in entries if entry.is_chosen]
    together = Together(tuple(means.preview(entry.model, entry.params) for entry in chosen))
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


def _entries(
    request: TeamRequest, form: ComparisonForm, offered: list[Model], means: Means
) -> list[Entry]:
    limit = role_limits.of_member(request.membership)
    chosen = form.chosen
    made = []
    for model in offered:
        params = catalog.draft(model, lineup.asked(model, shape=form.draft_shape, seed=None))
        made.append(
            Entry(
                model=model,
                params=params,
                amount=means.prices.quote(model, params).amount,
                usual_seconds=means.seconds[model.id],
                is_chosen=model in chosen,
                refused=_refusal(limit, model, params),
            )
        )
    return made


def _refusal(limit: RoleLimit | None, model: Model, params: dict[str, Json]) -> str:
    refusals = role_rules.refusals(limit, model, params) if limit else {}
    return " ".join(refusals.values())
