"""A recipe on the image's page, as a file, and back into the composer, whole or in part."""

import hashlib
import json
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from generations import recipes
from generations.models import GenerationRequest, Image, Visibility
from tests import factories
from tests.generations.views.studio import Studio, browser, composed

SEED = 2**63 - 1
PARAMS = {"guidance_scale": 7.5, "num_inference_steps": 21, "image_size": "portrait_16_9"}


@pytest.fixture
def image(studio: Studio) -> Image:
    """By a colleague, in a seed that browsers could not hold."""
    asked = factories.request(
        of=studio.team, by=studio.colleague, prompt="A heron <b>", params=PARAMS
    )
    return factories.succeeded(asked, seed=SEED).images.select_related("request").get()


def page_of(image: Image) -> str:
    return reverse("image", args=[image.pk])


def filled(client: Client, **query: Any) -> dict[str, object]:
    """What the composer's fields hold, and what is said above it."""
    form = client.get("/", query).context["form"]
    values = {name: form[name].value() for name in form.fields}
    return values | {"model": form.model.id, "told": form.told}


def gone(image: Image) -> Image:
    """Its model is in no catalog any more."""
    params = {"warp_speed": 9, "guidance_scale": 4}
    GenerationRequest.objects.filter(pk=image.request_id).update(model="flux/0.9", params=params)
    return image


def test_the_page_shows_the_recipe_and_its_digest(mine: Client, image: Image) -> None:
    recipe = recipes.of(image)

    page = mine.get(page_of(image)).text

    assert f"<code>{recipe.short}</code>" in page
    assert f"&quot;seed&quot;:&quot;{SEED}&quot;" in page
    assert "A heron &lt;b&gt;" in page


def test_the_file_of_a_recipe_has_the_digest_that_is_shown(mine: Client, image: Image) -> None:
    answer = mine.get(reverse("image-recipe", args=[image.pk]))

    assert hashlib.sha256(answer.content).hexdigest() == recipes.of(image).digest
    assert json.loads(answer.content)["seed"] == str(SEED)
    assert answer["Content-Type"] == "application/json"
    assert answer["Content-Disposition"].startswith("attachment; ")
    assert answer["Cache-Control"].startswith("private, max-age=")


def test_a_recipe_names_its_pictures_and_does_not_carry_them(studio: Studio, mine: Client) -> None:
    picture = factories.data_uri()
    asked = factories.request(
        of=studio.team, by=studio.author, model="flux-2/edit", params={"image_urls": [picture]}
    )
    made = factories.succeeded(asked).images.get()

    said = mine.get(reverse("image-recipe", args=[made.pk])).content

    digest = hashlib.sha256(factories.picture((64, 48))).hexdigest()
    assert json.loads(said)["references"] == [digest]
    assert b"data:" not in said


def test_every_value_leads_to_the_composer_with_that_value(mine: Client, image: Image) -> None:
    page = mine.get(page_of(image)).text

    for name in ("prompt", "model", "size", "seed", "guidance_scale", "num_inference_steps"):
        assert f'href="/?reuse={image.pk}&amp;only={name}"' in page
    assert "only=provider" not in page


def test_a_viewer_is_not_offered_to_make_anything(studio: Studio, image: Image) -> None:
    page = browser(studio.viewer).get(page_of(image)).text

    assert "reuse=" not in page
    assert recipes.of(image).short in page


@pytest.mark.parametrize(
    ("name", "field", "value"),
    [
        ("prompt", "prompt", "A heron <b>"),
        ("seed", "seed", SEED),
        ("guidance_scale", "guidance_scale", 7.5),
        ("num_inference_steps", "num_inference_steps", 21),
        ("size", "image_size", "portrait_16_9"),
    ],
)
def test_one_value_is_taken_and_nothing_else(
    studio: Studio, image: Image, name: str, field: str, value: object
) -> None:
    mine = browser(studio.author)
    factories.request(of=studio.team, by=studio.author, params={"guidance_scale": 2})
    before = filled(mine)

    after = filled(mine, reuse=image.pk, only=name)

    assert after[field] == value
    changed = {one for one in before if before[one] != after[one]}
    assert changed - {"told", "idempotency_key"} == {field}


