from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from generations.errors import ForgedWebhook, UndecidedWebhook, UnknownWebhook
from generations.services import webhooks

LARGEST = 1_000_000


@csrf_exempt
@require_POST
def fal(request: HttpRequest, attempt_id: UUID, token: str) -> HttpResponse:
    """What fal calls when a request is over; it asks again until it is told 2xx."""
    if refusal := _refuse_by_length(request):
        return refusal
    headers = {name.lower(): value for name, value in request.headers.items()}
    try:
        webhooks.receive(
            attempt_id=attempt_id, given_token=token, headers=headers, body=request.body
        )
    except UnknownWebhook as error:
        raise Http404 from error
    except ForgedWebhook as error:
        return HttpResponse(str(error), status=401, content_type="text/plain")
    except UndecidedWebhook as error:
        return HttpResponse(str(error), status=503, content_type="text/plain")
    return HttpResponse(status=200)


def _refuse_by_length(request: HttpRequest) -> HttpResponse | None:
    try:
        said = int(request.headers.get("Content-Length") or 0)
    except ValueError:
        return HttpResponse("Content-Length is no number", status=400, content_type="text/plain")
    if said > LARGEST or len(request.body) > LARGEST:
        return HttpResponse("Too large", status=413, content_type="text/plain")
    return None
