"""The operators' pages about requests: all of them, one of them, and what may be done to it."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts.access import SignedInRequest, staff_required
from generations import engine, operations
from generations.errors import NotNow, TooLateToCancel
from generations.models import Circuit, GenerationRequest
from generations.operations_form import OperationsForm
from generations.services import operating
from generations.services.operating import Deed


@require_safe
@never_cache
@staff_required
def requests(request: SignedInRequest) -> HttpResponse:
    form = OperationsForm(request.GET)
    context = {"form": form, **engine.state(), **operations.listed(form)}
    return render(request, "generations/operations.html", context)


@require_safe
@never_cache
@staff_required
def story(request: SignedInRequest, request_id: UUID) -> HttpResponse:
    return _page(request, request_id)


@require_POST
@staff_required
def read(request: SignedInRequest, request_id: UUID) -> HttpResponse:
    """The same page with the prompt and the answers as they came; the look is written down."""
    looked_at = get_object_or_404(GenerationRequest, pk=request_id)
    operating.write_down(by=request.user, row=looked_at, words="Read the prompt.")
    return _page(request, request_id, opened=True)


@require_POST
@staff_required
def do(request: SignedInRequest, request_id: UUID) -> HttpResponse:
    wanted = get_object_or_404(GenerationRequest.objects.select_related("hold"), pk=request_id)
    try:
        deed = Deed(request.POST.get("deed", ""))
        messages.success(request, operating.do(deed, by=request.user, request=wanted))
    except ValueError:
        messages.error(request, "Choose what to do.")
    except (NotNow, TooLateToCancel) as error:
        messages.info(request, str(error))
    return redirect("operations-request", request_id)


@require_POST
@staff_required
def try_circuit(request: SignedInRequest, circuit_id: int) -> HttpResponse:
    circuit = Circuit.objects.filter(pk=circuit_id).exclude(provider="").first()
    if circuit is None:
        messages.info(request, "It is closed again already.")
    else:
        operating.try_now(by=request.user, circuit=circuit)
        messages.success(request, "The next request that waits for it is sent as a probe.")
    return redirect("operations")


def _page(request: SignedInRequest, request_id: UUID, *, opened: bool = False) -> HttpResponse:
    asked = get_object_or_404(operations.with_everything(), pk=request_id)
    context = operations.whole(asked, opened=opened)
    return render(request, "generations/operations_request.html", context)
