"""How people keep order among images: favourites of one's own, and collections of a team."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from config.ids import uuid7
from generations.models.request import Visibility
from generations.querysets import CollectionQuerySet

NAME_LENGTH = 80


class Favourite(models.Model):
    """A person's own mark on an image; nobody else sees it."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="favourites"
    )
    image = models.ForeignKey(
        "generations.Image", on_delete=models.CASCADE, related_name="favourites"
    )
    at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "image"], name="favourite_once_per_person")
        ]

    def __str__(self) -> str:
        return f"Favourite of {self.user}"


class Collection(models.Model):
    """Images of a team in an order that people chose. A private one is its owner's alone."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    team = models.ForeignKey("accounts.Team", on_delete=models.CASCADE, related_name="collections")
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="collections"
    )
    name = models.CharField(max_length=NAME_LENGTH)
    visibility = models.CharField(max_length=8, choices=Visibility, default=Visibility.TEAM)
    # Without one, the first image is shown.
    cover = models.ForeignKey(
        "generations.Image", on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField(db_default=Now())

    objects = CollectionQuerySet.as_manager()

    class Meta:
        ordering = ["name", "id"]
        indexes = [models.Index(fields=["team", "name", "id"], name="collection_of_team")]
        constraints = [
            models.CheckConstraint(condition=~models.Q(name=""), name="collection_has_a_name")
        ]

    def __str__(self) -> str:
        return self.name


class CollectionItem(models.Model):
    """An image's place in a collection. Positions leave room between them for what is moved."""

    collection = models.ForeignKey(Collection, on_delete=models.CASCADE, related_name="items")
    image = models.ForeignKey(
        "generations.Image", on_delete=models.CASCADE, related_name="collection_items"
    )
    position = models.BigIntegerField()
    added_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    added_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["collection", "image"], name="item_once_a_collection"),
            models.UniqueConstraint(
                fields=["collection", "position"],
                name="item_one_a_place",
                deferrable=models.Deferrable.DEFERRED,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.position} of {self.collection}"
