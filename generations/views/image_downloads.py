"""Images as files to take away: one, or a zip of many."""

from collections.abc import AsyncIterator, Iterator
from typing import TypeVar
from uuid import UUID

from asgiref.sync import sync_to_async
from django.http import Http404, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from accounts.access import SignedInRequest, signed_in_or_404
from generations.download_form import DownloadForm
from generations.errors import StorageUnavailable, UnusableImage
from generations.models import Image
from generations.services import downloads
from generations.services.downloads import File
from generations.views.selected import chosen

R = TypeVar("R", bound=HttpResponseBase)


@require_GET
@signed_in_or_404
def download(request: SignedInRequest, image_id: UUID) -> HttpResponse:
    """One image in the format that was chosen."""
    shown = Image.objects.visible_to(request.user).select_related("request")
    image = get_object_or_404(shown, pk=image_id)
    form = DownloadForm(request.GET)
    if not form.is_valid():
        raise Http404
    file = made(image, **form.cleaned_data)
    try:
        downloads.record(file, image=image, by=request.user)
    except FileNotFoundError as error:
        raise Http404 from error
    return attached(file)


@require_POST
@signed_in_or_404
def images_zip(request: SignedInRequest) -> HttpResponseBase:
    """The chosen images as one zip. Those that one may not see are as if they were not there."""
    wanted = chosen(request)
    form = DownloadForm(request.POST)
    shown = Image.objects.visible_to(request.user).select_related("request")
    found = list(shown.filter(pk__in=wanted).order_by("-id"))
    if not (form.is_valid() and found):
        raise Http404
    pieces = downloads.zipped(found, by=request.user, **form.cleaned_data)
    response = StreamingHttpResponse(_Pieces(pieces), content_type="application/zip")
    return _taken_away(response, f"darkroom-{timezone.now():%Y-%m-%d-%H%M}.zip")


def made(image: Image, *, kind: downloads.Kind, strip: bool) -> File:
    """The file, or 404 where there is none to be had."""
    try:
        return downloads.make(image, kind=kind, strip=strip)
    except (FileNotFoundError, StorageUnavailable, UnusableImage) as error:
        raise Http404 from error


def attached(file: File) -> HttpResponse:
    response = HttpResponse(file.data, content_type=file.content_type)
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return _taken_away(response, file.name)


def _taken_away(response: R, name: str) -> R:
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["Cache-Control"] = "private, no-store"
    return response


class _Pieces:
    """What a thread makes piece by piece, for the server's loop to send on."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces

    async def __aiter__(self) -> AsyncIterator[bytes]:
        # In the thread of the request, whose database connection it uses.
        while (piece := await sync_to_async(self._next)()) is not None:
            yield piece

    def _next(self) -> bytes | None:
        return next(self._pieces, None)
