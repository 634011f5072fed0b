import base64
from uuid import UUID

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timesince import timesince

from config.read_only import ReadOnly
from generations import storage
from generations.admin.deciding import Deciding
from generations.admin.searching import FindsById
from generations.errors import StorageUnavailable
from generations.models import Image, ImageStatus
from generations.services import images

SHOWN = "1280"


class LookForm(forms.Form):
    why = forms.CharField(label="Why do you look at it?", max_length=200)


@admin.register(Image)
class ImageAdmin(ReadOnly, FindsById, Deciding):
    """Staff need not be in an image's team, so the picture has a page that records who looks."""

    id_fields = ("pk", "request_id")
    list_display = (
        "age",
        "status",
        "is_hidden",
        "waiting",
        "team",
        "author",
        "visibility",
        "pixels",
    )
    list_filter = ("status", ("hidden_at", admin.EmptyFieldListFilter), "visibility", "created_at")
    list_select_related = ("team", "author")
    search_fields = ("author__email", "team__name", "team__slug")
    ordering = ("-id",)
    exclude = ("folder", "placeholder")
    readonly_fields = ("id", "picture")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Image]:
        waiting = Count("reports", filter=Q(reports__decision__isnull=True))
        return Image.objects.annotate(waiting_total=waiting)

    def get_urls(self) -> list[URLPattern]:
        preview = self.admin_site.admin_view(self.preview)
        route = path("<uuid:image_id>/preview/", preview, name="generations_image_preview")
        return [route, *super().get_urls()]

    def images(self, chosen: QuerySet[Image]) -> QuerySet[Image]:
        return chosen

    @admin.display(ordering="-id")
    def age(self, image: Image) -> str:
        return timesince(image.created_at, depth=1)

    @admin.display
    def pixels(self, image: Image) -> str:
        return f"{image.width} × {image.height}"

    @admin.display(boolean=True, description="Hidden", ordering="hidden_at")
    def is_hidden(self, image: Image) -> bool:
        return image.hidden_at is not None

    @admin.display(description="Reports waiting", ordering="waiting_total")
    def waiting(self, image: Image) -> int:
        return int(vars(image)["waiting_total"])

    @admin.display
    def picture(self, image: Image) -> SafeString:
        address = reverse("admin:generations_image_preview", args=[image.pk])
        return format_html('<a href="{}">Look at it (this is recorded)</a>', address)

    def preview(self, request: HttpRequest, image_id: UUID) -> HttpResponse:
        """The picture, once it is written down who looks and why."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        stored = Image.objects.select_related("team", "author").filter(status=ImageStatus.STORED)
        image = get_object_or_404(stored, pk=image_id)
        form = LookForm(request.POST or None, initial={"why": request.GET.get("why", "")})
        context = {
            **self.admin_site.each_context(request),
            "title": "Look at an image",
            "opts": self.opts,
            "image": image,
            "form": form,
        }
        if form.is_valid():
            self.log_change(request, image, f"Looked at the picture: {form.cleaned_data['why']}")
            context |= {"looked": True, "picture": _data_uri(image)}
        return TemplateResponse(request, "admin/generations/preview.html", context)


def _data_uri(image: Image) -> str:
    """The picture inside the page, for it has no address that could be opened without a record."""
    key, content_type = images.object_for(image, SHOWN)
    try:
        return f"data:{content_type};base64,{base64.b64encode(storage.get(key)).decode()}"
    except (FileNotFoundError, StorageUnavailable):
        return ""
