"""The table of models: each with exactly its vendor's parameters, and a dated price.

The five models that people ask for by name come first; the rest follow by family.
"""

from collections.abc import Mapping
from types import MappingProxyType

from generations import catalog_fal
from generations import flux_parameters as flux
from generations.catalog_types import Model, Price, per_image, per_megapixel

LITELLM = "LiteLLM's list of AIML API prices, 2026"
FAL_TIMES_1_3 = "fal's price of 2026 times 1.3, the mark-up seen at AIML API in 2026"


def _per_image(dollars: str, source: str = LITELLM) -> Price:
    return per_image(dollars, source)


def _per_megapixel(
    dollars: str, further: str = "", *, counts_inputs: bool = False, source: str = FAL_TIMES_1_3
) -> Price:
    return per_megapixel(dollars, source, further=further, counts_inputs=counts_inputs)


FEATURED = (
    Model(
        id="flux-realism",
        name="FLUX Realism",
        purpose="Photographs that look taken, not made",
        family="FLUX.1",
        price=_per_image("0.046"),
        typical_seconds=6,
        featured=True,
        parameters={
            **flux.DEV,
            "image_size": flux.size(512, 1536),
            "output_format": flux.JPEG_OR_PNG,
        },
    ),
    Model(
        id="flux-pro",
        name="FLUX.1 [pro]",
        purpose="Polished images for final work",
        family="FLUX.1",
        price=_per_image("0.065"),
        typical_seconds=8,
        featured=True,
        parameters={
            **flux.COMMON,
            "image_size": flux.size(256, 1440),
            "num_inference_steps": flux.steps(50),
            # AIML API declares no default; 3.5 is fal's for FLUX.1.
            "guidance_scale": flux.guidance(3.5),
            "safety_tolerance": flux.tolerance(6),
            "output_format": flux.JPEG_OR_PNG,
        },
    ),
    Model(
        id="flux/dev",
        name="FLUX.1 [dev]",
        purpose="An all-rounder at a fair price",
        family="FLUX.1",
        price=_per_image("0.033"),
        typical_seconds=5,
        featured=True,
        parameters={**flux.DEV, "image_size": flux.size(512, 1536)},
    ),
    Model(
        id="blackforestlabs/flux-2",
        aliases=("flux-2",),
        name="FLUX.2",
        purpose="The newest generation, up to 4 megapixels",
        family="FLUX.2",
        price=_per_megapixel("0.0156"),
        typical_seconds=6,
        featured=True,
        parameters=flux.FLUX_2,
    ),
    catalog_fal.REALISM,
)

FLUX_1 = (
    Model(
        id="flux/schnell",
        name="FLUX.1 [schnell]",
        purpose="Fast and cheap drafts",
        family="FLUX.1",
        price=_per_image("0.004"),
        typical_seconds=2,
        parameters={
            **flux.COMMON,
            "image_size": flux.size(64, 1536),
            # AIML API declares no default; 4 is fal's and Black Forest Labs'.
            "num_inference_steps": flux.steps(4, maximum=None),
            "enable_safety_checker": flux.CHECKER,
        },
    ),
    Model(
        id="flux-pro/v1.1",
        name="FLUX1.1 [pro]",
        purpose="Sharper than FLUX.1 [pro], with less to set",
        family="FLUX.1",
        price=_per_image("0.052"),
        typical_seconds=6,
        parameters={
            **flux.COMMON,
            "image_size": flux.size(256, 1440),
            "safety_tolerance": flux.tolerance(6),
            "output_format": flux.JPEG_OR_PNG,
            "enable_safety_checker": flux.CHECKER,
        },
    ),
    Model(
        id="flux-pro/v1.1-ultra",
        name="FLUX1.1 [pro] Ultra",
        purpose="4-megapixel images in many shapes",
        family="FLUX.1",
        price=_per_image("0.063"),
        typical_seconds=12,
        parameters={
            **flux.COMMON,
            # The vendor's page: "fixed size 2752x1536", at the default ratio.
            "aspect_ratio": flux.aspect_ratio(area=2752 * 1536),
            "safety_tolerance": flux.tolerance(6),
            "output_format": flux.JPEG_OR_PNG,
            "enable_safety_checker": flux.CHECKER,
            "raw": flux.off("Raw"),
        },
    ),
    Model(
        id="flux/srpo",
        name="FLUX.1 SRPO",
        purpose="Natural skin, light and texture",
        family="FLUX.1",
        price=_per_megapixel("0.0325"),
        typical_seconds=4,
        parameters={
            **flux.SRPO,
            "image_size": flux.size(512, 1536),
            "num_inference_steps": flux.steps(28),
        },
    ),
    Model(
        id="flux/dev/image-to-image",
        name="FLUX.1 [dev] from an image",
        purpose="A new take on a picture you have",
        family="FLUX.1",
        price=_per_image("0.033", "as flux/dev; none is published for this one"),
        typical_seconds=5,
        parameters={
            **flux.DEV,
            "image_url": flux.references(1),
            "strength": flux.strength(0.95),
        },
    ),
    Model(
        id="flux/srpo/image-to-image",
        name="FLUX.1 SRPO from an image",
        purpose="Makes a picture you have look natural",
        family="FLUX.1",
        price=_per_megapixel("0.0325"),
        typical_seconds=5,
        parameters={
            **flux.SRPO,
            "image_url": flux.references(1),
            "num_inference_steps": flux.steps(40),
            "strength": flux.strength(0.95, minimum=0, maximum=1),
        },
    ),
)

