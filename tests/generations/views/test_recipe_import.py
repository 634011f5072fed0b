"""A recipe comes into the composer: pasted, in a picture, in a file; or is refused in words."""

import json
import struct
import zlib
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from generations import provenance, recipes
from generations.models import GenerationRequest, Image, Visibility
from generations.provenance import Origin
from generations.services import downloads
from generations.services.downloads import Kind
from tests import factories
from tests.generations.files import KINDS, credentialed, noise
from tests.generations.views.studio import HTMX, Studio, browser, composed

SEED = 2**63 - 1
PARAMS = {"guidance_scale": 7.5, "num_inference_steps": 21, "image_size": "portrait_16_9"}
WEB_UI = "A heron\nNegative prompt: text\nSteps: 28, Sampler: Euler, Seed: 7, Size: 64x48, Model: x"


@pytest.fixture
def image(studio: Studio) -> Image:
    asked = factories.request(of=studio.team, by=studio.author, prompt="A heron", params=PARAMS)
    return factories.succeeded(asked, seed=SEED).images.select_related("request").get()


def take(client: Client, studio: Studio, file: object = None, **fields: object) -> Any:
    form = composed(studio.team, **fields)
    if isinstance(file, bytes):
        form["recipe_file"] = SimpleUploadedFile("heron.png", file)
    return client.post("/recipe/", form, headers=HTMX)


def values(answer: Any) -> dict[str, Any]:
    form = answer.context["form"]
    return {name: form[name].value() for name in form.fields} | {"model": form.model.id}


def text_of(image: Image, **changes: Any) -> str:
    """Its recipe with these instead."""
    return json.dumps(json.loads(recipes.write(recipes.of(image))) | changes)


def tagged(text: str) -> bytes:
    """A picture with a text of the web UI's kind."""
    body = b"parameters\0" + text.encode("latin-1")
    chunk = struct.pack(">I4s", len(body), b"tEXt") + body
    data = noise("image/png")
    return data[:33] + chunk + struct.pack(">I", zlib.crc32(b"tEXt" + body)) + data[33:]


def test_a_pasted_recipe_fills_the_composer(studio: Studio, mine: Client, image: Image) -> None:
    answer = take(mine, studio, recipe_text=text_of(image), model="flux-pro")

    found = values(answer)
    assert answer.status_code == 200
    assert (found["model"], found["prompt"], found["seed"]) == ("flux/dev", "A heron", SEED)
    assert (found["guidance_scale"], found["image_size"]) == (7.5, "portrait_16_9")
    assert f"Recipe taken from what was pasted: FLUX.1 [dev], seed {SEED}." in answer.text
    assert found["made_from"] == image.pk


@pytest.mark.parametrize("kind", [Kind.PNG, Kind.JPEG, Kind.WEBP])
def test_a_download_brings_its_recipe_along(
    studio: Studio, mine: Client, image: Image, kind: Kind
) -> None:
    """Also where nobody wrote down that it was given out."""
    file = downloads.make(image, kind=kind)

    found = values(take(mine, studio, file.data))

    assert (found["seed"], found["prompt"], found["guidance_scale"]) == (SEED, "A heron", 7.5)
    assert found["made_from"] == image.pk


def test_of_a_stranger_it_brings_all_but_the_image(image: Image) -> None:
    """The recipe is in the file for whoever has the file; the image is not theirs to see."""
    team = factories.team()
    file = downloads.make(image, kind=Kind.PNG)
    form = composed(team, recipe_file=SimpleUploadedFile("a.png", file.data))

    answer = browser(factories.owner_of(team)).post("/recipe/", form)

    found = values(answer)
    assert (found["seed"], found["prompt"], found["made_from"]) == (SEED, "A heron", "")


def test_the_original_itself_is_known_by_its_digest(studio: Studio, mine: Client) -> None:
    data = credentialed("image/png")
    made = factories.stored_image(of=studio.team, by=studio.author, prompt="Signed", data=data)

    found = values(take(mine, studio, data))

    assert (found["prompt"], found["made_from"]) == ("Signed", made.pk)


