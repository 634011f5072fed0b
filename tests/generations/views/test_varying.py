"""Varying one thing: what can be, over which values, for exactly how much, all of them or none."""

from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from accounts.services import ledger, teams
from generations.models import GenerationRequest, Image, Visibility
from tests import factories, prices
from tests.generations.views.studio import Studio, browser

SEED = 2**63 - 1
PARAMS = {"guidance_scale": 3, "num_inference_steps": 20, "num_images": 2}


@pytest.fixture
def image(studio: Studio) -> Image:
    asked = factories.request(of=studio.team, by=studio.author, prompt="A heron", params=PARAMS)
    pictures = [factories.picture()] * 2
    done = factories.succeeded(asked, pictures=pictures, seed=SEED)
    return done.images.select_related("request").order_by("index")[0]


def page_of(image: Image) -> str:
    return reverse("image-vary", args=[image.pk])


def series(name: str, *values: str, agreed: int = 100 * factories.CREDIT) -> dict[str, Any]:
    return {"of": name, "value": [*values], "agreed": agreed, "idempotency_key": str(uuid4())}


def made() -> list[GenerationRequest]:
    return list(GenerationRequest.objects.order_by("id"))[1:]


def test_it_begins_with_values_around_the_images_own(mine: Client, image: Image) -> None:
    page = mine.get(page_of(image), {"of": "guidance_scale"})

    assert page.context["series"].values == ("1.5", "2.25", "4.5", "6")
    assert page.context["price"] == 4 * factories.PRICE
    assert "which is 3 in this image" in page.text
    assert f"seed {SEED}" in page.text


def test_what_is_chosen_is_priced_before_anything_is_asked_for(mine: Client, image: Image) -> None:
    page = mine.get(page_of(image), {"of": "guidance_scale", "value": ["5", " ", "5.0", "7"]})

    assert page.context["price"] == 2 * factories.PRICE
    assert made() == []


def test_each_value_is_a_request_with_all_else_as_it_was(mine: Client, image: Image) -> None:
    answer = mine.post(page_of(image), series("guidance_scale", "5", "7"))

    assert answer.status_code == 302
    same = image.request.params | {"num_images": 1, "seed": SEED}
    assert [one.params for one in made()] == [
        same | {"guidance_scale": 5},
        same | {"guidance_scale": 7},
    ]
    assert {one.made_from for one in made()} == {image}
    assert {one.prompt for one in made()} == {"A heron"}


def test_what_another_provider_might_cost_is_in_the_price(studio: Studio, mine: Client) -> None:
    teams.set_failover(by=factories.owner_of(studio.team), team=studio.team, allowed=True)
    prices.enter(50_000_000, model="fal-ai/flux/dev")
    asked = factories.request(of=studio.team, by=studio.author)
    image = factories.succeeded(asked, seed=7).images.get()
    wanted = series("guidance_scale", "5", "7")
    said = mine.get(page_of(image), wanted).context["price"]

    mine.post(page_of(image), wanted | {"agreed": said})

    assert said == sum(one.hold.amount for one in made()) > 2 * factories.PRICE


def test_what_it_holds_is_what_the_page_said(studio: Studio, mine: Client, image: Image) -> None:
    wanted = series("image_size", "square_hd", "portrait_16_9")
    said = mine.get(page_of(image), wanted).context["price"]
    before = ledger.balance(team=studio.team).held

    mine.post(page_of(image), wanted | {"agreed": said})

    assert ledger.balance(team=studio.team).held - before == said


def test_where_everything_is_unticked_nothing_is_suggested(mine: Client, image: Image) -> None:
    page = mine.get(page_of(image), {"of": "image_size", "value": ""})

    assert page.context["price"] is None
    assert "Give 1 to 4 values." in page.text
    assert " checked>" not in page.text
    assert 'name="value" value=""' in page.text


def test_a_private_image_makes_private_ones(studio: Studio, mine: Client) -> None:
    private = Visibility.PRIVATE
    own = factories.stored_image(of=studio.team, by=studio.author, visibility=private)

    mine.post(page_of(own), series("guidance_scale", "5"))

    assert made()[-1].visibility == private