KONTEXT = (
    Model(
        id="flux/kontext-pro/text-to-image",
        aliases=("flux-pro/kontext/text-to-image",),
        name="FLUX.1 Kontext [pro]",
        purpose="Follows long descriptions closely",
        family="FLUX.1 Kontext",
        price=_per_image("0.052"),
        typical_seconds=8,
        parameters=flux.KONTEXT,
    ),
    Model(
        id="flux/kontext-max/text-to-image",
        aliases=("flux-pro/kontext/max/text-to-image",),
        name="FLUX.1 Kontext [max]",
        purpose="Kontext at its best, strong at lettering",
        family="FLUX.1 Kontext",
        price=_per_image("0.104"),
        typical_seconds=10,
        parameters=flux.KONTEXT,
    ),
    Model(
        id="flux/kontext-pro/image-to-image",
        aliases=("flux-pro/kontext",),
        name="FLUX.1 Kontext [pro] edit",
        purpose="Edits and merges up to four pictures by instruction",
        family="FLUX.1 Kontext",
        price=_per_image("0.052"),
        typical_seconds=8,
        parameters={**flux.KONTEXT, "image_url": flux.references(4)},
    ),
    Model(
        id="flux/kontext-max/image-to-image",
        aliases=("flux-pro/kontext/max",),
        name="FLUX.1 Kontext [max] edit",
        purpose="The most careful edits by instruction",
        family="FLUX.1 Kontext",
        price=_per_image("0.104"),
        typical_seconds=10,
        parameters={**flux.KONTEXT, "image_url": flux.references(4)},
    ),
)

FLUX_2 = (
    Model(
        id="blackforestlabs/flux-2-edit",
        aliases=("flux-2/edit",),
        name="FLUX.2 edit",
        purpose="Edits and merges up to three pictures",
        family="FLUX.2",
        price=_per_megapixel("0.0156", counts_inputs=True),
        typical_seconds=8,
        parameters={**flux.FLUX_2, **flux.THREE_REFERENCES},
    ),
    Model(
        id="blackforestlabs/flux-2-lora",
        aliases=("flux-2/lora",),
        name="FLUX.2 with LoRAs",
        purpose="FLUX.2 in a style of your own weights",
        family="FLUX.2",
        price=_per_megapixel("0.0273"),
        typical_seconds=8,
        parameters={**flux.FLUX_2, "loras": flux.LORAS},
    ),
    Model(
        id="blackforestlabs/flux-2-lora-edit",
        name="FLUX.2 edit with LoRAs",
        purpose="Edits pictures in a style of your own weights",
        family="FLUX.2",
        price=_per_megapixel("0.0273", counts_inputs=True),
        typical_seconds=10,
        parameters={**flux.FLUX_2, **flux.THREE_REFERENCES, "loras": flux.LORAS},
    ),
    Model(
        id="blackforestlabs/flux-2-pro",
        name="FLUX.2 [pro]",
        purpose="FLUX.2 for production, one image at a time",
        family="FLUX.2",
        price=_per_megapixel("0.039", "0.0195"),
        typical_seconds=12,
        parameters=flux.FLUX_2_PRO,
    ),
    Model(
        id="blackforestlabs/flux-2-pro-edit",
        aliases=("flux-2-pro/edit",),
        name="FLUX.2 [pro] edit",
        purpose="Production edits of up to three pictures",
        family="FLUX.2",
        # The vendor's example was billed three times a text-to-image one, so every
        # megapixel is reserved at the price of the first.
        price=_per_megapixel("0.039", counts_inputs=True),
        typical_seconds=12,
        parameters={**flux.FLUX_2_PRO, **flux.THREE_REFERENCES},
    ),
    Model(
        id="blackforestlabs/flux-2-max",
        aliases=("flux-2-max",),
        name="FLUX.2 [max]",
        purpose="The finest detail FLUX offers",
        family="FLUX.2",
        price=_per_megapixel("0.091", "0.039"),
        typical_seconds=20,
        parameters={
            **flux.FLUX_2_PRO,
            "output_format": flux.JPEG_OR_PNG,
            "safety_tolerance": flux.tolerance(5),
        },
    ),
)

# Its order is what people see, for as long as the process lives.
MODELS: Mapping[str, Model] = MappingProxyType(
    {model.id: model for model in (*FEATURED, *FLUX_1, *KONTEXT, *FLUX_2, *catalog_fal.MODELS)}
)
