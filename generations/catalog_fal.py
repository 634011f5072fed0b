"""The FLUX models that fal offers, by fal's own names, each with exactly its parameters there."""

from generations import fal_parameters as fal
from generations import flux_parameters as flux
from generations.catalog_types import Model, per_image, per_megapixel
from generations.parameters import Boolean

FAL = "fal"
PAGES = "fal's pages, 2026"
INFERRED = "inferred from AIML API's bills, which are fal's prices with a mark-up"
REALISM = Model(
    id="fal-ai/flux-realism",
    provider=FAL,
    name="FLUX Realism on fal",
    purpose="The same realism from a second provider",
    family="FLUX.1",
    price=per_megapixel("0.035", "fal's flux-lora, its nearest relative, 2026"),
    typical_seconds=6,
    featured=True,
    parameters=fal.REALISM,
)

FLUX_1 = (
    Model(
        id="fal-ai/flux/schnell",
        provider=FAL,
        name="FLUX.1 [schnell] on fal",
        purpose="Fast and cheap drafts, by the megapixel",
        family="FLUX.1",
        price=per_megapixel("0.003", PAGES),
        typical_seconds=2,
        parameters={**fal.DEV, "num_inference_steps": flux.steps(4, maximum=12)},
    ),
    Model(
        id="fal-ai/flux/dev",
        provider=FAL,
        name="FLUX.1 [dev] on fal",
        purpose="The all-rounder from a second provider",
        family="FLUX.1",
        price=per_megapixel("0.025", PAGES),
        typical_seconds=5,
        parameters=fal.DEV,
    ),
    Model(
        id="fal-ai/flux/dev/image-to-image",
        provider=FAL,
        name="FLUX.1 [dev] from an image on fal",
        purpose="A new take on a picture you have",
        family="FLUX.1",
        price=per_megapixel("0.025", "as fal-ai/flux/dev; none was found for this one"),
        typical_seconds=5,
        parameters=fal.FROM_AN_IMAGE,
    ),
    Model(
        id="fal-ai/flux/srpo",
        provider=FAL,
        name="FLUX.1 SRPO on fal",
        purpose="Natural skin, light and texture",
        family="FLUX.1",
        price=per_megapixel("0.025", INFERRED),
        typical_seconds=4,
        parameters={**fal.DEV, "guidance_scale": flux.guidance(4.5), "acceleration": flux.SPEED},
    ),
    Model(
        id="fal-ai/flux/srpo/image-to-image",
        provider=FAL,
        name="FLUX.1 SRPO from an image on fal",
        purpose="Makes a picture you have look natural",
        family="FLUX.1",
        price=per_megapixel("0.025", INFERRED),
        typical_seconds=5,
        parameters={
            **fal.FROM_AN_IMAGE,
            "guidance_scale": flux.guidance(4.5),
            "acceleration": flux.SPEED,
        },
    ),
    Model(
        id="fal-ai/flux-pro/v1.1",
        provider=FAL,
        name="FLUX1.1 [pro] on fal",
        purpose="Sharp images with little to set",
        family="FLUX.1",
        price=per_megapixel("0.04", PAGES),
        typical_seconds=6,
        parameters={
            **fal.PRO,
            "image_size": fal.size(256, 1440),
            "enable_safety_checker": flux.CHECKER,
        },
    ),
    Model(
        id="fal-ai/flux-pro/v1.1-ultra",
        provider=FAL,
        name="FLUX1.1 [pro] Ultra on fal",
        purpose="4-megapixel images, raw ones too",
        family="FLUX.1",
        price=per_image("0.06", PAGES),
        typical_seconds=12,
        parameters={
            **fal.PRO,
            "aspect_ratio": flux.aspect_ratio(area=2752 * 1536),
            "enable_safety_checker": flux.CHECKER,
            "raw": Boolean(label="Raw", default=False),
        },
    ),
)

