"""Mails to people about their images and their keys."""

import functools
from collections.abc import Callable
from datetime import datetime

import structlog
from django.conf import settings
from django.core.cache import cache
from django.db import transaction

from accounts.models import Role, User
from accounts.permissions import Permission, holders
from accounts.services.mail import send_after_commit
from generations import approval_links, catalog, failures
from generations.models import (
    Approval,
    Decision,
    DecisionAction,
    Finding,
    GenerationRequest,
    PriceProposal,
    PriceReading,
    Reconciliation,
)
from generations.providers.errors import ErrorKind

log = structlog.get_logger(__name__)

ONCE_AN_HOUR = 3600
SHOWN_CASES = 20
NOT_READ = "A provider's prices could not be read"
DONE = {
    DecisionAction.HIDE: "hidden",
    DecisionAction.RESTORE: "restored",
    DecisionAction.DISMISS: "left as it is",
}


def provider_account_refused(*, request: GenerationRequest, kind: ErrorKind) -> None:
    """Tell the team's owners that the provider refused our key or account; at most once an hour."""
    _once_an_hour(
        f"provider-refused:{request.team_id}:{kind}",
        functools.partial(_tell_of_refusal, request, kind),
    )


def _tell_of_refusal(request: GenerationRequest, kind: ErrorKind) -> None:
    owners = User.objects.filter(
        memberships__team=request.team_id, memberships__role=Role.OWNER, is_active=True
    )
    send_after_commit(
        "provider_refused",
        subject="Darkroom cannot make images: the provider refused the key",
        to=list(owners.values_list("email", flat=True)),
        context={"team": request.team, "kind": kind, "provider": request.provider},
    )


def no_space(because: str) -> None:
    """Tell staff that nothing is sent until there is room; at most once an hour."""
    _once_an_hour(f"no-space:{because}", functools.partial(_tell_of_no_space, because))


def _tell_of_no_space(because: str) -> None:
    send_after_commit(
        "no_space",
        subject="Darkroom has paused: there is no room to keep pictures",
        to=_staff(),
        context={
            "because": because,
            "folders": settings.KEPT_IN,
            "bytes": settings.LOW_DISK_BYTES,
            "waiting": settings.STORAGE_BACKLOG_LIMIT,
        },
    )


def nobody_works(*, part: str, because: str, since: datetime | None) -> None:
    """Tell staff that requests or pictures only wait, and what to look at."""
    send_after_commit(
        "nobody_works",
        subject=f"Darkroom's {part} part stands still: {failures.pause(because)}",
        to=_staff(),
        context={"part": part, "because": because, "since": since},
    )


def decided(*, decision: Decision) -> None:
    """Tell an image's author what was decided about it, and why."""
    send_after_commit(
        "decision",
        subject=f"One of your images was {DONE[DecisionAction(decision.action)]}",
        to=[decision.image.author.email],
        context={"decision": decision, "image": decision.image},
    )


def books_differ(*, cases: list[Finding], failed: list[Reconciliation]) -> None:
    """Tell staff what a person has to look at after comparing with the provider's books."""
    send_after_commit(
        "books_differ",
        subject="Darkroom's books and the provider's differ",
        to=_staff(),
        context={"cases": cases, "shown": cases[:SHOWN_CASES], "failed": failed},
    )


def waits_for_approval(request: GenerationRequest) -> None:
    """Tell whoever may approve it. Not what it shows: mails are read by more than one person."""
    send_after_commit(
        "approval_asked",
        subject=f"{request.user.display_name} waits for your approval in {request.team}",
        to=[one.email for one in holders(Permission.APPROVE, request.team)],
        context={
            "request": request,
            "model_name": catalog.name_of(request.model),
            "token": approval_links.token(request.pk),
        },
    )


def approval_decided(approval: Approval) -> None:
    request = approval.request
    send_after_commit(
        "approval_decided",
        subject=f"{approval.get_verdict_display()}: your request in {request.team}",
        to=[request.user.email],
        context={"approval": approval, "request": request},
    )


def prices_differ(
    proposed: list[PriceProposal], taken_over: list[PriceProposal], failed: list[PriceReading]
) -> None:
    """Tell staff what providers ask now that the price book does not say, or could not be read."""
    send_after_commit(
        "prices_differ",
        subject="A provider's prices have changed" if proposed or taken_over else NOT_READ,
        to=_staff(),
        context={"proposed": proposed, "taken_over": taken_over, "failed": failed},
    )


def _staff() -> list[str]:
    return list(User.objects.staff().values_list("email", flat=True))


def _once_an_hour(key: str, tell: Callable[[], None]) -> None:
    """At the commit: what is rolled back tells nobody, and must not count as told."""
    transaction.on_commit(lambda: tell() if _is_news(key) else None, robust=True)


def _is_news(key: str) -> bool:
    try:
        return cache.add(key, 1, ONCE_AN_HOUR)
    except Exception:
        # A cache that is away keeps neither the request from its end nor the owners from knowing.
        log.exception("cache_away")
        return True