def test_only_the_model_is_taken_with_what_was_chosen(
    studio: Studio, mine: Client, image: Image
) -> None:
    chosen = {"guidance_scale": 2}
    factories.request(of=studio.team, by=studio.author, model="flux-pro", params=chosen)

    after = filled(mine, reuse=image.pk, only="model")

    assert (after["model"], after["guidance_scale"]) == ("flux/dev", 2)


def test_what_the_model_does_not_take_is_said(studio: Studio, mine: Client, image: Image) -> None:
    factories.request(of=studio.team, by=studio.author, model="flux-pro/v1.1-ultra")

    page = mine.get("/", {"reuse": str(image.pk), "only": "num_inference_steps"}).text

    assert "FLUX1.1 [pro] Ultra takes no steps." in page


@pytest.mark.parametrize("only", ["", "nothing", "image_urls", "<blink>", "provider"])
def test_what_is_no_value_changes_nothing(mine: Client, image: Image, only: str) -> None:
    answer = mine.get("/", {"reuse": str(image.pk), "only": only})

    assert answer.status_code == 200
    assert "<blink>" not in answer.text


def test_the_recipe_again_has_the_seed_that_the_provider_told(mine: Client, image: Image) -> None:
    again = filled(mine, reuse=image.pk, keep="seed")

    assert (again["seed"], again["guidance_scale"], again["prompt"]) == (SEED, 7.5, "A heron <b>")
    assert again["told"] == [f"The same recipe with the same seed, {SEED}."]


def test_to_vary_is_the_same_recipe_without_the_seed(studio: Studio, mine: Client) -> None:
    asked = factories.request(of=studio.team, by=studio.author, params=PARAMS | {"seed": 5})
    made = factories.succeeded(asked).images.get()

    assert filled(mine, reuse=made.pk)["seed"] == 5
    varied = filled(mine, reuse=made.pk, vary="seed")
    assert (varied["seed"], varied["guidance_scale"]) == ("", 7.5)


def test_an_image_of_a_model_that_is_gone_still_shows_its_recipe(
    mine: Client, image: Image
) -> None:
    gone(image)

    page = mine.get(page_of(image)).text

    assert "flux/0.9" in page
    assert "Warp speed" in page
    assert mine.get(reverse("image-recipe", args=[image.pk])).status_code == 200
    assert mine.get(reverse("image-download", args=[image.pk]), {"kind": "original"}).status_code


@pytest.mark.parametrize("more", [{}, {"only": "model"}, {"keep": "seed"}, {"vary": "seed"}])
def test_a_recipe_of_a_model_that_is_gone_is_for_another_one(
    mine: Client, image: Image, more: dict[str, str]
) -> None:
    form = filled(mine, reuse=gone(image).pk, **more)

    assert "flux/0.9 is no longer offered" in str(form["told"])
    if not more.get("only"):
        assert form["prompt"] == "A heron <b>"
        assert "takes no warp speed." in str(form["told"])


def test_what_one_made_last_with_a_model_that_is_gone_is_not_in_the_way(
    studio: Studio, mine: Client
) -> None:
    made = factories.request(of=studio.team, by=studio.author)
    GenerationRequest.objects.update(model="flux/0.9")

    assert mine.get("/", {"edit": str(made.pk)}).status_code == 200


def made_from(client: Client, studio: Studio, **changes: object) -> Image | None:
    client.post("/", composed(studio.team, **changes))
    latest = GenerationRequest.objects.order_by("-id").select_related("made_from").first()
    assert latest
    return latest.made_from


