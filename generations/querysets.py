from typing import TYPE_CHECKING, Self
from uuid import UUID

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

if TYPE_CHECKING:
    # ruff does not see the quoted type arguments below.
    from accounts.models import Team, User
    from generations.models import (  # noqa: F401
        Finding,
        GenerationRequest,
        Image,
        Markup,
        PriceVersion,
    )


class RequestQuerySet(models.QuerySet["GenerationRequest"]):
    def visible_to(self, user: "User") -> Self:
        """A person's own requests, in teams they still belong to."""
        return self.filter(user=user, team__memberships__user=user)

    def with_tiles(self) -> Self:
        """With all that a batch on a page shows, in a fixed number of queries."""
        return self.select_related("hold", "team", "approval__by").prefetch_related(
            "images__decisions"
        )


class ImageQuerySet(models.QuerySet["Image"]):
    def stored(self) -> Self:
        """Images that can be opened: stored and not hidden."""
        return self.filter(status="stored", hidden_at__isnull=True)

    def visible_to(self, user: "User") -> Self:
        """What a person may see: their teams' images, without others' private ones."""
        return self.stored().filter(
            Q(visibility="team") | Q(author=user), team__memberships__user=user
        )

    def on_wall(self, *, team: "Team", user: "User", author: "User | None" = None) -> Self:
        """A team's images, newest first; with `author`, that person's alone."""
        mine = self.stored().filter(team=team)
        shown = mine.filter(author=author) if author else mine
        allowed = shown.filter(Q(visibility="team") | Q(author=user))
        return allowed.select_related("request", "author").order_by("-id")

    def older_than(self, image_id: UUID | None) -> Self:
        return self.filter(id__lt=image_id) if image_id else self


class FindingQuerySet(models.QuerySet["Finding"]):
    def open(self) -> Self:
        """Cases that wait for a person."""
        return self.filter(action="case", resolved_at__isnull=True)

    def settled(self) -> Self:
        """What nobody needs to look at any more: booked at once, or resolved."""
        return self.exclude(action="case", resolved_at__isnull=True)


class PriceVersionQuerySet(models.QuerySet["PriceVersion"]):
    def in_force(self) -> Self:
        """The version of each model that counts now."""
        begun = self.filter(effective_from__lte=Now())
        return begun.order_by("provider", "model", "-effective_from").distinct("provider", "model")


class MarkupQuerySet(models.QuerySet["Markup"]):
    def newest(self) -> Self:
        """The last word on each team and model; it may be that there is none any more."""
        return self.order_by("team", "model", "-pk").distinct("team", "model")

    def reaching(self, team: "Team | None") -> Self:
        """Of this team, if one is given, or of everyone."""
        everyone = Q(team__isnull=True)
        return self.filter(Q(team=team) | everyone if team else everyone)