def test_a_recipes_own_file_is_taken(studio: Studio, mine: Client, image: Image) -> None:
    data = mine.get(reverse("image-recipe", args=[image.pk])).content

    answer = take(mine, studio, b"\xef\xbb\xbf" + data)

    assert values(answer)["seed"] == SEED
    assert "Recipe taken from heron.png" in answer.text


def test_what_another_program_wrote_is_taken_as_far_as_it_goes(
    studio: Studio, mine: Client
) -> None:
    answer = take(mine, studio, tagged(WEB_UI), guidance_scale="9")

    found = values(answer)
    assert (found["prompt"], found["seed"], found["num_inference_steps"]) == ("A heron", 7, 28)
    assert "Recipe taken from heron.png: FLUX.1 [dev], seed 7." in answer.text
    assert "Not taken: negative prompt, model “x”, sampler." in answer.text
    assert "Width must be a multiple of 32" in answer.text


@pytest.mark.parametrize("content_type", KINDS)
def test_the_text_of_any_container_is_read(studio: Studio, mine: Client, content_type: str) -> None:
    origin = Origin(
        prompt="Zoë 灯台", model="flux/dev", params={}, seed=SEED, width=1024, height=768
    )

    found = values(take(mine, studio, provenance.mark(noise(content_type), content_type, origin)))

    assert (found["prompt"], found["seed"]) == ("Zoë 灯台", SEED)


def test_the_pictures_it_worked_from_come_along(studio: Studio, mine: Client) -> None:
    asked = factories.request(
        of=studio.team,
        by=studio.author,
        model="flux-2/edit",
        params={"image_urls": [factories.data_uri()]},
    )
    made = factories.succeeded(asked).images.get()

    found = values(take(mine, studio, recipe_text=text_of(made)))

    assert found["kept"] == [factories.data_uri()]


def test_an_image_is_found_by_the_seed_that_its_provider_did_not_repeat(
    studio: Studio, mine: Client
) -> None:
    params = {"image_urls": [factories.data_uri()], "seed": 99}
    asked = factories.request(of=studio.team, by=studio.author, model="flux-2/edit", params=params)
    made = factories.succeeded(asked, seed=None).images.get()

    assert f"/i/{made.pk}/" in mine.get("/gallery/?seed=99").text
    assert "Seed: 99" in provenance.read(downloads.make(made).data).text
    found = values(take(mine, studio, recipe_text=text_of(made)))
    assert found["kept"] == [factories.data_uri()]


@pytest.mark.parametrize("visibility", Visibility)
def test_pictures_that_are_not_theirs_to_see_stay_away_and_that_is_said(
    studio: Studio, visibility: Visibility
) -> None:
    asked = factories.request(
        of=studio.team,
        by=studio.colleague,
        model="flux-2/edit",
        params={"image_urls": [factories.data_uri()]},
        visibility=visibility,
    )
    made = factories.succeeded(asked).images.get()

    answer = take(browser(studio.author), studio, recipe_text=text_of(made))

    assert not values(answer).get("kept")
    assert "Not taken: its reference image." in answer.text


@pytest.mark.parametrize(
    ("file", "words"),
    [
        (b"", "not JSON"),
        (b"not a recipe", "not JSON"),
        (b"\xff\xfe\x00", "neither a PNG, JPEG or WebP picture nor a recipe"),
        (b"x" * 70_000, "at most 64 KB"),
        (noise("image/png"), "does not say how it was made"),
        (noise("image/jpeg")[:200], "neither a"),
        (credentialed("image/webp"), "does not say how it was made"),
        (b'{"darkroom": 2}', "version 2"),
        (b"[" * 60_000, "nested too deeply"),
        (b"GIF89a\x01\x00\x01\x00\x00\x00\x00;", "not JSON"),
    ],
)
def test_what_carries_no_recipe_is_refused_beside_the_file(
    studio: Studio, mine: Client, file: bytes, words: str
) -> None:
    answer = take(mine, studio, file, prompt="My own words", guidance_scale="9")

    assert answer.status_code == 422
    [said] = answer.context["import_form"].errors["recipe_file"]
    assert words in said
    assert answer["HX-Retarget"] == "#composer"
    assert (values(answer)["prompt"], values(answer)["guidance_scale"]) == ("My own words", 9)


