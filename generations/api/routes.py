"""The gateway: OpenAI's and AIML API's image endpoint, in front of what the pages use too."""

from typing import Annotated, Any
from uuid import UUID

from asgiref.sync import sync_to_async
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from ninja import Header, NinjaAPI, Status

from generations import recipes
from generations.api import answers, asking, problems, waiting
from generations.api.access import Bearer, SignedAddress, TokenRequest
from generations.api.echoes import echo
from generations.api.schemas import Answer, Ask, Estimate, Models, Refusal
from generations.errors import InvalidRequest
from generations.models import GenerationRequest, Image, Source
from generations.services import estimates, images, requests
from generations.views import files

bearer = Bearer()


class Api(NinjaAPI):
    def create_response(self, request: HttpRequest, data: Any, **how: Any) -> HttpResponse:
        return echo(request, super().create_response(request, data, **how))


api = Api(
    title="Darkroom",
    version="1",
    urls_namespace="api",
    docs_url=None,
    auth=bearer,
)
REFUSALS = dict.fromkeys((400, 401, 402, 403, 409, 429, 502, 503), Refusal)


def refuse(request: HttpRequest, error: Any) -> HttpResponse:
    problem = problems.of_error(error)
    shown = Refusal(error=problem.shown).model_dump(mode="json", exclude_none=True)
    response = api.create_response(request, shown, status=problem.status)
    if problem.retry_after:
        response["Retry-After"] = str(problem.retry_after)
    return response


for kind in problems.KINDS:
    api.add_exception_handler(kind, refuse)


@api.post(
    "/images/generations",
    url_name="generate",
    exclude_none=True,
    response={200: Answer | Estimate, 202: Answer, **REFUSALS},
)
async def generate(
    request: TokenRequest,
    ask: Ask,
    idempotency_key: Annotated[str | None, Header()] = None,
    prefer: Annotated[str, Header()] = "",
) -> Status[Answer | Estimate]:
    """Make images, and answer when they are there. After a minute, or as soon as `Prefer: wait=N`
    or `respond-async` say, the answer is 202 with an id to look at; the request goes on.
    """
    if ask.dry_run:
        return Status(200, await sync_to_async(_estimate)(request, ask))
    made = await sync_to_async(_submit)(request, ask, idempotency_key)
    seconds = asking.seconds_to_wait(prefer, most=settings.API_WAIT_SECONDS)
    await waiting.until_settled(made, user_id=request.auth.user_id, seconds=seconds)
    return await sync_to_async(_outcome)(request, ask, made)


@api.get("/requests/{uuid:request_id}", url_name="request", response=Answer, exclude_none=True)
def look(request: TokenRequest, request_id: UUID) -> Answer:
    """A request as it stands."""
    return answers.of_request(request, _find(request, request_id), token=request.auth)


@api.get("/images/{uuid:image_id}/file", url_name="image-file", auth=[bearer, SignedAddress()])
def file(request: TokenRequest, image_id: UUID) -> HttpResponse:
    """An image's original bytes."""
    shown = Image.objects.visible_to(request.auth.user).filter(team=request.auth.team)
    key, content_type = images.object_for(get_object_or_404(shown, pk=image_id), "original")
    return echo(request, files.private(files.given(key, content_type), fresh=True))


@api.get("/images/{uuid:image_id}/recipe", url_name="image-recipe")
def recipe(request: TokenRequest, image_id: UUID) -> HttpResponse:
    """What an image was made of, as canonical JSON: its digest is the recipe's."""
    seen = Image.objects.visible_to(request.auth.user).filter(team=request.auth.team)
    shown = get_object_or_404(seen.select_related("request"), pk=image_id)
    response = HttpResponse(recipes.write(recipes.of(shown)), content_type="application/json")
    return echo(request, files.private(response, fresh=True))


@api.get("/models", url_name="models", response=Models)
def models(request: TokenRequest) -> Models:
    """What can be asked for, and what one image costs."""
    return answers.of_models(request.auth.team)


def _estimate(request: TokenRequest, ask: Ask) -> Estimate:
    try:
        return answers.of_estimate(estimates.estimate(**asking.wish(request, ask)))
    except InvalidRequest as error:
        raise InvalidRequest(asking.in_their_words(ask, error.errors)) from error


def _submit(request: TokenRequest, ask: Ask, key: str | None) -> UUID:
    try:
        made = requests.submit(
            **asking.wish(request, ask),
            idempotency_key=asking.key(request.auth, key),
            visibility=asking.visibility(ask),
            source=Source.API,
        )
    except InvalidRequest as error:
        raise InvalidRequest(asking.in_their_words(ask, error.errors)) from error
    return made.pk


def _outcome(request: TokenRequest, ask: Ask, made_id: UUID) -> Status[Answer | Estimate]:
    made = _find(request, made_id)
    if problems.of_request(made):
        raise problems.NotMade(made)
    inline = ask.response_format == "b64_json"
    answer = answers.of_request(request, made, token=request.auth, inline=inline)
    return Status(202 if made.is_open else 200, answer)


def _find(request: TokenRequest, request_id: UUID) -> GenerationRequest:
    mine = GenerationRequest.objects.visible_to(request.auth.user).filter(team=request.auth.team)
    return get_object_or_404(mine.select_related("hold"), pk=request_id)
