from collections.abc import Callable
from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generations import pricing, references
from generations.catalog import MODELS, Model, Price, Unit, get_model
from generations.parameters import Json

ADDRESS = "https://pictures.example/one.png"
sides = st.integers(16, 64).map(lambda n: n * 32)
with_sizes = st.sampled_from([m for m in MODELS.values() if "image_size" in m.parameters])


def sized(width: int, height: int, **params: Json) -> dict[str, Json]:
    return {"image_size": {"width": width, "height": height}, **params}


@pytest.mark.parametrize(
    ("model_id", "nano_usd"),
    [
        ("flux-realism", 46_000_000),
        ("flux-pro", 65_000_000),
        ("flux/dev", 33_000_000),
        ("blackforestlabs/flux-2", 15_600_000),
        ("fal-ai/flux-realism", 35_000_000),
        ("flux/schnell", 4_000_000),
        ("flux-pro/v1.1", 52_000_000),
        ("flux-pro/v1.1-ultra", 63_000_000),
        ("flux/srpo", 32_500_000),
        ("flux/srpo/image-to-image", 32_500_000),
        ("flux/dev/image-to-image", 33_000_000),
        ("flux/kontext-pro/text-to-image", 52_000_000),
        ("flux/kontext-max/text-to-image", 104_000_000),
        ("flux/kontext-pro/image-to-image", 52_000_000),
        ("flux/kontext-max/image-to-image", 104_000_000),
        ("blackforestlabs/flux-2-lora", 27_300_000),
        ("blackforestlabs/flux-2-pro", 39_000_000),
        ("blackforestlabs/flux-2-max", 91_000_000),
        ("blackforestlabs/flux-2-edit", 2 * 15_600_000),
        ("blackforestlabs/flux-2-lora-edit", 2 * 27_300_000),
        ("blackforestlabs/flux-2-pro-edit", 2 * 39_000_000),
        ("fal-ai/flux/schnell", 3_000_000),
        ("fal-ai/flux-pro/v1.1-ultra", 60_000_000),
        ("fal-ai/flux-pro/kontext/max", 80_000_000),
        ("fal-ai/flux-2/edit", 2 * 12_000_000),
        ("fal-ai/flux-2-max", 70_000_000),
    ],
)
def test_an_image_with_the_models_defaults_costs(model_id: str, nano_usd: int) -> None:
    assert pricing.provider_cost(get_model(model_id), {}) == nano_usd


@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)
def test_every_price_says_where_it_comes_from_and_when(model: Model) -> None:
    assert date(2026, 1, 1) <= model.price.as_of
    assert model.price.source
    assert model.price.nano_usd > 0


@pytest.mark.parametrize(
    ("width", "height", "megapixels"),
    [(512, 512, 1), (1024, 1024, 1), (1056, 1024, 2), (1536, 1536, 3), (2048, 2048, 4)],
)
def test_every_megapixel_begun_is_counted(width: int, height: int, megapixels: int) -> None:
    cost = pricing.provider_cost(get_model("flux-2"), sized(width, height))
    assert cost == megapixels * 15_600_000


def test_a_price_per_image_is_reserved_for_every_megapixel() -> None:
    assert pricing.provider_cost(get_model("flux/dev"), sized(1536, 1536)) == 3 * 33_000_000


def test_further_megapixels_may_cost_less_than_the_first() -> None:
    assert pricing.provider_cost(get_model("flux-2-max"), sized(2048, 2048)) == (
        91_000_000 + 3 * 39_000_000
    )


def test_a_model_with_shapes_of_its_own_costs_the_same_in_each() -> None:
    ultra = get_model("flux-pro/v1.1-ultra")
    assert pricing.provider_cost(ultra, {"aspect_ratio": "21:9", "num_images": 2}) == 126_000_000


def test_references_count_by_the_megapixel_and_by_their_number(
    picture: Callable[..., bytes],
) -> None:
    uri = references.from_upload(picture((800, 600)))
    edit = get_model("flux-2/edit")
    assert pricing.provider_cost(edit, {"image_urls": [uri]}) == 2 * 15_600_000
    assert pricing.provider_cost(edit, {"image_urls": [uri, uri, uri]}) == 4 * 15_600_000


