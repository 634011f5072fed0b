"""A team with somebody in each role, their browsers, and what they send."""

from dataclasses import dataclass
from datetime import datetime
from uuid import uuid4

from django.urls import reverse

from accounts.models import Role, Team, User
from config.ids import uuid7
from generations.models import DecisionAction, GenerationRequest, Image, Status
from generations.providers.errors import ErrorKind, Outcome, ProviderError
from generations.services import collecting, favourites, moderation, outcomes, states
from tests import factories
from tests.accounts import people

HTMX = {"HX-Request": "true"}
browser = people.browser


@dataclass(frozen=True)
class Studio:
    team: Team
    owner: User
    admin: User
    author: User
    colleague: User
    viewer: User
    outsider: User
    staff: User


def open_studio() -> Studio:
    team = factories.team(name="Northlight")
    return Studio(
        team=team,
        owner=factories.owner_of(team),
        admin=factories.member(team, Role.ADMIN),
        author=factories.member(team),
        colleague=factories.member(team),
        viewer=factories.member(team, Role.VIEWER),
        outsider=factories.owner_of(factories.team(name="Elsewhere")),
        staff=User.objects.create_superuser("root@example.com", "not the first owner"),
    )


def composed(drawn_for: Team, **changes: object) -> dict[str, object]:
    """What the composer sends for the first model with its defaults."""
    form = {
        "team": drawn_for.slug,
        "idempotency_key": str(uuid4()),
        "model": factories.MODEL,
        "prompt": "A lighthouse at dusk",
        "visibility": "team",
    }
    return form | changes


def hide(studio: Studio, image: Image, reason: str = "Gore") -> None:
    moderation.decide(by=studio.staff, image=image, action=DecisionAction.HIDE, reason=reason)


def restore(studio: Studio, image: Image) -> None:
    moderation.decide(
        by=studio.staff, image=image, action=DecisionAction.RESTORE, reason="It is a painting"
    )


def failed(request: GenerationRequest, kind: ErrorKind) -> GenerationRequest:
    """The request, after the provider refused it for good."""
    error = ProviderError("No.", outcome=Outcome.REJECTED, kind=kind)
    outcomes.record_error(factories.sent(request), error)
    return GenerationRequest.objects.get(pk=request.pk)


def unclear(request: GenerationRequest) -> GenerationRequest:
    """The request, after a call of which nobody knows whether it was made."""
    factories.sent(request)
    assert states.move(request.pk, leave=[Status.SENDING], to=Status.UNCONFIRMED, lease_until=None)
    return GenerationRequest.objects.get(pk=request.pk)


def fill(team: Team, author: User, count: int, *, on: datetime | None = None) -> list[Image]:
    """Copies of one stored image, oldest first."""
    first = factories.stored_image(of=team, by=author)
    copies = [Image.objects.get(pk=first.pk) for _ in range(count - 1)]
    for index, copy in enumerate(copies, start=1):
        copy.pk, copy.index = uuid7(), index
    Image.objects.bulk_create(copies)
    if on:
        Image.objects.filter(request=first.request).update(created_at=on)
    return list(Image.objects.filter(request=first.request).order_by("id"))


def places_of(studio: Studio, images: list[Image]) -> dict[str, str]:
    """Walls that hold all of these images, by what an image's address calls them."""
    ids = [image.pk for image in images]
    favourites.mark(by=studio.author, images=ids, on=True)
    collection = collecting.create(by=studio.author, team=studio.team, name="All")
    collecting.add(by=studio.author, collection=collection, images=ids)
    return {
        "mine": "/gallery/",
        "team": "/team/",
        "favourites": "/favourites/",
        str(collection.pk): reverse("collection", args=[collection.pk]),
    }
