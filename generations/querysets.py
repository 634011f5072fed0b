from typing import TYPE_CHECKING, Self
from uuid import UUID

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils import timezone

from accounts.permissions import Permission, roles_with

if TYPE_CHECKING:
    from accounts.models import Team, User
    from generations.models import (  # noqa: F401  # in quoted type arguments, which ruff does not see
        Collection,
        Comparison,
        Finding,
        GenerationRequest,
        Image,
        Markup,
        PriceVersion,
        ShareLink,
    )


class RequestQuerySet(models.QuerySet["GenerationRequest"]):
    def visible_to(self, user: "User") -> Self:
        """A person's own requests, in teams they still belong to."""
        return self.filter(user=user, team__memberships__user=user)

    def as_batches(self) -> Self:
        """With what batches show of each but its pictures, which `batches.present` reads."""
        return self.select_related("hold", "team", "approval__by")


class ImageQuerySet(models.QuerySet["Image"]):
    def stored(self) -> Self:
        """Images that can be opened: stored, not hidden, not in the trash."""
        return self._whole().filter(trashed_at__isnull=True)

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

    def as_tiles(self) -> Self:
        """With what a tile shows alone: to read nine dates of each takes longer than to find it."""
        return self.select_related("request", "author").only(
            "width",
            "height",
            "placeholder",
            "created_at",
            "hidden_at",
            "trashed_at",
            "request__prompt",
            "author__name",
            "author__email",
        )

    def in_trash_of(self, user: "User", team: "Team | None" = None) -> Self:
        """What a person may restore: their own, and as an admin what the team saw."""
        thrown = self._whole().filter(trashed_at__isnull=False)
        return (thrown.filter(team=team) if team else thrown).answered_for_by(user)

    def hidden_from(self, user: "User", team: "Team") -> Self:
        """What staff hid of these, newest first; nobody opens it."""
        hidden = self.filter(team=team, status="stored", hidden_at__isnull=False)
        return hidden.answered_for_by(user).order_by("-id")

    def answered_for_by(self, user: "User") -> Self:
        """A person's own, and as an admin what the team sees or saw."""
        return self.filter(
            Q(author=user)
            | Q(
                visibility="team", team__memberships__role__in=roles_with(Permission.MANAGE_IMAGES)
            ),
            team__memberships__user=user,
        )

    def trashable_by(self, user: "User") -> Self:
        """What a person may move to the trash: what they would find there."""
        mine = Q(author=user)
        managed = Q(team__memberships__role__in=roles_with(Permission.MANAGE_IMAGES))
        return self.visible_to(user).filter(mine | managed, team__memberships__user=user)

    def favourites_of(self, user: "User") -> Self:
        return self.filter(favourites__user=user)

    def of_collection(self, collection: "Collection") -> Self:
        """With `position`, each image's place there."""
        return self.filter(collection_items__collection=collection).annotate(
            position=F("collection_items__position")
        )

    def older_than(self, image_id: UUID | None) -> Self:
        return self.filter(id__lt=image_id) if image_id else self

    def _whole(self) -> Self:
        return self.filter(status="stored", hidden_at__isnull=True)


class CollectionQuerySet(models.QuerySet["Collection"]):
    def visible_to(self, user: "User") -> Self:
        """Their teams' collections, without others' private ones."""
        return self.filter(
            Q(visibility="team") | Q(owner=user), team__memberships__user=user
        ).select_related("team", "owner")

    def editable_by(self, user: "User") -> Self:
        """Those whose images a person may add to, take out and put in order."""
        # Their own role: a second filter on memberships alone would ask for anybody's.
        return self.visible_to(user).filter(
            team__memberships__user=user,
            team__memberships__role__in=roles_with(Permission.ORGANISE),
        )


class ComparisonQuerySet(models.QuerySet["Comparison"]):
    def visible_to(self, user: "User") -> Self:
        """What a person may see: their teams' comparisons, without others' private ones."""
        return self.filter(
            Q(visibility="team") | Q(user=user), team__memberships__user=user
        ).select_related("team", "user")

    def older_than(self, comparison_id: UUID | None) -> Self:
        return self.filter(id__lt=comparison_id) if comparison_id else self


class ShareLinkQuerySet(models.QuerySet["ShareLink"]):
    def in_force(self) -> Self:
        """Neither taken back nor run out; whether views are left is settled by counting one."""
        return self.filter(revoked_at=None, expires_at__gt=timezone.now())

    def seen_by(self, user: "User", team: "Team", *, everyones: bool) -> Self:
        """One's own links of a team, or everybody's there; with `is_private`, whether what one
        shows is somebody else's alone."""
        private = Q(image__visibility="private") & ~Q(image__author=user)
        private |= Q(collection__visibility="private") & ~Q(collection__owner=user)
        found = self.filter(team=team).annotate(is_private=private)
        found = found.select_related("made_by", "image__request", "collection")
        return found if everyones else found.filter(made_by=user)

    def older_than(self, link_id: UUID | None) -> Self:
        return self.filter(id__lt=link_id) if link_id else self

    def openable(self) -> Self:
        """In force, with views left."""
        return self.in_force().filter(Q(max_views=None) | Q(views__lt=F("max_views")))

    def count_view(self) -> bool:
        """Use one of the views that are left; of many at once only so many succeed."""
        return self.openable().update(views=F("views") + 1) == 1

    def revoke(self) -> int:
        return self.filter(revoked_at=None).update(revoked_at=timezone.now())


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