def test_a_bomb_is_refused(studio: Studio, mine: Client) -> None:
    """A small file that says it is 30 000 pixels wide, and one with a text that swells."""
    wide = noise("image/png").replace(struct.pack(">I", 65), struct.pack(">I", 30_000), 1)
    body = b"parameters\0\0" + zlib.compress(b"a" * 80_000_000)
    chunk = struct.pack(">I4s", len(body), b"zTXt") + body
    data = noise("image/png")
    swells = data[:33] + chunk + struct.pack(">I", zlib.crc32(b"zTXt" + body)) + data[33:]

    for file in (wide, swells):
        assert take(mine, studio, file).status_code == 422


@pytest.mark.parametrize("text", ["A heron", "{", '{"darkroom": 1}', "{}", "[]"])
def test_what_is_no_recipe_is_refused_beside_what_was_pasted(
    studio: Studio, mine: Client, text: str
) -> None:
    answer = take(mine, studio, recipe_text=text)

    assert answer.status_code == 422
    assert "recipe_text" in answer.context["import_form"].errors
    assert answer.context["import_form"]["recipe_text"].value() == text


def test_a_size_of_ones_own_stays_too(studio: Studio, mine: Client) -> None:
    size = {"image_size": "custom", "width": "768", "height": "1024"}

    found = values(take(mine, studio, recipe_text="{", **size))

    assert (found["image_size"], found["width"], found["height"]) == ("custom", 768, 1024)


def test_a_model_that_is_not_here_is_named(studio: Studio, mine: Client, image: Image) -> None:
    answer = take(mine, studio, recipe_text=text_of(image, model="flux/dew"))

    assert "There is no model “flux/dew”. Did you mean flux/dev?" in answer.text


def test_nothing_at_all_is_said_to_be_nothing(studio: Studio, mine: Client) -> None:
    assert "Choose a file or paste a recipe." in take(mine, studio, recipe_text=" ").text


def test_values_that_the_model_does_not_take_are_said(
    studio: Studio, mine: Client, image: Image
) -> None:
    text = text_of(image, params={"guidance_scale": 99, "stepz": 3}, seed="0", size="64x48")

    answer = take(mine, studio, recipe_text=text)

    for words in (
        "Guidance must be a number between 1 and 20.",
        "FLUX.1 [dev] takes no stepz.",
        "Seed must be a whole number of at least 1.",
    ):
        assert words in answer.text


def test_hostile_words_are_shown_as_words(studio: Studio, mine: Client, image: Image) -> None:
    hostile = "</textarea><script>alert(1)</script>"

    answer = take(mine, studio, recipe_text=text_of(image, prompt=hostile, params={hostile: 1}))

    assert "<script>alert" not in answer.text
    assert values(answer)["prompt"] == hostile


def test_without_javascript_it_is_a_page(studio: Studio, mine: Client, image: Image) -> None:
    page = mine.post("/recipe/", composed(studio.team, recipe_text=text_of(image)))

    assert "<html" in page.text
    assert "Recipe taken from what was pasted" in page.text


def test_what_was_taken_can_be_asked_for(studio: Studio, mine: Client, image: Image) -> None:
    found = values(take(mine, studio, recipe_text=text_of(image)))
    form = {name: value for name, value in found.items() if value is not None}

    mine.post("/", form)

    made = GenerationRequest.objects.order_by("-id")[0]
    assert made.pk != image.request_id
    assert made.params == image.request.params | {"seed": SEED}
    assert made.made_from == image
