"""What people outside see through a link: no session, no cookie, nothing that stays anywhere.

Every answer asks again whether the link still shows the image. Files and reports need the pass that
came with a view, so that they do not get round the password or the number of views.
"""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from generations import catalog, renditions
from generations.errors import (
    ShareRefused,
    StorageUnavailable,
    TooManyTries,
    UnusableImage,
    UsedUp,
)
from generations.models import Image, ReportReason, ShareLink
from generations.querysets import ImageQuerySet
from generations.report_form import ReportForm
from generations.services import downloads, moderation, sharing
from generations.services.downloads import File
from generations.services.ordered_walls import CHOSEN
from generations.share_form import PasswordForm
from generations.views.image_downloads import attached

PAGE = 120
SIZES = {str(width) for width in renditions.WIDTHS}
DOWNLOAD = "download"


@dataclass(frozen=True, slots=True)
class Visit:
    """Somebody who was let in by a link: what they have of it, and its pass."""

    link: ShareLink
    token: str
    admission: str
    origin: str

    @property
    def seen(self) -> ImageQuerySet:
        return sharing.images_of(self.link).select_related("request", "author")

    def find(self, image_id: UUID) -> Image | None:
        return self.seen.filter(pk=image_id).first()


@csrf_exempt  # There is no cookie to be misused: who posts here has the link.
@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_post_parameters("password")
def share(request: HttpRequest, token: str) -> HttpResponse:
    """What the link shows, which is one view of it; before that its door, if it has one."""
    link = sharing.find(token)
    if link is None or link.is_used_up:
        return _gone()
    if request.method == "HEAD" or (link.asks_first and request.method == "GET"):
        return _door(link)
    try:
        admission = sharing.enter(link, password=request.POST.get("password", ""))
    except ShareRefused as error:
        return _refused(link, error)
    return _opened(Visit(link, token, admission, _origin(request)))


@require_GET
def more(request: HttpRequest, token: str) -> HttpResponse:
    """A collection's images after those that were shown, or from its first; no view is counted."""
    visit = _visit(request, token)
    if visit is None:
        return _not_let_in(request, token)
    return _wall(visit, after=request.GET.get("after", ""))


@require_GET
def image(request: HttpRequest, token: str, image_id: UUID) -> HttpResponse:
    """One of the images of a link to many."""
    visit = _visit(request, token)
    if visit is None:
        return _not_let_in(request, token)
    found = visit.find(image_id)
    return _image(visit, found) if found else _gone()


@require_GET
def file(request: HttpRequest, token: str, image_id: UUID, name: str) -> HttpResponse:
    """The bytes of an image, for its page or to take away."""
    visit = _visit(request, token)
    if visit is None:
        return _not_let_in(request, token)
    found = visit.find(image_id)
    if found is None or name not in {*SIZES, DOWNLOAD}:
        return _gone()
    try:
        return _given(visit.link, found, name)
    except (FileNotFoundError, StorageUnavailable, UnusableImage):
        return _gone()


@csrf_exempt  # As above.
@require_POST
def report(request: HttpRequest, token: str, image_id: UUID) -> HttpResponse:
    visit = _visit(request, token)
    if visit is None:
        return _not_let_in(request, token)
    found = visit.find(image_id)
    if found is None:
        return _gone()
    form = ReportForm(request.POST)
    if not form.is_valid():
        return _image(visit, found, report_form=form, status=422)
    reason = ReportReason(form.cleaned_data["reason"])
    words = form.cleaned_data["words"]
    moderation.report_through(visit.link, image=found, reason=reason, words=words)
    others = visit.link.collection is not None and visit.seen.exists()
    return _answer("generations/share_reported.html", {"visit": visit, "others": others})


def _visit(request: HttpRequest, token: str) -> Visit | None:
    link, given = sharing.find(token), _pass(request)
    if link is None or not sharing.admits(link, given):
        return None
    return Visit(link, token, given, _origin(request))


def _origin(request: HttpRequest) -> str:
    return f"{request.scheme}://{request.get_host()}"


def _not_let_in(request: HttpRequest, token: str) -> HttpResponse:
    """As what is gone; but whose pass ran out, and nothing else, is told what to do."""
    link = sharing.find(token)
    if link and not link.is_used_up and sharing.has_run_out(link, _pass(request)):
        return _answer("generations/share_again.html", {"link": link, "token": token}, status=404)
    return _gone()


def _pass(request: HttpRequest) -> str:
    return request.POST.get("pass") or request.GET.get("pass", "")


def _opened(visit: Visit) -> HttpResponse:
    if visit.link.collection:
        return _wall(visit)
    found = visit.seen.first()
    return _image(visit, found) if found else _gone()


def _wall(visit: Visit, *, after: str = "") -> HttpResponse:
    if visit.link.collection is None:
        return _gone()
    rest = CHOSEN.beyond(visit.seen, after)
    images, left, total = list(rest[:PAGE]), rest.count(), visit.seen.count()
    page = {
        "visit": visit,
        "collection": visit.link.collection,
        "images": images,
        "before": total - left,
        "shown": total - left + len(images),
        "total": total,
        "next": CHOSEN.cursor(images[-1]) if left > len(images) else "",
    }
    return _answer("generations/share_collection.html", page)


def _image(
    visit: Visit, image: Image, *, report_form: ReportForm | None = None, status: int = 200
) -> HttpResponse:
    page = {
        "visit": visit,
        "image": image,
        "model_name": catalog.name_of(image.request.model),
        "report_form": report_form or ReportForm(),
    }
    return _answer("generations/share.html", page, status=status)


def _given(link: ShareLink, image: Image, name: str) -> HttpResponse:
    if name == DOWNLOAD:
        taken = downloads.make(image, strip=not link.keeps_metadata)
        downloads.record(taken, image=image, link=link)
        return _kept_nowhere(attached(taken))
    return _kept_nowhere(_inline(downloads.shown(image, name)))


def _inline(file: File) -> HttpResponse:
    response = HttpResponse(file.data, content_type=file.content_type)
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response


def _refused(link: ShareLink, error: ShareRefused) -> HttpResponse:
    if isinstance(error, UsedUp):
        return _gone()
    form = PasswordForm({"password": ""})
    form.errors["password"] = form.error_class([str(error)])
    return _door(link, form, status=429 if isinstance(error, TooManyTries) else 422)


def _door(link: ShareLink, form: PasswordForm | None = None, *, status: int = 200) -> HttpResponse:
    """What stands before an opening: a button, and the password if there is one."""
    asked = form or (PasswordForm() if link.has_password else None)
    return _answer("generations/share_door.html", {"link": link, "form": asked}, status=status)


def _gone() -> HttpResponse:
    """The same whatever the reason, and for links that never were."""
    return _answer("generations/share_gone.html", {}, status=404)


def _answer(template: str, page: dict[str, Any], *, status: int = 200) -> HttpResponse:
    # Drawn without the request: nothing of a session can come in, and no cookie go out.
    return _kept_nowhere(HttpResponse(render_to_string(template, page), status=status))


def _kept_nowhere(response: HttpResponse) -> HttpResponse:
    response["Cache-Control"] = "no-store"
    response["X-Robots-Tag"] = "noindex, nofollow"
    return response
