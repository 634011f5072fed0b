"""The parameters that the FLUX models share, as the vendors declare them.

AIML API's come from its OpenAPI files of 2026-08-21, equal to the live ones of 2026-08-30.
Where it declares no default, ours is sent instead, because vendors differ; its source is noted.
"""

from collections.abc import Mapping

from generations.parameters import (
    BIGGEST,
    AspectRatio,
    Boolean,
    Choice,
    Integer,
    Loras,
    Number,
    Parameter,
    ReferenceImages,
    Size,
)
from generations.references import MEGAPIXEL


def size(minimum: int, maximum: int) -> Size:
    return Size(label="Size", minimum=minimum, maximum=maximum)


def aspect_ratio(area: int = MEGAPIXEL, default: str | None = "16:9") -> AspectRatio:
    return AspectRatio(
        label="Aspect ratio",
        values=("21:9", "16:9", "4:3", "3:2", "1:1", "2:3", "3:4", "9:16", "9:21"),
        default=default,
        area=area,
    )


def steps(default: int, minimum: int = 1, maximum: int | None = 50) -> Integer:
    return Integer(
        label="Steps",
        help="More steps take longer and add detail.",
        default=default,
        minimum=minimum,
        maximum=maximum,
    )


def guidance(default: float, minimum: int = 1) -> Number:
    return Number(
        label="Guidance",
        help="How closely the image follows the prompt.",
        default=default,
        minimum=minimum,
        maximum=20,
    )


def strength(
    default: float, *, minimum: float | None = None, maximum: float | None = None
) -> Number:
    return Number(
        label="Strength",
        help="How far the image may move away from its reference.",
        default=default,
        minimum=minimum,
        maximum=maximum,
    )


def image_format(*values: str, default: str) -> Choice:
    return Choice(label="Format", values=values, default=default)


def tolerance(highest: int) -> Choice:
    return Choice(
        label="Safety tolerance",
        help="1 is the strictest.",
        values=tuple(str(level) for level in range(1, highest + 1)),
        default="2",
    )


def off(label: str) -> Boolean:
    return Boolean(label=label, default=False, fixed=False)


def references(maximum: int, *, many: bool = False) -> ReferenceImages:
    label = "Reference images" if maximum > 1 else "Reference image"
    return ReferenceImages(label=label, maximum=maximum, many=many)


IMAGES = Integer(label="Number of images", default=1, minimum=1, maximum=4)
SEED = Integer(
    label="Seed",
    help="The same seed and prompt give the same image. Empty for a random one.",
    minimum=1,
    maximum=BIGGEST,
)
CHECKER = Boolean(label="Safety filter", default=True)
EXPANSION = Boolean(label="Expand the prompt", default=True)
SPEED = Choice(label="Acceleration", values=("none", "regular", "high"), default="regular")
LORAS = Loras(label="LoRAs")
JPEG_OR_PNG = image_format("jpeg", "png", default="jpeg")
RATIO = aspect_ratio()

COMMON: Mapping[str, Parameter] = {"num_images": IMAGES, "seed": SEED}
# AIML API declares no guidance: 3.5 is fal's default for the same weights.
DEV: Mapping[str, Parameter] = {
    **COMMON,
    "num_inference_steps": steps(50),
    "guidance_scale": guidance(3.5),
    "enable_safety_checker": CHECKER,
}
# sync_mode would put the pictures into the answer as data URIs: slower and bigger.
SRPO: Mapping[str, Parameter] = {
    **COMMON,
    "guidance_scale": guidance(4.5),
    "sync_mode": off("Sync mode"),
    "enable_safety_checker": CHECKER,
    "output_format": JPEG_OR_PNG,
    "acceleration": SPEED,
}
# AIML API declares no guidance: 3.5 is fal's default for the same endpoint.
KONTEXT: Mapping[str, Parameter] = {
    **COMMON,
    "aspect_ratio": RATIO,
    "guidance_scale": guidance(3.5),
    "safety_tolerance": tolerance(6),
    "output_format": JPEG_OR_PNG,
}
# AIML API declares neither steps nor guidance: 28 and 2.5 are fal's defaults.
FLUX_2: Mapping[str, Parameter] = {
    **COMMON,
    "image_size": size(512, 2048),
    "num_inference_steps": steps(28, minimum=4),
    "guidance_scale": guidance(2.5, minimum=0),
    "output_format": image_format("jpeg", "png", "webp", default="png"),
    "enable_prompt_expansion": EXPANSION,
    "acceleration": SPEED,
    "enable_safety_checker": CHECKER,
}
FLUX_2_PRO: Mapping[str, Parameter] = {
    "image_size": size(512, 2048),
    "seed": SEED,
    "output_format": image_format("jpeg", "png", "webp", default="png"),
    "safety_tolerance": tolerance(6),
    "enable_safety_checker": CHECKER,
}
THREE_REFERENCES: Mapping[str, Parameter] = {"image_urls": references(3, many=True)}
