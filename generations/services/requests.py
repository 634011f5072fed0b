"""Asking for images: submit, cancel, ask again."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any
from uuid import UUID, uuid4

from django.db import IntegrityError, transaction

from accounts.errors import AccountsError, NotAllowed
from accounts.models import ApiToken, Team, User
from accounts.permissions import Permission, has_permission
from accounts.services import budgets, ledger, spending
from config.ids import uuid7
from generations import catalog, enqueue, events
from generations.errors import (
    Dearer,
    GenerationsError,
    IdempotencyKeyReused,
    InvalidRequest,
    TooLateToCancel,
)
from generations.models import (
    PRIORITY_OF,
    UNSENT,
    GenerationRequest,
    Image,
    Source,
    Status,
    Visibility,
)
from generations.services import (
    admitting,
    approvals,
    notices,
    offers,
    providers,
    queueing,
    states,
)


def submit(
    *,
    by: User,
    team: Team,
    model_id: str,
    prompt: str,
    params: Mapping[str, object],
    idempotency_key: UUID | None = None,
    visibility: Visibility = Visibility.TEAM,
    source: Source = Source.WEB,
    token: ApiToken | None = None,
    made_from: Image | None = None,
    agreed: int | None = None,
) -> GenerationRequest:
    """Hold the upper bound of the price and queue the request; a promise once this returns.

    Above the team's threshold it waits for approval first, with its hold.

    The same key with the same content returns the same row. Raises NotAllowed, InvalidRequest,
    CannotSpend, TooManyOpen, QueueFull, IdempotencyKeyReused, and Dearer above the microcredits
    that were `agreed` to, where somebody was told a price.
    """
    if not has_permission(by, Permission.GENERATE, team):
        raise NotAllowed
    model, words, cleaned = check(model_id, prompt, params)
    wanted = GenerationRequest(
        id=uuid7(),
        team=team,
        user=by,
        idempotency_key=idempotency_key or uuid4(),
        fingerprint=_fingerprint(model.id, words, cleaned, visibility),
        provider=model.provider,
        model=model.id,
        prompt=words,
        params=cleaned,
        num_images=int(str(cleaned.get("num_images") or 1)),
        visibility=visibility,
        source=source,
        token=token,
        priority=PRIORITY_OF[source],
        made_from=made_from,
    )
    return _queue_once(wanted, agreed)


def cancel(*, request: GenerationRequest) -> bool:
    """Cancel what has not been sent, and give its hold back; true once that is done.

    What waits in a provider's queue is cancelled when the provider says so. Raises
    TooLateToCancel.
    """
    with transaction.atomic():
        if states.move(request.pk, leave=UNSENT, to=Status.CANCELLED):
            ledger.release(hold=request.hold_id)
            return True
        if not queueing.ask_to_cancel(request):
            raise TooLateToCancel
    return False


def again(
    *,
    by: User,
    request: GenerationRequest,
    agreed: int | None = None,
    idempotency_key: UUID | None = None,
) -> GenerationRequest:
    """Ask for the same recipe once more, as a new request, at no more than was held for it if
    nothing else is `agreed`. Raises as `submit` does.
    """
    return submit(
        by=by,
        team=request.team,
        model_id=request.model,
        prompt=request.prompt,
        params=request.params,
        idempotency_key=idempotency_key,
        visibility=Visibility(request.visibility),
        made_from=request.made_from,
        agreed=request.hold.amount if agreed is None else agreed,
    )


def check(
    model_id: str, prompt: str, params: Mapping[str, object]
) -> tuple[catalog.Model, str, dict[str, Any]]:
    """The model, the prompt and the parameters as they would be sent. Raises InvalidRequest."""
    try:
        model = catalog.get_model(model_id)
        cleaned = catalog.clean(model, prompt, params)
        words = catalog.clean_prompt(model, prompt)
    except catalog.UnknownModel as error:
        raise InvalidRequest({"model": str(error)}) from error
    except catalog.InvalidParameters as error:
        raise InvalidRequest(dict(error.errors)) from error
    if model.provider not in providers.callable_providers():
        raise InvalidRequest({"model": f"{model.name} cannot be used here yet."})
    return model, words, cleaned


def _queue_once(wanted: GenerationRequest, agreed: int | None) -> GenerationRequest:
    same = _same(wanted)
    if same:
        return same
    amount = _priced(wanted)
    if agreed is not None and amount > agreed:
        raise Dearer
    try:
        with transaction.atomic():
            membership = admitting.admit(wanted)
            if approvals.needed(of=membership, amount=amount):
                wanted.status, wanted.waited = Status.AWAITING_APPROVAL, True
            # The hold locks the team's account: it comes as late as the row's foreign key allows.
            wanted.hold, limits = spending.hold(
                by=wanted.user,
                team=wanted.team,
                model=wanted.model,
                amount=amount,
                reference=str(wanted.pk),
                token=wanted.token,
            )
            wanted.save(force_insert=True)
            events.changed(wanted.pk)
            if wanted.waited:
                notices.waits_for_approval(wanted)
            else:
                enqueue.after_commit(enqueue.send_ticket)
            budgets.warn(limits)
    except (IntegrityError, AccountsError, GenerationsError):
        # The same key was sent meanwhile; that row stands, and may have taken the last room.
        same = _same(wanted)
        if same is None:
            raise
        return same
    wanted.refresh_from_db(from_queryset=GenerationRequest.objects.as_batches())
    return wanted


def _priced(wanted: GenerationRequest) -> int:
    """The most it can cost in microcredits, by terms that it keeps. Raises Unpriceable."""
    found = offers.offer(
        by=wanted.user,
        team=wanted.team,
        model=catalog.get_model(wanted.model),
        params=wanted.params,
        token=wanted.token,
    )
    wanted.price_version, wanted.markup = found.quote.version, found.quote.markup
    wanted.credits_per_usd = found.quote.credits_per_usd
    wanted.alternative = found.elsewhere.model.id if found.elsewhere else ""
    return found.amount


def _same(wanted: GenerationRequest) -> GenerationRequest | None:
    found = (
        GenerationRequest.objects.as_batches()
        .filter(team=wanted.team, user=wanted.user, idempotency_key=wanted.idempotency_key)
        .first()
    )
    if found and found.fingerprint != wanted.fingerprint:
        raise IdempotencyKeyReused
    return found


def _fingerprint(model: str, prompt: str, params: Mapping[str, Any], visibility: str) -> str:
    content = json.dumps([model, prompt, params, visibility], sort_keys=True)
    return hashlib.sha256(content.encode()).hexdigest()