KONTEXT = tuple(
    Model(
        id=f"fal-ai/flux-pro/kontext{path}",
        provider=FAL,
        name=f"FLUX.1 Kontext {name} on fal",
        purpose=purpose,
        family="FLUX.1 Kontext",
        price=per_image(dollars, PAGES),
        typical_seconds=seconds,
        parameters=parameters,
    )
    for path, name, purpose, dollars, seconds, parameters in (
        ("/text-to-image", "[pro]", "Follows long descriptions closely", "0.04", 8, fal.KONTEXT),
        ("/max/text-to-image", "[max]", "Strong at lettering", "0.08", 10, fal.KONTEXT),
        ("", "[pro] edit", "Edits a picture by instruction", "0.04", 8, fal.KONTEXT_EDIT),
        ("/max", "[max] edit", "Edits a picture with the most care", "0.08", 10, fal.KONTEXT_EDIT),
    )
)

FLUX_2 = (
    Model(
        id="fal-ai/flux-2",
        provider=FAL,
        name="FLUX.2 on fal",
        purpose="The newest generation, by the megapixel",
        family="FLUX.2",
        price=per_megapixel("0.012", INFERRED),
        typical_seconds=6,
        parameters=fal.FLUX_2,
    ),
    Model(
        id="fal-ai/flux-2/edit",
        provider=FAL,
        name="FLUX.2 edit on fal",
        purpose="Edits and merges up to four pictures",
        family="FLUX.2",
        price=per_megapixel("0.012", INFERRED, counts_inputs=True),
        typical_seconds=8,
        parameters=fal.FLUX_2_EDIT,
    ),
    Model(
        id="fal-ai/flux-2/lora",
        provider=FAL,
        name="FLUX.2 with LoRAs on fal",
        purpose="FLUX.2 in a style of your own weights",
        family="FLUX.2",
        price=per_megapixel("0.021", INFERRED),
        typical_seconds=8,
        parameters={**fal.FLUX_2, "loras": flux.LORAS},
    ),
    Model(
        id="fal-ai/flux-2/lora/edit",
        provider=FAL,
        name="FLUX.2 edit with LoRAs on fal",
        purpose="Edits pictures in a style of your own weights",
        family="FLUX.2",
        price=per_megapixel("0.021", INFERRED, counts_inputs=True),
        typical_seconds=10,
        parameters={**fal.FLUX_2_EDIT, "loras": flux.LORAS},
    ),
    Model(
        id="fal-ai/flux-2-pro",
        provider=FAL,
        name="FLUX.2 [pro] on fal",
        purpose="FLUX.2 for production, one image at a time",
        family="FLUX.2",
        price=per_megapixel("0.03", PAGES, further="0.015"),
        typical_seconds=12,
        parameters=fal.FLUX_2_PRO,
    ),
    Model(
        id="fal-ai/flux-2-pro/edit",
        provider=FAL,
        name="FLUX.2 [pro] edit on fal",
        purpose="Production edits of up to three pictures",
        family="FLUX.2",
        price=per_megapixel("0.03", PAGES, counts_inputs=True),
        typical_seconds=12,
        parameters=fal.FLUX_2_PRO_EDIT,
    ),
    Model(
        id="fal-ai/flux-2-max",
        provider=FAL,
        name="FLUX.2 [max] on fal",
        purpose="The finest detail FLUX offers",
        family="FLUX.2",
        price=per_megapixel("0.07", "Black Forest Labs' own prices, 2026", further="0.03"),
        typical_seconds=20,
        parameters=fal.FLUX_2_PRO,
    ),
    Model(
        id="fal-ai/flux-2-max/edit",
        provider=FAL,
        name="FLUX.2 [max] edit on fal",
        purpose="The finest edits of up to three pictures",
        family="FLUX.2",
        price=per_megapixel("0.07", "Black Forest Labs' own prices, 2026", counts_inputs=True),
        typical_seconds=20,
        parameters=fal.FLUX_2_PRO_EDIT,
    ),
)

MODELS = (*FLUX_1, *KONTEXT, *FLUX_2)