def test_a_picture_behind_an_address_is_reserved_at_its_biggest() -> None:
    edit = get_model("flux-2/edit")
    assert pricing.provider_cost(edit, {"image_urls": [ADDRESS]}) == 5 * 15_600_000
    srpo = get_model("flux/srpo/image-to-image")
    assert pricing.provider_cost(srpo, {"image_url": ADDRESS}) == 4 * 32_500_000


def test_a_reference_costs_nothing_where_the_price_is_for_the_image() -> None:
    kontext = get_model("flux/kontext-pro/image-to-image")
    assert pricing.provider_cost(kontext, {"image_url": [ADDRESS] * 4}) == 52_000_000


@given(
    model=with_sizes, width=sides, height=sides, more=st.integers(0, 30), count=st.integers(1, 4)
)
def test_more_pixels_or_images_never_cost_less(
    model: Model, width: int, height: int, more: int, count: int
) -> None:
    cost = pricing.provider_cost(model, sized(width, height, num_images=count))
    assert cost > 0
    assert cost == count * pricing.provider_cost(model, sized(width, height))
    assert cost <= pricing.provider_cost(model, sized(width + 32 * more, height, num_images=count))


@given(nano_usd=st.integers(0, 10**15), credits_per_usd=st.integers(1, 10**6))
def test_credits_are_rounded_up_and_by_less_than_a_microcredit(
    nano_usd: int, credits_per_usd: int
) -> None:
    exact = Fraction(nano_usd * credits_per_usd, 1000)
    rounded = pricing.to_microcredits(nano_usd, credits_per_usd=credits_per_usd)
    assert 0 <= rounded - exact < 1


@given(nano_usd=st.integers(0, 10**15), basis_points=st.integers(0, 100_000))
def test_a_part_on_top_is_rounded_together_with_the_credits(
    nano_usd: int, basis_points: int
) -> None:
    exact = Fraction(nano_usd * 100 * (10_000 + basis_points), 10**7)
    rounded = pricing.to_microcredits(nano_usd, credits_per_usd=100, basis_points=basis_points)
    assert 0 <= rounded - exact < 1


def test_a_cost_can_be_computed_at_another_price_than_the_catalogs() -> None:
    dearer = Price(40_000_000, Unit.IMAGE, "a letter")
    assert pricing.provider_cost(get_model("flux/dev"), {"num_images": 2}, dearer) == 80_000_000


@pytest.mark.parametrize(
    ("price", "words"),
    [
        (Price(33_000_000, Unit.IMAGE, ""), "$0.033 per image"),
        (
            Price(39_000_000, Unit.MEGAPIXEL, "", 19_500_000),
            "$0.039 for the first megapixel, $0.0195 for each further one",
        ),
        (
            Price(15_600_000, Unit.MEGAPIXEL, "", counts_inputs=True),
            "$0.0156 per megapixel, reference images count too",
        ),
    ],
)
def test_a_price_is_said_in_words(price: Price, words: str) -> None:
    assert pricing.price_words(price) == words


def test_dollars_are_shown_to_the_last_digit() -> None:
    shown = [pricing.format_usd(amount) for amount in (0, 33_000_000, -500, 1_234_000_000_000)]
    assert shown == ["$0", "$0.033", "-$0.0000005", "$1,234"]


@pytest.mark.parametrize(
    ("units", "nano_usd"),
    [("1", 30_000_000), ("1.5", 45_000_000), ("0", 0), ("0.0000000001", 0), ("0.7864", 23_592_000)],
)
def test_what_a_provider_counted_costs_the_price_of_its_unit(units: str, nano_usd: int) -> None:
    assert pricing.units_cost(MODELS["fal-ai/flux-2-pro"].price, Decimal(units)) == nano_usd


def test_an_edit_without_a_size_is_as_large_as_its_reference(
    picture: Callable[..., bytes],
) -> None:
    model = MODELS["fal-ai/flux-2/edit"]
    own: list[Json] = [references.from_upload(picture((640, 480)))]
    assert pricing.provider_cost(model, {"image_urls": own}) == 2 * 12_000_000
    assert pricing.provider_cost(model, {"image_urls": [ADDRESS]}) == 8 * 12_000_000
