"""The composer for another model, its live price, and what it is filled with."""

import re
from uuid import UUID, uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from generations.catalog import MODELS, Model
from generations.models import GenerationRequest, Visibility
from tests import factories, prices
from tests.generations.views.studio import HTMX, Studio, browser, composed, hide


def value_of(page: str, field: str) -> str:
    """The value of a hidden or text field."""
    [tag] = re.findall(rf'<input[^>]*name="{field}"[^>]*>', page)
    found = re.search(r'value="([^"]*)"', tag)
    return found.group(1) if found else ""


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["page", "fragment"])
def test_another_model_keeps_what_was_typed(
    headers: dict[str, str], studio: Studio, mine: Client
) -> None:
    form = composed(
        studio.team,
        prompt="A heron & a <crane>",
        visibility="private",
        image_size="portrait_16_9",
        choose_model="flux-pro/v1.1-ultra",
    )

    page = mine.post("/composer/", form, headers=headers).text

    assert "A heron &amp; a &lt;crane&gt;</textarea>" in page
    assert value_of(page, "model") == "flux-pro/v1.1-ultra"
    assert re.search(r'value="private"[^>]* checked', page)
    assert re.search(r'name="aspect_ratio" value="9:16"[^>]* checked', page)
    assert ("<html" in page) is not bool(headers)


def test_another_model_is_another_form(studio: Studio, mine: Client) -> None:
    form = composed(studio.team, choose_model="flux-pro")

    page = mine.post("/composer/", form, headers=HTMX).text

    UUID(value_of(page, "idempotency_key"))
    assert value_of(page, "idempotency_key") != form["idempotency_key"]


def test_switching_the_model_asks_for_nothing(studio: Studio, mine: Client) -> None:
    mine.post("/composer/", composed(studio.team, choose_model="flux-pro"))

    assert not GenerationRequest.objects.exists()


def test_an_unknown_model_leaves_the_composer_as_it_was(studio: Studio, mine: Client) -> None:
    form = composed(studio.team, choose_model="gpt-image")

    response = mine.post("/composer/", form, headers=HTMX)

    assert response.status_code == 200
    assert value_of(response.text, "model") == factories.MODEL


@pytest.mark.parametrize(
    ("changes", "price"),
    [
        ({}, "3.3"),
        ({"num_images": "4"}, "13.2"),
        ({"image_size": "custom", "width": "1536", "height": "1536"}, "9.9"),
        ({"num_images": "so many"}, "3.3"),
    ],
)
def test_the_price_follows_what_is_chosen(
    studio: Studio, mine: Client, changes: dict[str, str], price: str
) -> None:
    page = mine.post("/price/", composed(studio.team, **changes), headers=HTMX).text

    assert f"</span>{price}<span" in re.sub(r"\s+", "", page)


def test_the_price_says_what_is_missing(studio: Studio) -> None:
    poor = factories.team(owner=studio.author, amount=factories.CREDIT)

    page = browser(studio.author).post("/price/", composed(poor), headers=HTMX).text

    assert "You need 3.3 credits and have 1." in page
    assert "2.3 more" in page


def test_the_price_on_the_button_is_what_is_held(studio: Studio, mine: Client) -> None:
    form = composed(studio.team, num_images="3")
    shown = mine.post("/price/", form, headers=HTMX).context["price"]

    mine.post("/", form)

    assert GenerationRequest.objects.get().hold.amount == shown


@pytest.mark.parametrize("model", list(MODELS.values()), ids=lambda model: model.id)
def test_every_models_price_on_the_button_is_what_is_held(
    studio: Studio, mine: Client, model: Model
) -> None:
    prices.mark_up(1250, per_image=7)
    form = composed(studio.team, model=model.id, num_images=str(model.max_images))
    shown = mine.post("/price/", form, headers=HTMX).context["price"]
    if model.reference:
        form["reference"] = SimpleUploadedFile("one.png", factories.picture(), "image/png")

    mine.post("/", form)

    assert GenerationRequest.objects.get().hold.amount == shown


