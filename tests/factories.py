"""Rows to test with, made by the services that a running Darkroom makes them with."""

import base64
import io
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import count
from uuid import UUID

from PIL import Image as Picture

from accounts.models import (
    Budget,
    ChangeKind,
    CreditChange,
    Hold,
    Membership,
    Period,
    Role,
    Team,
    User,
)
from accounts.services import changes, ledger, teams, users
from config.ids import uuid7
from generations.models import Attempt, GenerationRequest, Image, Visibility
from generations.providers.base import RawAnswer
from generations.services import claiming, limits, outcomes, requests, storing

CREDIT = 1_000_000
MODEL = "flux/dev"
# What one image of MODEL costs with its defaults.
PRICE = 3_300_000  # microcredits
PRICE_USD = "0.033"

_numbers = count(1)


def user(email: str = "") -> User:
    return users.create(email=email or f"person{next(_numbers)}@example.com")


def team(*, owner: User | None = None, amount: int = 1000 * CREDIT, name: str = "Studio") -> Team:
    """A team with somebody who owns it and, unless `amount` is 0, some credits."""
    made = teams.create_team(by=owner or user(), name=name)
    if amount:
        grant(made, amount)
    return made


def grant(to: Team, amount: int) -> None:
    ledger.grant(team=to, amount=amount, reason="To test", reference=f"test-{next(_numbers)}")


def owner_of(of: Team) -> User:
    return User.objects.get(memberships__team=of, memberships__role=Role.OWNER)


def member(of: Team, role: Role = Role.MEMBER) -> User:
    someone = user()
    Membership.objects.create(team=of, user=someone, role=role)
    return someone


def staff(**rights: bool) -> User:
    """Somebody of staff who may do everything, unless `rights` say otherwise."""
    someone = user()
    changes = {"is_staff": True, "is_superuser": True} | rights
    User.objects.filter(pk=someone.pk).update(**changes)
    return User.objects.get(pk=someone.pk)


def change(
    of: Team,
    by: User,
    amount: int,
    *,
    kind: ChangeKind = ChangeKind.ADJUST,
    reason: str = "Miscounted",
    key: UUID | None = None,
    hold: Hold | None = None,
    expires_at: datetime | None = None,
) -> CreditChange:
    """What somebody of staff does to a team's credits by hand."""
    draft = changes.Draft(
        key=key or uuid7(),
        team=of,
        kind=kind,
        amount=amount,
        reason=reason,
        hold=hold,
        expires_at=expires_at,
    )
    return changes.make(by=by, draft=draft)


def waiting_change(
    of: Team, *, by: User | None = None, amount: int = 5000 * CREDIT
) -> CreditChange:
    """A correction so large that a second member of staff has to agree."""
    return change(of, by or staff(), amount)


def limit(of: Team, to: User | None = None, amount: int = 10 * CREDIT, model: str = "") -> Budget:
    """What the team, or one of its members, may spend in a month."""
    return limits.set_limit(
        by=owner_of(of), team=of, member=to, model=model, period=Period.MONTH, amount=amount
    )


def request(
    *,
    of: Team | None = None,
    by: User | None = None,
    model: str = MODEL,
    prompt: str = "A lighthouse at dusk",
    params: Mapping[str, object] | None = None,
    key: UUID | None = None,
    visibility: Visibility = Visibility.TEAM,
) -> GenerationRequest:
    """A queued request, asked for as a person does."""
    chosen = of or team()
    return requests.submit(
        by=by or owner_of(chosen),
        team=chosen,
        model_id=model,
        prompt=prompt,
        params=params or {},
        idempotency_key=key,
        visibility=visibility,
    )


def waiting(
    *,
    of: Team | None = None,
    by: User | None = None,
    prompt: str = "A lighthouse at dusk",
    params: Mapping[str, object] | None = None,
    model: str = MODEL,
    visibility: Visibility = Visibility.TEAM,
) -> GenerationRequest:
    """A member's request that waits for approval, as every one above no credits does."""
    chosen = of or team()
    teams.set_approval(by=owner_of(chosen), team=chosen, above=0)
    return request(
        of=chosen,
        by=by or member(chosen),
        model=model,
        prompt=prompt,
        params=params,
        visibility=visibility,
    )


def sent(one: GenerationRequest | None = None) -> Attempt:
    """The attempt of a request that is being sent; it must be the next one to run."""
    wanted = one or request()
    attempt = claiming.claim()
    assert attempt is not None
    assert attempt.request_id == wanted.pk, "another request was queued before this one"
    return attempt


def answered(one: GenerationRequest | None = None, *, raw: RawAnswer | None = None) -> Attempt:
    """The attempt of a request whose answer is kept and not stored yet."""
    attempt = sent(one)
    assert outcomes.record_answer(attempt, raw or answer())
    return attempt


def succeeded(
    one: GenerationRequest | None = None,
    *,
    pictures: Sequence[bytes] = (),
    seed: int | None = 7,
) -> GenerationRequest:
    """A request that went through the whole engine, with the answer handed in by us."""
    attempt = answered(one, raw=answer(*(pictures or [picture()]), seed=seed))
    storing.finish(attempt.request_id)
    return GenerationRequest.objects.get(pk=attempt.request_id)


def stored_image(
    *,
    of: Team | None = None,
    by: User | None = None,
    prompt: str = "A lighthouse at dusk",
    visibility: Visibility = Visibility.TEAM,
    data: bytes = b"",
) -> Image:
    """An image in a gallery, without renditions yet."""
    asked = request(of=of, by=by, prompt=prompt, visibility=visibility)
    return succeeded(asked, pictures=[data or picture()]).images.get()


def answer(*pictures: bytes, usd: str | None = PRICE_USD, seed: int | None = 7) -> RawAnswer:
    """A provider's whole answer with these pictures inside it."""
    inside = [
        {"url": f"data:image/png;base64,{base64.b64encode(one).decode()}"}
        for one in pictures or [picture()]
    ]
    headers = {"x-inference-id": "inference-1", "content-type": "application/json"}
    if usd is not None:
        headers["x-aimlapi-usd-spent"] = usd
    return RawAnswer(200, headers, json.dumps({"images": inside, "seed": seed}), 0.5)


def data_uri(size: tuple[int, int] = (64, 48)) -> str:
    """A small picture as a reference is handed in."""
    return f"data:image/png;base64,{base64.b64encode(picture(size)).decode()}"


def picture(
    size: tuple[int, int] = (64, 48), *, kind: str = "PNG", shade: str = "steelblue"
) -> bytes:
    """The bytes of a small picture."""
    out = io.BytesIO()
    Picture.new("RGB", size, shade).save(out, kind)
    return out.getvalue()
