"""Mails to people about their images and their keys."""

import structlog
from django.conf import settings
from django.core.cache import cache
from django.core.mail import send_mail
from django.db import transaction
from django.template.loader import render_to_string

from accounts.models import Role, User
from generations.models import (
    Decision,
    DecisionAction,
    Finding,
    GenerationRequest,
    Reconciliation,
)
from generations.providers.errors import ErrorKind

log = structlog.get_logger(__name__)

ONCE_AN_HOUR = 3600
SHOWN_CASES = 20
DONE = {
    DecisionAction.HIDE: "hidden",
    DecisionAction.RESTORE: "restored",
    DecisionAction.DISMISS: "left as it is",
}


def provider_account_refused(*, request: GenerationRequest, kind: ErrorKind) -> None:
    """Tell the team's owners that the provider refused our key or account; at most once an hour."""
    if not _is_news(f"provider-refused:{request.team_id}:{kind}"):
        return
    owners = User.objects.filter(
        memberships__team=request.team_id, memberships__role=Role.OWNER, is_active=True
    )
    _send_after_commit(
        "provider_refused",
        subject="Darkroom cannot make images: the provider refused the key",
        to=list(owners.values_list("email", flat=True)),
        context={"team": request.team, "kind": kind, "provider": request.provider},
    )


def decided(*, decision: Decision) -> None:
    """Tell an image's author what was decided about it, and why."""
    _send_after_commit(
        "decision",
        subject=f"One of your images was {DONE[DecisionAction(decision.action)]}",
        to=[decision.image.author.email],
        context={"decision": decision, "image": decision.image},
    )


def books_differ(*, cases: list[Finding], failed: list[Reconciliation]) -> None:
    """Tell staff what a person has to look at after comparing with the provider's books."""
    staff = User.objects.filter(is_staff=True, is_active=True)
    _send_after_commit(
        "books_differ",
        subject="Darkroom's books and the provider's differ",
        to=list(staff.values_list("email", flat=True)),
        context={"cases": cases, "shown": cases[:SHOWN_CASES], "failed": failed},
    )


def _is_news(key: str) -> bool:
    try:
        return cache.add(key, 1, ONCE_AN_HOUR)
    except Exception:
        # A cache that is away keeps neither the request from its end nor the owners from knowing.
        log.exception("cache_away")
        return True


def _send_after_commit(
    template: str, *, subject: str, to: list[str], context: dict[str, object]
) -> None:
    body = render_to_string(f"emails/{template}.txt", {**context, "url": settings.PUBLIC_URL})
    # A function with a name, which Django asks for when it says what failed.
    transaction.on_commit(
        lambda: send_mail(subject, body, None, to, fail_silently=True), robust=True
    )
