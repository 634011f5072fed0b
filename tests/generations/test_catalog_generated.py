"""Whatever anybody may give to a model, right or wrong."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from generations import catalog
from generations.catalog import InvalidParameters, Model
from tests.generations.recipes import Problems, required
from tests.generations.strategies import requests


@given(request=requests(junk=False), prompt=st.text(min_size=1, max_size=40))
def test_whatever_a_model_takes_is_right_by_its_vendor(
    problems: Problems, request: tuple[Model, dict[str, object]], prompt: str
) -> None:
    model, given_values = request
    params = catalog.clean(model, f"a fox {prompt.replace(chr(0), '')}", given_values)
    assert problems_of(problems, model, params) == []
    width, height = catalog.dimensions(model, params)
    assert width > 0 < height


@given(request=requests(junk=True))
def test_whatever_else_is_given_is_refused_with_words_or_right_by_its_vendor(
    problems: Problems, request: tuple[Model, dict[str, object]]
) -> None:
    model, given_values = request
    refused: dict[str, str] = {}
    try:
        params = catalog.clean(model, "a prompt", given_values)
    except InvalidParameters as error:
        refused = error.errors
    assert all(refused.values())
    assert refused or problems_of(problems, model, params) == []


@given(request=requests(junk=True))
def test_a_draft_lacks_at_most_its_pictures(request: tuple[Model, dict[str, object]]) -> None:
    model, given_values = request
    draft = catalog.draft(model, given_values)
    assert draft.items() <= catalog.clean(model, "a prompt", required(model) | draft).items()


def problems_of(problems: Problems, model: Model, params: dict[str, Any]) -> list[str]:
    body = catalog.payload(model, "a prompt", params)
    if model.provider == "fal":
        body.pop("model")
    return problems(model.id, body)