def test_the_same_form_twice_is_one_series(mine: Client, image: Image) -> None:
    form = series("guidance_scale", "5", "7")

    for _ in range(2):
        assert mine.post(page_of(image), form).status_code == 302

    assert len(made()) == 2


def test_where_no_seed_is_known_all_have_a_new_one(mine: Client, image: Image) -> None:
    Image.objects.update(seed=None)
    form = series("guidance_scale", "5", "7")

    for _ in range(2):
        mine.post(page_of(image), form)

    [seed] = {one.params["seed"] for one in made()}
    assert 1 <= seed < 2**32


def test_without_the_credits_for_all_nothing_is_asked_for(
    studio: Studio, mine: Client, image: Image
) -> None:
    left = ledger.balance(team=studio.team).available
    ledger.hold(team=studio.team, amount=left - factories.PRICE, reference="elsewhere")
    before = ledger.balance(team=studio.team)

    answer = mine.post(page_of(image), series("guidance_scale", "5", "7"))

    assert answer.status_code == 422
    assert "Nothing was asked for." in answer.text
    assert made() == []
    assert ledger.balance(team=studio.team) == before


def test_a_higher_price_than_was_said_is_agreed_to_again(mine: Client, image: Image) -> None:
    answer = mine.post(page_of(image), series("guidance_scale", "5", "7", agreed=factories.PRICE))

    assert answer.status_code == 422
    assert "Press it again to agree" in answer.text
    assert f'name="agreed" value="{2 * factories.PRICE}"' in answer.text
    assert made() == []


@pytest.mark.parametrize(
    ("name", "values", "words"),
    [
        ("guidance_scale", ["99"], "between 1 and 20"),
        ("guidance_scale", ["many", "5"], "must be a number"),
        ("guidance_scale", ["", " "], "Give 1 to 4 values."),
        ("guidance_scale", ["1", "2", "3", "4", "5"], "Give 1 to 4 values."),
        ("image_size", ["huge"], "Size must be"),
    ],
)
def test_values_that_cannot_be_are_refused_in_words_and_kept(
    mine: Client, image: Image, name: str, values: list[str], words: str
) -> None:
    answer = mine.post(page_of(image), series(name, *values))

    assert answer.status_code == 422
    assert words in answer.text
    assert answer.context["series"].values == values
    assert made() == []


@pytest.mark.parametrize("name", ["seed", "num_images", "warp_speed", "sync_mode", "<blink>"])
def test_what_cannot_be_varied_is_not(mine: Client, image: Image, name: str) -> None:
    page = mine.get(page_of(image), {"of": name})

    assert page.context["series"].variable.name != name
    assert "<blink>" not in page.text


def test_an_image_of_a_model_that_is_gone_has_nothing_to_vary(mine: Client, image: Image) -> None:
    GenerationRequest.objects.update(model="flux/0.9")

    assert "flux/0.9 has nothing to vary" in mine.get(page_of(image)).text
    assert mine.post(page_of(image), series("guidance_scale", "5")).status_code == 422


@pytest.mark.parametrize("value", ["\0", "1e999", "9" * 400, "٣", "NaN", "-0"])
def test_hostile_values_are_values_that_cannot_be(mine: Client, image: Image, value: str) -> None:
    assert mine.get(page_of(image), {"of": "guidance_scale", "value": value}).status_code == 200
    assert mine.post(page_of(image), series("guidance_scale", value)).status_code == 422


def test_a_broken_form_is_no_mistake_of_ours(mine: Client, image: Image) -> None:
    form = {"of": "guidance_scale", "value": "5", "agreed": "much", "idempotency_key": "none"}

    answer = mine.post(page_of(image), form)

    assert answer.status_code == 422
    assert "This form did not arrive whole." in answer.text


def test_how_many_queries_it_takes(
    studio: Studio, image: Image, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    client = browser(studio.colleague)
    client.get(page_of(image))

    with django_assert_max_num_queries(13):
        client.get(page_of(image))
