"""What is asked and answered, as OpenAI's and AIML API's clients know it. Credits are exact
decimals in text; `meta.usage` repeats them as the number that those clients look for.
"""

from typing import Literal
from uuid import UUID

from ninja import Schema
from pydantic import BaseModel, ConfigDict, Field


class Ask(BaseModel):
    """A request for images. Every parameter of the model may stand beside these."""

    # Not ninja's Schema, which loses what stands beside the fields it knows.
    model_config = ConfigDict(extra="allow")

    model: str = Field(examples=["flux/dev"])
    prompt: str = Field(examples=["A lighthouse at dusk"])
    n: int | None = Field(None, description="OpenAI's name for num_images")
    size: str | None = Field(None, description="OpenAI's name for image_size", examples=["768x512"])
    response_format: Literal["url", "b64_json"] = "url"
    visibility: Literal["team", "private"] = "team"
    dry_run: bool = Field(False, description="Say what it would cost; make and hold nothing")
    user: str | None = Field(None, description="Taken for OpenAI's sake; the token says who asks")


class Picture(Schema):
    id: UUID
    url: str | None = Field(None, description="Opens for an hour without a token")
    b64_json: str | None = None
    width: int
    height: int
    content_type: str
    seed: int | None = None


class Credits(Schema):
    held: str = Field(examples=["13.2"])
    charged: str = Field(examples=["9.9"])
    refunded: str = Field(examples=["0"])


class Usage(Schema):
    credits_used: float


class Meta(Schema):
    usage: Usage


class Error(Schema):
    message: str = Field(description="What happened, whether it was charged, what to do")
    type: str
    code: str
    param: str | None = None
    charged: str = "0"
    what_to_do: str = ""
    fields: dict[str, str] | None = None
    request: UUID | None = None


class Refusal(Schema):
    error: Error


class Answer(Schema):
    """A request as it stands. Its images are there once its status is `succeeded`."""

    id: UUID
    status: str
    created: int
    model: str = Field(description="Which makes or made it")
    asked_model: str = Field(description="Which was asked for: another one if its provider refused")
    alternative: str | None = Field(None, description="Which makes it if its provider refuses")
    stage: str | None = Field(None, description="What happens now, in words, until it is over")
    data: list[Picture]
    credits: Credits
    meta: Meta
    look: str = Field(description="Where to look at it again")
    error: Error | None = None


class Room(Schema):
    """The limit that leaves least."""

    limit: str
    left: str


class Elsewhere(Schema):
    """The same model at another provider, where the team lets it make what the first refuses."""

    model: str
    cost: str


class Estimate(Schema):
    """What a request would cost at most. Nothing was made or held."""

    dry_run: Literal[True] = True
    model: str
    cost: str = Field(description="The most, whoever makes it: what would be held")
    elsewhere: Elsewhere | None = None
    available: str
    room: Room | None = None
    enough: bool
    needs_approval: bool
    usual_seconds: float


class Pricing(Schema):
    unit: Literal["credits"] = "credits"
    image: str = Field(description="One image with the model's defaults", examples=["3.3"])
    counted_by: str = Field(description="`image`, or `megapixel` where its size counts")


class Info(Schema):
    name: str
    developer: str
    description: str


class ModelAnswer(Schema):
    id: str
    object: Literal["model"] = "model"
    created: int
    owned_by: str
    type: str = "openai/image-generations"
    aliases: list[str]
    info: Info
    parameters: list[str]
    pricing: Pricing


class Models(Schema):
    object: Literal["list"] = "list"
    data: list[ModelAnswer]
