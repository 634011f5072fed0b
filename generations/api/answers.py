"""Requests, estimates and models as the API shows them."""

import base64
from uuid import UUID

from django.http import HttpRequest
from django.urls import reverse

from accounts.models import ApiToken, Team
from accounts.money import MICROCREDITS, plain_credits
from generations import catalog, storage, waits
from generations.api import access, problems, schemas
from generations.batches import Batch
from generations.models import GenerationRequest, Image, Status
from generations.receipts import Receipt
from generations.services import images, providers
from generations.services.estimates import Estimate
from generations.services.offers import Elsewhere
from generations.services.price_book import PriceList, Quote

DEVELOPER = "Black Forest Labs"


def of_request(
    request: HttpRequest, made: GenerationRequest, *, token: ApiToken, inline: bool = False
) -> schemas.Answer:
    """A request as it stands; with `inline`, its images inside the answer."""
    problem = problems.of_request(made)
    receipt = Receipt(made)
    return schemas.Answer(
        id=made.pk,
        status=Status(made.status).name.lower(),
        created=int(made.created_at.timestamp()),
        model=made.model,
        asked_model=made.moved_from or made.model,
        alternative=(made.alternative or None) if made.is_open else None,
        stage=_stage(made),
        data=[_picture(request, image, token, inline=inline) for image in _shown(made)],
        credits=schemas.Credits(
            held=plain_credits(receipt.held),
            charged=plain_credits(receipt.charged),
            refunded=plain_credits(receipt.refunded),
        ),
        meta=schemas.Meta(usage=schemas.Usage(credits_used=receipt.charged / MICROCREDITS)),
        look=address(request, made.pk),
        error=problem.shown if problem else None,
    )


def of_estimate(found: Estimate) -> schemas.Estimate:
    preview = found.preview
    room = preview.narrowest
    return schemas.Estimate(
        model=found.model.id,
        cost=plain_credits(preview.amount),
        elsewhere=_elsewhere(preview.offer.elsewhere),
        available=plain_credits(preview.available),
        room=schemas.Room(limit=str(room), left=plain_credits(room.left)) if room else None,
        enough=found.is_enough,
        needs_approval=found.preview.needs_approval,
        usual_seconds=preview.usual_seconds,
    )


def _elsewhere(found: Elsewhere | None) -> schemas.Elsewhere | None:
    if found is None:
        return None
    return schemas.Elsewhere(model=found.model.id, cost=plain_credits(found.quote.amount))


def of_models(team: Team) -> schemas.Models:
    """What a team can ask for, at the prices it has."""
    prices = PriceList.of(team, catalog.MODELS.values())
    models = [model for model in providers.callable_models() if prices.knows(model)]
    return schemas.Models(data=[_model(model, prices.quote(model, {})) for model in models])


def address(request: HttpRequest, request_id: UUID) -> str:
    return request.build_absolute_uri(reverse("api:request", args=[request_id]))


def _stage(made: GenerationRequest) -> str | None:
    return Batch(made, waits.of([made])[made.pk]).stage if made.is_open else None


def _shown(made: GenerationRequest) -> list[Image]:
    if made.status != Status.SUCCEEDED:
        return []
    return list(made.images.stored().order_by("index"))


def _picture(
    request: HttpRequest, image: Image, token: ApiToken, *, inline: bool
) -> schemas.Picture:
    return schemas.Picture(
        id=image.pk,
        url=None if inline else _file_address(request, image, token),
        b64_json=_inside(image) if inline else None,
        width=image.width,
        height=image.height,
        content_type=image.content_type,
        seed=image.seed,
    )


def _file_address(request: HttpRequest, image: Image, token: ApiToken) -> str:
    signed = access.sign(image_id=image.pk, token=token)
    path = reverse("api:image-file", args=[image.pk])
    return request.build_absolute_uri(f"{path}?signed={signed}")


def _inside(image: Image) -> str:
    return base64.b64encode(storage.get(images.original_key(image))).decode()


def _model(model: catalog.Model, quote: Quote) -> schemas.ModelAnswer:
    return schemas.ModelAnswer(
        id=model.id,
        created=int(quote.version.effective_from.timestamp()),
        owned_by=model.provider,
        aliases=list(model.aliases),
        info=schemas.Info(name=model.name, developer=DEVELOPER, description=model.purpose),
        parameters=["prompt", *model.parameters],
        pricing=schemas.Pricing(image=plain_credits(quote.amount), counted_by=quote.version.unit),
    )
