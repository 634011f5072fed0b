import structlog
from django.conf import settings
from django.http import Http404, HttpRequest, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from accounts.errors import KeyReused
from accounts.services import payments
from accounts.services.payments import BadSignature, NotAnOrder

log = structlog.get_logger(__name__)


@csrf_exempt
@require_POST
def paid(request: HttpRequest) -> JsonResponse:
    """What a shop calls when an order is paid; said again it credits nothing more."""
    if not settings.PAYMENT_WEBHOOK_SECRET:
        raise Http404
    signature = request.headers.get("Stripe-Signature", request.headers.get("X-Signature", ""))
    try:
        payments.verify(
            body=request.body, signature=signature, secret=settings.PAYMENT_WEBHOOK_SECRET
        )
        order = payments.read(request.body)
        entry = payments.credit(order) if order else None
    except BadSignature as error:
        return JsonResponse({"error": str(error)}, status=400)
    except (NotAnOrder, KeyReused) as error:
        # The shop sends it again and shows it as failed, so that a person sees it on either side.
        log.warning("order_refused", why=str(error))
        return JsonResponse({"error": str(error)}, status=422)
    return JsonResponse({"credited": entry.amount if entry else 0})
