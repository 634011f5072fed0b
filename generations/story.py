"""What happened to a request, step by step, from the rows that each step left behind."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from accounts.models import HoldState
from accounts.money import format_credits
from generations import moves, redacted
from generations.catalog_types import provider_name
from generations.models import (
    BILLED,
    Attempt,
    AttemptState,
    GenerationRequest,
    Image,
    ImageStatus,
    Status,
    WebhookInbox,
)
from generations.pricing import format_usd
from generations.receipts import Receipt, model_name

Facts = Sequence[tuple[str, object]]


@dataclass(frozen=True, slots=True)
class Step:
    """`kind` is sent, told, good, bad, money or nothing; `text` is JSON or a provider's own words.

    Of what nobody knows the time of, it stands where it must have been.
    """

    at: datetime
    what: str
    facts: Facts = ()
    text: str = field(default="", repr=False)
    text_title: str = ""
    kind: str = ""
    is_timed: bool = True
    took: str = ""  # since the step before


def tell(request: GenerationRequest, *, opened: bool = False) -> list[Step]:
    """Every step, oldest first. Prompt and pictures stay out of it unless it was `opened`."""
    steps = [_asked(request), *_approved(request), *_moved(request)]
    for attempt in request.attempts.all():
        attempt.request = request  # with its prompt, which is to be hidden
        steps += [_sent(attempt, opened=opened), *map(_told, attempt.webhooks.all())]
        steps += [*_answered(attempt, opened=opened), *_billed(attempt)]
    steps += [*map(_stored, Receipt(request).images), *_booked(request), *_ended(request)]
    return _timed(sorted(steps, key=lambda step: step.at))


def _asked(request: GenerationRequest) -> Step:
    facts = [
        ("By", request.user.email),
        ("Team", request.team.name),
        ("From", request.token.name if request.token else request.get_source_display()),
        ("For", f"{request.num_images} × {model_name(request.moved_from or request.model)}"),
        ("Held", f"{format_credits(request.hold.amount)} credits"),
    ]
    return Step(request.created_at, "Asked for", facts)


def _approved(request: GenerationRequest) -> Iterator[Step]:
    approval = getattr(request, "approval", None)
    if approval:
        facts = [("By", approval.by.email)]
        yield Step(approval.at, approval.get_verdict_display(), facts)


def _moved(request: GenerationRequest) -> Iterator[Step]:
    """It was handed over before its first call there; nobody wrote down when."""
    if not request.moved_from:
        return
    there = [one.sent_at for one in request.attempts.all() if one.provider == request.provider]
    facts = [("Made by", moves.instead(request)), ("Model", model_name(request.model))]
    if request.would_have_cost is not None:
        most = format_credits(request.would_have_cost)
        facts.append(("Where it was asked for", f"at most {most} credits"))
    yield Step(min(there, default=request.due_at), "Handed over", facts, is_timed=not there)


def _sent(attempt: Attempt, *, opened: bool) -> Step:
    facts = [
        ("To", provider_name(attempt.provider)),
        ("Our id of it", attempt.client_request_id),
        ("Fence", attempt.fence),
        *_while_under_way(attempt),
    ]
    return Step(
        attempt.sent_at,
        f"Claimed and sent, call {attempt.number}",
        facts,
        # What another provider was sent, its request holds no longer.
        text=""
        if attempt.is_of_another_provider
        else redacted.parameters(attempt.request, opened=opened),
        text_title="What was sent beside the prompt",
        kind="sent",
    )


def _while_under_way(attempt: Attempt) -> Facts:
    """What is known of the last call for as long as it is not over."""
    request = attempt.request
    if attempt.fence != request.fence or not request.is_open:
        return []
    facts: list[tuple[str, object]] = []
    if request.status in {Status.SENDING, Status.ANSWERED} and request.lease_owner:
        facts.append(("Worker", request.lease_owner))
    if request.status in {Status.SUBMITTED, Status.UNCONFIRMED}:
        times = "once" if request.tries == 1 else f"{request.tries} times"
        facts.append(("Asked about", times))
    if attempt.state == AttemptState.SUBMITTED:
        facts.append(("Taken by the provider", f"HTTP {attempt.http_status}"))
        facts.append(("Provider's id", attempt.inference_id))
    if request.queue_position is not None:
        facts.append(("In the provider's queue", f"{request.queue_position} before it"))
    if request.queue_note:
        facts.append(("The model's last word", request.queue_note))
    return facts


def _told(webhook: WebhookInbox) -> Step:
    facts: list[tuple[str, object]] = [("Provider's id", webhook.event_id)]
    if webhook.processed_at:
        facts.append(("Read after", _seconds(webhook.processed_at, webhook.received_at)))
    else:
        facts.append(("Read", f"not yet, tried {webhook.tries} times"))
    return Step(webhook.received_at, "Webhook came", facts, kind="told")


def _answered(attempt: Attempt, *, opened: bool) -> Iterator[Step]:
    over = attempt.state not in {AttemptState.SENT, AttemptState.SUBMITTED}
    if not over:
        return
    good = attempt.state == AttemptState.ANSWERED
    facts: list[tuple[str, object]] = [
        ("HTTP status", attempt.http_status or "none"),
        ("Took", "" if attempt.seconds is None else f"{attempt.seconds:.1f} s"),
        ("Error", attempt.error_kind),
        ("In words", attempt.error_message),
        ("Provider's id", attempt.inference_id),
        *redacted.headers(attempt).items(),
    ]
    yield Step(
        attempt.answered_at or attempt.sent_at,
        "Answered" if good else attempt.get_state_display(),
        [(name, value) for name, value in facts if value != ""],
        text=redacted.body(attempt, opened=opened) if attempt.raw_body else "",
        text_title="What came back",
        kind="good" if good else "bad",
        is_timed=attempt.answered_at is not None,
    )


def _billed(attempt: Attempt) -> Iterator[Step]:
    for charge in attempt.charges.all():
        if charge.seen_via in BILLED:
            words = f"{format_usd(charge.nano_usd)} {charge.get_seen_via_display().lower()}"
            facts = [("Call", attempt.number), ("Cost", words)]
            yield Step(charge.recorded_at, "Found in the bill", facts, kind="money")


def _stored(image: Image) -> Step:
    stored = image.status == ImageStatus.STORED
    facts = [("Size", f"{image.width} × {image.height}, {image.size:,} bytes")] if stored else []
    return Step(
        image.stored_at or image.created_at,
        f"Image {image.index + 1}: {image.get_status_display().lower()}",
        facts,
        kind="good" if stored else "" if image.status == ImageStatus.PENDING else "bad",
        is_timed=stored,
    )


def _booked(request: GenerationRequest) -> Iterator[Step]:
    for posting in Receipt(request).postings:
        facts = [
            ("Credits", format_credits(posting.entry.amount)),
            ("Whose", "the house" if posting.by_house else request.team.name),
            *([("Why", posting.entry.reason)] if posting.entry.reason else []),
        ]
        at = posting.entry.created_at
        yield Step(at, f"Booked: {posting.label.lower()}", facts, kind="money")
    if request.hold.state == HoldState.RELEASED and request.hold.resolved_at:
        facts = [("Credits", format_credits(request.hold.amount))]
        yield Step(request.hold.resolved_at, "Hold released", facts, kind="money")


def _ended(request: GenerationRequest) -> Iterator[Step]:
    if request.finished_at is None:
        return
    good = request.status == Status.SUCCEEDED
    facts = [("Reason", request.error_code), ("In words", request.error_detail)]
    yield Step(
        request.finished_at,
        request.get_status_display(),
        [(name, value) for name, value in facts if value],
        kind="good" if good else "bad",
    )


def _timed(steps: Sequence[Step]) -> list[Step]:
    """With what passed between each and the last one before it of which the time is known."""
    found, before = [], None
    for step in steps:
        took = _seconds(step.at, before) if before and step.is_timed else ""
        found.append(replace(step, took=took))
        before = step.at if step.is_timed else before
    return found


def _seconds(until: datetime, since: datetime) -> str:
    seconds = (until - since).total_seconds()
    if seconds < 60:  # noqa: PLR2004  # a minute
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"
