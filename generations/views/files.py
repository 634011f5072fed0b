"""The bytes of an image, once somebody is known to be allowed to have them."""

from django.conf import settings
from django.http import Http404, HttpResponse, HttpResponseRedirect

from generations import storage
from generations.errors import StorageUnavailable

KEPT_SECONDS = storage.LINK_SECONDS - 60


def given(key: str, content_type: str) -> HttpResponse:
    """The bytes under a key, or where whoever serves them finds them."""
    link = storage.link(key, content_type)
    if link:
        return HttpResponseRedirect(link)
    if settings.ACCEL_REDIRECT_PREFIX:
        headers = {"X-Accel-Redirect": f"{settings.ACCEL_REDIRECT_PREFIX}/{key}"}
        return HttpResponse(content_type=content_type, headers=headers)
    return HttpResponse(_read(key), content_type=content_type)


def _read(key: str) -> bytes:
    try:
        return storage.get(key)
    except (FileNotFoundError, StorageUnavailable) as error:
        raise Http404 from error


def private(response: HttpResponse, *, fresh: bool) -> HttpResponse:
    """Headers that keep an image with the person it was given to."""
    # Kept for minutes, so that a browser soon asks again whether it may still show the image. Until
    # the renditions are made, their addresses give the original: not to be kept at all.
    response["Cache-Control"] = f"private, max-age={KEPT_SECONDS}" if fresh else "no-store"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response