def test_pictures_that_are_chosen_and_not_sent_yet_count_in_the_price(
    studio: Studio, mine: Client
) -> None:
    form = composed(studio.team, model="blackforestlabs/flux-2-edit")
    names = {"reference": ["[object File]", "[object File]"]}
    shown = mine.post("/price/", form | names, headers=HTMX).context["price"]
    files = [SimpleUploadedFile(f"{n}.png", factories.picture(), "image/png") for n in (1, 2)]

    mine.post("/", form | {"reference": files})

    assert GenerationRequest.objects.get().hold.amount == shown == 3 * 1_560_000


def test_a_model_without_a_price_says_so_where_the_price_would_be(
    studio: Studio, mine: Client
) -> None:
    prices.withdraw()

    page = mine.post("/price/", composed(studio.team), headers=HTMX).text

    assert "is no longer offered by its provider. Choose another model." in page


def test_a_model_without_a_price_is_not_in_the_menu_and_cannot_be_sent(
    studio: Studio, mine: Client
) -> None:
    prices.withdraw()

    answer = mine.post("/", composed(studio.team), headers=HTMX)

    assert answer.status_code == 422
    assert "is no longer offered by its provider" in answer.text
    assert f'name="choose_model" value="{factories.MODEL}"' not in answer.text


@pytest.mark.parametrize("address", ["/price/", "/composer/"])
def test_a_viewer_and_an_outsider_get_no_price_and_no_composer(
    studio: Studio, address: str
) -> None:
    assert browser(studio.viewer).post(address, composed(studio.team)).status_code == 403
    assert browser(studio.outsider).post(address, composed(studio.team)).status_code == 404


def test_the_settings_of_the_last_request_are_remembered_but_not_its_seed(
    studio: Studio, mine: Client
) -> None:
    params = {"num_images": 2, "seed": 7, "image_size": "portrait_16_9"}
    factories.request(
        of=studio.team, by=studio.author, params=params, visibility=Visibility.PRIVATE
    )

    form = mine.get("/").context["form"]

    assert form["num_images"].value() == 2
    assert form["image_size"].value() == "portrait_16_9"
    assert form["visibility"].value() == "private"
    assert not form["seed"].value()
    assert not form["prompt"].value()


def test_a_recipe_is_reused_whole(studio: Studio, mine: Client) -> None:
    made = factories.request(
        of=studio.team,
        by=studio.colleague,
        prompt="A heron",
        params={"seed": 7, "image_size": {"width": 768, "height": 1024}},
    )
    image = factories.succeeded(made).images.get()

    form = mine.get("/", {"reuse": str(image.pk)}).context["form"]

    assert form["prompt"].value() == "A heron"
    assert str(form["seed"].value()) == "7"
    assert (form["width"].value(), form["height"].value()) == (768, 1024)


def test_a_request_of_ones_own_is_edited(studio: Studio, mine: Client) -> None:
    own = factories.request(of=studio.team, by=studio.author, prompt="A heron", params={"seed": 7})

    form = mine.get("/", {"edit": str(own.pk)}).context["form"]

    assert form["prompt"].value() == "A heron"
    assert str(form["seed"].value()) == "7"


def test_nothing_is_learnt_of_a_recipe_that_is_not_ones_to_see(
    studio: Studio, mine: Client
) -> None:
    private = factories.stored_image(
        of=studio.team, by=studio.colleague, prompt="Secret", visibility=Visibility.PRIVATE
    )
    foreign = factories.stored_image(prompt="Secret")
    hidden = factories.stored_image(of=studio.team, by=studio.colleague, prompt="Secret")
    hide(studio, hidden)
    wishes = [
        *({"reuse": str(one.pk)} for one in (private, foreign, hidden)),
        *({"edit": str(one.request_id)} for one in (private, foreign, hidden)),
        {"reuse": str(uuid4())},
        {"edit": "none"},
        {"reuse": "\0"},
    ]

    for wish in wishes:
        response = mine.get("/", wish)
        assert response.status_code == 200
        assert "Secret" not in response.text
