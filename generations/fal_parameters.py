"""The parameters that the FLUX models at fal share, as fal declares them.

Names, values and defaults are those of its published input types of August 2026. They state no
bounds; those are fal's where its pages say them, else AIML API's, which passes on to the same
models.
"""

from collections.abc import Mapping

from generations import flux_parameters as flux
from generations.parameters import Boolean, Choice, Parameter, Size


# fal's example of a free size, 1280x720, lies on a grid of 16; a side left out is 512.
def size(
    minimum: int, maximum: int, *, step: int = 16, default: str | None = "landscape_4_3"
) -> Size:
    """Without a default, the image has the size of its reference."""
    return Size(
        label="Size",
        minimum=minimum,
        maximum=maximum,
        step=step,
        width=512,
        height=512,
        default=default,
    )


SYNC = flux.off("Sync mode")  # true would put the pictures into the answer as data URIs
ENHANCE = Boolean(label="Enhance the prompt", default=False)
NO_SPEED = Choice(label="Acceleration", values=("none", "regular", "high"), default="none")

COMMON: Mapping[str, Parameter] = {**flux.COMMON, "sync_mode": SYNC}
FLUX_1: Mapping[str, Parameter] = {
    **COMMON,
    "guidance_scale": flux.guidance(3.5),
    "enable_safety_checker": flux.CHECKER,
    "output_format": flux.JPEG_OR_PNG,
}
DEV: Mapping[str, Parameter] = {
    **FLUX_1,
    "image_size": size(512, 1536),
    "num_inference_steps": flux.steps(28),
    "acceleration": NO_SPEED,
}
FROM_AN_IMAGE: Mapping[str, Parameter] = {
    **FLUX_1,
    "image_url": flux.references(1),
    "num_inference_steps": flux.steps(40),
    "strength": flux.strength(0.95, minimum=0, maximum=1),
    "acceleration": NO_SPEED,
}
PRO: Mapping[str, Parameter] = {
    **COMMON,
    "safety_tolerance": flux.tolerance(6),
    "output_format": flux.JPEG_OR_PNG,
    "enhance_prompt": ENHANCE,
}
KONTEXT: Mapping[str, Parameter] = {
    **PRO,
    "aspect_ratio": flux.aspect_ratio(default="1:1"),
    "guidance_scale": flux.guidance(3.5),
}
KONTEXT_EDIT: Mapping[str, Parameter] = {
    **KONTEXT,
    "aspect_ratio": flux.aspect_ratio(default=None),
    "image_url": flux.references(1),
}
FLUX_2: Mapping[str, Parameter] = {
    **COMMON,
    "image_size": size(512, 2048),
    "num_inference_steps": flux.steps(28, minimum=4),
    "guidance_scale": flux.guidance(2.5, minimum=0),
    "output_format": flux.image_format("jpeg", "png", "webp", default="png"),
    "enable_prompt_expansion": Boolean(label="Expand the prompt", default=False),
    "acceleration": flux.SPEED,
    "enable_safety_checker": flux.CHECKER,
}
FLUX_2_EDIT: Mapping[str, Parameter] = {
    **FLUX_2,
    "image_size": size(512, 2048, default=None),
    "image_urls": flux.references(4, many=True),
}
FLUX_2_PRO: Mapping[str, Parameter] = {
    "image_size": size(512, 2048),
    "seed": flux.SEED,
    "sync_mode": SYNC,
    "output_format": flux.JPEG_OR_PNG,
    "safety_tolerance": flux.tolerance(5),
    "enable_safety_checker": flux.CHECKER,
}
FLUX_2_PRO_EDIT: Mapping[str, Parameter] = {
    **FLUX_2_PRO,
    "image_size": size(512, 2048, default=None),
    # fal names no most; AIML API takes three for the same models.
    "image_urls": flux.references(3, many=True),
}
# Its page names no bounds; these are those of fal's toolkit.
REALISM: Mapping[str, Parameter] = {
    **FLUX_1,
    "image_size": size(1, 14142, step=1),
    "num_inference_steps": flux.steps(28),
    "strength": flux.strength(1),
}
