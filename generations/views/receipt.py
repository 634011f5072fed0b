from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from accounts.access import SignedInRequest, signed_in
from accounts.permissions import Permission, has_permission
from generations import short_story, waits
from generations.models import GenerationRequest, Image
from generations.receipts import Receipt


@require_safe
@signed_in
def receipt(request: SignedInRequest, request_id: UUID) -> HttpResponse:
    """What a request cost and why, for who asked and who answers for the team's credits."""
    found = _find(request, request_id)
    shown = Image.objects.visible_to(request.user).filter(request=found).order_by("index")
    context = {
        "receipt": Receipt(found),
        "story": short_story.in_short(found, paused=waits.why_paused(found)),
        "images": shown.select_related("request"),
        "is_mine": found.user_id == request.user.pk,
        "sees_team": has_permission(request.user, Permission.VIEW_LEDGER, found.team),
    }
    return render(request, "generations/receipt.html", context)


def _find(request: SignedInRequest, request_id: UUID) -> GenerationRequest:
    ours = GenerationRequest.objects.filter(team__memberships__user=request.user)
    with_terms = ours.select_related("price_version", "markup")
    related = with_terms.select_related("hold", "user", "team", "approval__by").defer("params")
    found = get_object_or_404(
        related.prefetch_related(
            "hold__entries", "attempts__charges", "attempts__findings", "images"
        ),
        pk=request_id,
    )
    mine = found.user_id == request.user.pk
    if not mine and not has_permission(request.user, Permission.VIEW_LEDGER, found.team):
        raise Http404
    return found