@pytest.mark.parametrize("how", [{}, {"keep": "seed"}, {"vary": "seed"}])
def test_what_is_made_by_a_recipe_knows_where_it_comes_from(
    studio: Studio, mine: Client, image: Image, how: dict[str, str]
) -> None:
    field = filled(mine, reuse=image.pk, **how)["made_from"]

    assert made_from(mine, studio, made_from=field) == image


def test_so_does_what_has_it_as_a_reference(studio: Studio, mine: Client, image: Image) -> None:
    field = filled(mine, reference=image.pk)["made_from"]

    assert made_from(mine, studio, made_from=field) == image


def test_one_value_is_no_origin(mine: Client, image: Image) -> None:
    assert not filled(mine, reuse=image.pk, only="seed").get("made_from")


def test_an_origin_that_is_not_theirs_to_see_counts_as_none(studio: Studio, mine: Client) -> None:
    private = Visibility.PRIVATE
    hidden = factories.stored_image(of=studio.team, by=studio.colleague, visibility=private)

    for forged in (hidden.pk, factories.stored_image().pk, "none", "", "\0"):
        assert made_from(mine, studio, made_from=forged) is None


def test_another_model_in_the_composer_keeps_the_origin(
    studio: Studio, mine: Client, image: Image
) -> None:
    size = {"image_size": "custom", "width": "768", "height": "1024"}
    form = composed(studio.team, made_from=image.pk, choose_model="flux-pro", **size)

    changed = mine.post("/composer/", form).context["form"]

    assert changed["made_from"].value() == str(image.pk)


def test_asking_again_keeps_the_origin(studio: Studio, mine: Client, image: Image) -> None:
    made_from(mine, studio, made_from=image.pk)
    asked = GenerationRequest.objects.order_by("-id")[0]

    mine.post(reverse("request-retry", args=[asked.pk]))

    assert list(GenerationRequest.objects.order_by("-id").values_list("made_from", flat=True)[:2])
    assert GenerationRequest.objects.order_by("-id")[0] != asked
    assert GenerationRequest.objects.order_by("-id")[0].made_from == image


def child(studio: Studio, image: Image, visibility: Visibility = Visibility.TEAM) -> Image:
    made = factories.stored_image(of=studio.team, by=studio.author, visibility=visibility)
    GenerationRequest.objects.filter(pk=made.request_id).update(made_from=image)
    return made


def test_an_image_shows_what_it_was_made_from_and_what_was_made_from_it(
    studio: Studio, mine: Client, image: Image
) -> None:
    made = [child(studio, image), child(studio, image)]

    family = mine.get(page_of(image)).context["family"]
    page = mine.get(page_of(made[0]))

    assert {one.pk for one in family.made_into} == {one.pk for one in made}
    assert family.made_from is None
    assert page.context["family"].made_from == image
    assert "Made from" in page.text
    assert "Made from this" not in page.text


def test_of_a_family_one_sees_what_one_may_see(studio: Studio, image: Image) -> None:
    secret = child(studio, image, Visibility.PRIVATE)
    private = factories.stored_image(
        of=studio.team, by=studio.colleague, visibility=Visibility.PRIVATE
    )
    GenerationRequest.objects.filter(pk=image.request_id).update(made_from=private)
    other = browser(studio.admin)

    page = other.get(page_of(image))

    assert page.context["family"].made_into == []
    assert page.context["family"].made_from is None
    assert str(secret.pk) not in page.text
    assert str(private.pk) not in page.text


def test_an_origin_that_is_deleted_for_good_is_no_longer_shown(
    studio: Studio, mine: Client, image: Image
) -> None:
    made = child(studio, image)
    Image.objects.filter(pk=image.pk).update(
        status="purged", stored_at=None, purged_at=image.stored_at, folder="", digest=""
    )

    page = mine.get(page_of(made))

    assert page.status_code == 200
    assert page.context["family"].made_from is None
