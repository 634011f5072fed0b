"""An image of the gallery as the reference that a model works from."""

import base64
import io
import re
from collections.abc import Callable
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse
from PIL import Image as Picture

from generations import references, storage
from generations.catalog import MODELS
from generations.models import GenerationRequest, Image, Visibility
from generations.services import downloads, images, trash
from tests import factories
from tests.generations.files import noise
from tests.generations.views.studio import HTMX, Studio, browser, composed, hide

ONE, MANY = "flux/dev/image-to-image", "blackforestlabs/flux-2-edit"


@pytest.fixture
def image(studio: Studio) -> Image:
    data = noise("image/png")
    return factories.stored_image(of=studio.team, by=studio.author, prompt="A heron", data=data)


def kept(page: str) -> list[Picture.Image]:
    """The pictures that the composer sends along."""
    uris = re.findall(r'name="kept" value="data:image/jpeg;base64,([^"]+)"', page)
    return [Picture.open(io.BytesIO(base64.b64decode(uri))) for uri in uris]


def test_the_page_of_an_image_leads_to_a_composer_with_it(mine: Client, image: Image) -> None:
    way = f"{reverse('create')}?reference={image.pk}"
    assert way in mine.get(reverse("image", args=[image.pk])).text

    page = mine.get(way)

    assert page.context["model"].reference
    [picture] = kept(page.text)
    assert picture.size == (65, 49)
    assert not picture.getexif()


def test_a_model_that_takes_pictures_is_kept(studio: Studio, mine: Client, image: Image) -> None:
    params = {"image_urls": [factories.data_uri()]}
    factories.request(of=studio.team, by=studio.author, model=MANY, params=params)

    assert mine.get(f"/?reference={image.pk}").context["model"].id == MANY


@pytest.mark.parametrize("model", [ONE, MANY])
@pytest.mark.parametrize("headers", [{}, HTMX], ids=["page", "fragment"])
def test_an_image_is_picked_in_the_composer(
    studio: Studio, mine: Client, image: Image, model: str, headers: dict[str, str]
) -> None:
    form = composed(studio.team, model=model, prompt="In the style of ink")
    offered = mine.post("/composer/", form, headers=headers).text
    assert f'name="pick" value="{image.pk}"' in offered

    page = mine.post("/composer/", form | {"pick": str(image.pk)}, headers=headers).text

    assert len(kept(page)) == 1
    assert "In the style of ink</textarea>" in page
    assert "1 added" in page


def test_a_picked_image_comes_beside_others_as_far_as_the_model_takes_them(
    studio: Studio, mine: Client, image: Image
) -> None:
    for model, wanted in ((ONE, 1), (MANY, 2)):
        before = references.from_upload(factories.picture())
        form = composed(studio.team, model=model, kept=[before], pick=str(image.pk))

        assert len(kept(mine.post("/composer/", form, headers=HTMX).text)) == wanted


def test_what_was_picked_is_what_is_asked_for(studio: Studio, mine: Client, image: Image) -> None:
    uri = downloads.reference(image)

    sent = mine.post("/", composed(studio.team, model=ONE, kept=[uri]))

    assert sent.status_code == 302
    newest = GenerationRequest.objects.order_by("-id")[0]
    assert newest.params["image_url"] == uri


def test_nobody_picks_what_they_may_not_see(studio: Studio, image: Image) -> None:
    private = factories.stored_image(
        of=studio.team, by=studio.author, visibility=Visibility.PRIVATE
    )
    foreign, hidden = factories.stored_image(), factories.stored_image(of=studio.team)
    hide(studio, hidden)
    client = browser(studio.colleague)

    for one in (private.pk, foreign.pk, hidden.pk, uuid4(), "none"):
        form = composed(studio.team, model=ONE, pick=str(one))
        assert client.post("/composer/", form).status_code == 404, one
        assert kept(client.get(f"/?reference={one}").text) == []


def test_a_large_original_is_made_smaller(image: Image, picture: Callable[..., bytes]) -> None:
    large = picture((2200, 1700), mode="RGB", image_format="PNG", compress_level=0)
    storage.put(images.original_key(image), large, "image/png")
    assert len(large) > references.MAX_BYTES

    size = references.size(downloads.reference(image))

    assert size
    assert size[0] * size[1] <= references.MEGAPIXEL


def test_a_model_without_pictures_offers_none(mine: Client, image: Image) -> None:
    assert 'name="pick"' not in mine.get("/").text
    assert all(MODELS[name].reference for name in (ONE, MANY))


@pytest.mark.parametrize("how", ["", "&keep=seed", "&vary=seed"])
def test_to_use_a_recipe_again_gives_its_pictures_to_nobody_else(studio: Studio, how: str) -> None:
    private = factories.stored_image(
        of=studio.team, by=studio.author, visibility=Visibility.PRIVATE
    )
    made = worked_from(studio, downloads.reference(private))
    address = f"/?reuse={made.pk}{how}"

    theirs = browser(studio.colleague).get(address)

    assert kept(theirs.text) == []
    assert "Not taken: its reference image." in theirs.text
    assert theirs.context["form"]["prompt"].value() == "In ink"
    assert len(kept(browser(studio.author).get(address).text)) == 1


def test_nor_does_to_vary_it(studio: Studio) -> None:
    made = worked_from(studio, factories.data_uri())
    address = reverse("image-vary", args=[made.pk])

    page = browser(studio.colleague).get(address)

    assert "its reference image" in page.text
    assert page.context["price"] is None
    assert browser(studio.author).get(address).context["price"]


def worked_from(studio: Studio, reference: str) -> Image:
    """The author's, which the team sees."""
    params = {"image_url": reference}
    asked = factories.request(
        of=studio.team, by=studio.author, model=ONE, params=params, prompt="In ink"
    )
    return factories.succeeded(asked).images.get()


def test_what_was_made_with_it_keeps_its_copy_and_that_is_said_before_it_is_deleted(
    studio: Studio, mine: Client, image: Image
) -> None:
    params = {"image_urls": [downloads.reference(image)]}
    asked = factories.request(of=studio.team, by=studio.author, model=MANY, params=params)
    trash.throw_away(by=studio.author, images=[image.pk])

    in_trash = mine.get(reverse("image", args=[image.pk])).text
    before = mine.post(reverse("trash-delete"), {"image": str(image.pk)}).text
    trash.delete(by=studio.author, images=[image.pk])
    trash.remove_objects()

    assert not Image.objects.filter(pk=image.pk).exists()
    assert kept(mine.get(f"/?edit={asked.pk}").text)
    for page in (in_trash, before):
        assert "as a reference keeps the copy it was made from" in page
