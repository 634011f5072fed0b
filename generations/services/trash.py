"""Moving images to the trash and back, and deleting them for good.

What is deleted for good is first taken off everything in one transaction, which nobody can undo;
the row then still knows where its objects are, and goes when these are really gone. So a crash at
any point leaves an image that can be restored whole, or a row that the next round finishes.
"""

from collections.abc import Collection as Ids
from datetime import date, datetime, timedelta
from uuid import UUID

import structlog
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from accounts.models import User
from generations import enqueue, events, renditions, storage
from generations.errors import StorageUnavailable
from generations.models import (
    Attempt,
    Collection,
    CollectionItem,
    Download,
    Favourite,
    Image,
    ImageStatus,
    Report,
    ShareLink,
)
from generations.models.request import OPEN
from generations.services import images as stored_images

KEPT = timedelta(days=30)
ONE_DAY = timedelta(days=1)
AT_ONCE = 500
# What is left of a row that staff decided about: that it was made, by which call, when it went.
FORGOTTEN = {
    "folder": "",
    "digest": "",
    "content_type": "",
    "size": 0,
    "width": 0,
    "height": 0,
    "seed": None,
    "renditions_at": None,
}

log = structlog.get_logger(__name__)


def gone_on(trashed_at: datetime) -> date:
    """The day on which what was moved to the trash then is deleted: in the night after 30 days."""
    return timezone.localdate(trashed_at + KEPT + ONE_DAY)


def throw_away(*, by: User, images: Ids[UUID]) -> list[UUID]:
    """Move images to the trash: one's own, or as an admin the team's. Says which were moved."""
    found = Image.objects.trashable_by(by).filter(pk__in=images)
    return _change(found, Q(trashed_at__isnull=True), trashed_at=Now(), trashed_by=by)


def restore(*, by: User, images: Ids[UUID]) -> list[UUID]:
    """Put images back where they hung, for whoever might have moved them."""
    found = Image.objects.in_trash_of(by).filter(pk__in=images)
    return _change(found, Q(trashed_at__isnull=False), trashed_at=None, trashed_by=None)


def delete(*, by: User, images: Ids[UUID]) -> list[UUID]:
    """Delete what is in the trash for good; its objects go as soon as a worker is free."""
    found = Image.objects.in_trash_of(by).filter(pk__in=images).values_list("pk", flat=True)
    gone = _forget(Q(pk__in=list(found)))
    enqueue.after_commit(enqueue.purge)
    return gone


def purge() -> None:
    """Delete for good what has been in the trash for 30 days, and the objects of all that was."""
    while _forget(Q(trashed_at__lt=Now() - KEPT)):
        pass
    remove_objects()


def remove_objects() -> None:
    """Delete the objects of images that were deleted for good. What fails is tried again later.

    While their request is open their rows are needed, and its answer, to finish what came with
    them: without its row an image would be made anew.
    """
    left = Image.objects.filter(status=ImageStatus.PURGED).exclude(
        Q(folder="") | Q(request__status__in=OPEN)
    )
    for image in left.order_by("purged_at").iterator(chunk_size=AT_ONCE):
        try:
            _remove_objects(image)
        except StorageUnavailable as error:
            log.warning("objects_left", image=str(image.pk), why=str(error))


def _change(found: QuerySet[Image], still: Q, **changes: object) -> list[UUID]:
    """Of the images found, those that were still so when their turn came."""
    with transaction.atomic():
        ids = list(found.values_list("pk", flat=True))
        rows = Image.objects.select_for_update().filter(still, pk__in=ids, status="stored")
        changed = {image.pk: image.request_id for image in rows.order_by("pk")}
        Image.objects.filter(pk__in=changed).update(**changes)
        for request_id in set(changed.values()):
            events.changed(request_id)
    return list(changed)


def _forget(which: Q) -> list[UUID]:
    """Take images off everything that shows them. One that was reported waits for the decision."""
    waiting = Report.objects.filter(image=OuterRef("pk"), decision__isnull=True)
    doomed = Image.objects.filter(
        which, ~Exists(waiting), status=ImageStatus.STORED, trashed_at__isnull=False
    )
    with transaction.atomic():
        rows = doomed.select_for_update(of=["self"]).order_by("pk")[:AT_ONCE]
        gone = [image.pk for image in rows]
        Favourite.objects.filter(image__in=gone).delete()
        CollectionItem.objects.filter(image__in=gone).delete()
        ShareLink.objects.filter(image__in=gone).delete()
        Download.objects.filter(image__in=gone).delete()
        Collection.objects.filter(cover__in=gone).update(cover=None)
        Image.objects.filter(pk__in=gone).update(
            status=ImageStatus.PURGED, stored_at=None, purged_at=Now(), placeholder=""
        )
    return gone


def _remove_objects(image: Image) -> None:
    """Also renditions that were never finished; the original last, for it counts most."""
    for width in renditions.WIDTHS:
        storage.delete(stored_images.rendition_key(image, str(width)))
    storage.delete(stored_images.original_key(image))
    with transaction.atomic():
        # Some providers send the picture inside their answer.
        Attempt.objects.filter(pk=image.attempt_id).update(raw_body="")
        if image.reports.exists() or image.decisions.exists():
            Image.objects.filter(pk=image.pk).update(**FORGOTTEN)
        else:
            image.delete()
