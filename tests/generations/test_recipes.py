"""Recipes as text: what is written is read again, and nothing else is."""

import hashlib
import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as some

from generations import recipes
from generations.catalog import MODELS, UnknownModel
from generations.parameters import BIGGEST
from generations.recipes import BadRecipe, Recipe

words = some.text(some.characters(exclude_categories=["Cs"]), max_size=40)
numbers = some.integers(-BIGGEST, BIGGEST) | some.floats(allow_nan=False, allow_infinity=False)
values = some.recursive(
    some.none() | some.booleans() | numbers | words,
    lambda inner: some.lists(inner, max_size=3) | some.dictionaries(words, inner, max_size=3),
    max_leaves=8,
)
names = words.filter(lambda name: name not in recipes.APART)
digests = some.binary(max_size=8).map(lambda data: hashlib.sha256(data).hexdigest())
sides = some.integers(1, 999_999)
any_recipe = some.builds(
    Recipe,
    model=some.sampled_from(sorted(MODELS)),
    provider=words,
    prompt=words,
    params=some.dictionaries(names, values, max_size=5),
    references=some.lists(digests, max_size=3).map(tuple),
    seed=some.none() | some.integers(-BIGGEST, BIGGEST),
    size=some.none() | some.tuples(sides, sides),
)


def recipe(**changes: Any) -> Recipe:
    plain: dict[str, Any] = {
        "model": "flux/dev",
        "provider": "aimlapi",
        "prompt": "A heron",
        "params": {"guidance_scale": 3.5, "image_size": "square_hd"},
        "seed": 2**63 - 1,
        "size": (1024, 1024),
    }
    return Recipe(**plain | changes)


def said(**changes: Any) -> str:
    """The text of a recipe with these instead; without what is None."""
    told = json.loads(recipes.write(recipe())) | changes
    return json.dumps({name: value for name, value in told.items() if value is not None})


@given(any_recipe)
@example(recipe(params={"strength": 2.0**63}))
def test_what_is_written_is_read_again(made: Recipe) -> None:
    assert recipes.read(recipes.write(made)) == made


@given(any_recipe, some.randoms())
def test_the_digest_does_not_depend_on_order_and_spaces(made: Recipe, dice: Any) -> None:
    told = list(json.loads(recipes.write(made)).items())
    dice.shuffle(told)
    loose = json.dumps(dict(told), indent=dice.choice([None, 1, 4]))

    assert recipes.read(loose).digest == made.digest


@given(any_recipe)
def test_the_digest_is_that_of_the_text(made: Recipe) -> None:
    assert made.digest == hashlib.sha256(recipes.write(made).encode()).hexdigest()
    assert made.digest.startswith(made.short)
    assert len(made.short) == 12


def test_the_text_is_canonical() -> None:
    assert recipes.write(recipe()) == (
        '{"darkroom":1,"model":"flux/dev","params":{"guidance_scale":3.5,'
        '"image_size":"square_hd"},"prompt":"A heron","provider":"aimlapi",'
        '"seed":"9223372036854775807","size":"1024x1024"}'
    )


def test_what_is_not_known_is_left_out() -> None:
    assert json.loads(recipes.write(recipe(seed=None, size=None))).keys() == {
        *("darkroom", "model", "params", "prompt", "provider")
    }


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (3.0, "3"),
        (-0.0, "0"),
        (0.1, "0.1"),
        (1e-6, "0.000001"),
        (-1.25e-6, "-0.00000125"),
        (1e-7, "1e-7"),
        (1e16, "10000000000000000"),
        (1e21, "1e+21"),
        (5e-324, "5e-324"),
        ("“\x07\n\u2028", '"“\\u0007\\n\u2028"'),
        ({"\U0001f305": 1, "\ufb33": 2}, '{"\U0001f305":1,"\ufb33":2}'),
    ],
)
def test_values_are_written_as_rfc_8785_says(value: Any, text: str) -> None:
    assert f'"params":{{"a":{text}}}' in recipes.write(recipe(params={"a": value}))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "not JSON"),
        ("A heron", "not JSON"),
        ("{", "not JSON"),
        ("[]", "not a JSON object"),
        ("7", "not a JSON object"),
        ("{}", "no recipe of Darkroom"),
        (said(darkroom=2), "version 2; this Darkroom reads version 1"),
        (said(darkroom="1"), "version"),
        (said(darkroom=True), "version"),
        (said(darkroom=1.0), "version"),
        (said(stepz=3), "“stepz” does not belong"),
        (said(model=None), "model must be there"),
        (said(prompt=7), "prompt must be there"),
        (said(provider=None), "provider must be there"),
        (said(params=[]), "params must be a JSON object"),
        (said(params={"seed": 7}), "seed does not belong among"),
        (said(params={"image_url": "data:"}), "image_url does not belong among"),
        (said(seed=7), "in quotes"),
        (said(seed="seven"), "in quotes"),
        (said(seed=str(2**63)), "in quotes"),
        (said(size="1024"), "1024x768"),
        (said(size="0x0"), "1024x768"),
        (said(references=["data:image/png;base64,AA"]), "SHA-256"),
        (said(references="a" * 64), "SHA-256"),
        ('{"darkroom":1,"darkroom":1}', "twice"),
        (said(params={"a": float("nan")}), "NaN"),
        (said().replace("3.5", "1e999"), "too large"),
        (said().replace("3.5", "9" * 5000), "not JSON"),
        (said(params={"a": 2**64}), "too large"),
        ("[" * 30_000, "nested"),
        (said().replace("3.5", "[" * 20 + "]" * 20), "nested"),
        (said(prompt="\ud800"), "not text"),
        (said(prompt="x" * 65_536), "64 KB"),
    ],
)
def test_what_is_no_recipe_is_refused_in_words(text: str, words: str) -> None:
    with pytest.raises(BadRecipe, match=words):
        recipes.read(text)


def test_a_model_that_is_not_here_is_named_with_the_nearest() -> None:
    with pytest.raises(UnknownModel, match=r"“flux/dew”\. Did you mean flux/dev"):
        recipes.read(said(model="flux/dew"))


def test_an_old_recipe_of_a_model_that_is_gone_can_still_be_shown() -> None:
    gone = recipe(model="flux/0.9", params={"warp_speed": 9})

    assert recipes.rows(gone)[1] == ("model", "Model", "flux/0.9")
    assert ("warp_speed", "Warp speed", "9") in recipes.rows(gone)
    assert '"model":"flux/0.9"' in recipes.write(gone)


def test_two_recipes_are_laid_side_by_side() -> None:
    other = recipe(model="flux-pro", params={"guidance_scale": 3.5, "safety_tolerance": "2"})

    lines = {row.label: row for row in recipes.diff([recipe(), other])}

    assert lines["Model"].values == ("FLUX.1 [dev]", "FLUX.1 [pro]")
    assert lines["Model"].differs
    assert lines["Guidance"].values == ("3.5", "3.5")
    assert not lines["Guidance"].differs
    assert lines["Safety tolerance"].values == ("", "2")
    assert lines["Safety tolerance"].differs


def test_a_recipe_does_not_differ_from_itself() -> None:
    assert not any(row.differs for row in recipes.diff([recipe()] * 3))
