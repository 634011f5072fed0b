"""What a role may ask for: the words for a refusal, and a composer that offers no more."""

import base64
from decimal import Decimal
from typing import Any

import pytest

from accounts.models import Role, RoleLimit
from generations import catalog, role_rules
from generations.forms import ComposerForm
from generations.references import MEGAPIXEL
from tests import factories

HALF = RoleLimit(role=Role.MEMBER, most_megapixels=Decimal("0.6"))
ONE = RoleLimit(role=Role.MEMBER, most_megapixels=Decimal(1))
FROM_IMAGE = "flux/srpo/image-to-image"
TWO_IMAGES = RoleLimit(role=Role.MEMBER, most_images=2)


def refused(limit: RoleLimit, model_id: str = "flux/dev", **params: object) -> list[str]:
    model = catalog.get_model(model_id)
    return list(role_rules.refusals(limit, model, catalog.draft(model, params)))


def data_uri(width: int, height: int) -> str:
    picture = base64.b64encode(factories.picture((width, height))).decode()
    return f"data:image/png;base64,{picture}"


def composer(limit: RoleLimit | None, model_id: str = "flux/dev", **initial: Any) -> ComposerForm:
    return ComposerForm(model=catalog.get_model(model_id), limit=limit, initial=initial)


def disabled(form: ComposerForm, name: str) -> list[str]:
    radios = form[name].subwidgets
    return [str(one.data["value"]) for one in radios if one.data["attrs"].get("disabled")]


@pytest.mark.parametrize(
    ("size", "fields"),
    [
        ("square_hd", []),
        ("1024x1024", []),
        ("1056x1024", ["image_size"]),
        ({"width": 1536, "height": 1536}, ["image_size"]),
    ],
)
def test_an_image_may_have_a_megapixel_and_no_more(size: object, fields: list[str]) -> None:
    assert refused(ONE, image_size=size) == fields


def test_where_a_shape_is_chosen_the_models_own_area_counts() -> None:
    ratio = catalog.get_model("flux-pro/v1.1-ultra").parameters["aspect_ratio"]
    assert getattr(ratio, "area", 0) > MEGAPIXEL
    assert refused(ONE, "flux-pro/v1.1-ultra", aspect_ratio="1:1") == ["aspect_ratio"]
    assert refused(ONE, "flux/kontext-pro/text-to-image", aspect_ratio="16:9") == []


@pytest.mark.parametrize(
    ("reference", "fields"),
    [
        (data_uri(1024, 1024), []),
        (data_uri(1200, 1200), ["image_url"]),
        ("https://example.com/of-any-size.png", ["image_url"]),
    ],
    ids=["one megapixel", "more", "unknown"],
)
def test_an_image_becomes_as_large_as_its_reference(reference: str, fields: list[str]) -> None:
    assert refused(ONE, FROM_IMAGE, image_url=reference) == fields


def test_before_a_reference_is_chosen_nothing_is_refused() -> None:
    assert refused(ONE, FROM_IMAGE) == []


def test_as_many_images_as_the_role_may_have() -> None:
    assert refused(TWO_IMAGES, num_images=2) == []
    assert refused(TWO_IMAGES, num_images=3) == ["num_images"]


def test_every_reason_is_given_at_once() -> None:
    both = RoleLimit(role=Role.ADMIN, most_megapixels=Decimal("0.1"), most_images=1)
    assert refused(both, num_images=2) == ["image_size", "num_images"]


def test_choices_that_a_role_may_not_make_are_shown_and_disabled() -> None:
    form = composer(HALF)
    assert disabled(form, "image_size") == ["square_hd", "landscape_4_3", "portrait_4_3"]
    assert disabled(form, "num_images") == []
    assert form.notes == [HALF.size_words]
    assert disabled(composer(TWO_IMAGES), "num_images") == ["3", "4"]


def test_a_size_of_ones_own_stays_open_and_its_limit_is_said() -> None:
    form = composer(ONE)
    assert disabled(form, "image_size") == []
    assert form.notes == [ONE.size_words]


def test_without_a_limit_nothing_is_disabled() -> None:
    form = composer(None)
    assert disabled(form, "image_size") == disabled(form, "num_images") == []
    assert form.notes == []


def test_what_may_not_be_chosen_any_more_falls_to_what_is_nearest() -> None:
    assert composer(TWO_IMAGES, num_images=4)["num_images"].value() == 2
    assert composer(TWO_IMAGES, num_images=1)["num_images"].value() == 1
    assert composer(HALF, image_size="square_hd")["image_size"].value() == "landscape_16_9"
    assert composer(HALF, image_size="portrait_16_9")["image_size"].value() == "portrait_16_9"


def test_where_no_choice_is_left_the_first_stays_to_be_seen() -> None:
    tiny = RoleLimit(role=Role.MEMBER, most_megapixels=Decimal("0.1"))
    assert composer(tiny)["image_size"].value() == "landscape_4_3"


def test_another_model_keeps_to_the_same_limit() -> None:
    form = composer(TWO_IMAGES).switched_to(catalog.get_model("flux-realism"))
    assert disabled(form, "num_images") == ["3", "4"]
