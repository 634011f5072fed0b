from django.contrib import admin

from config.read_only import ReadOnly
from generations.admin.searching import FindsById
from generations.models import Download, ShareLink


@admin.register(ShareLink)
class ShareLinkAdmin(ReadOnly, FindsById):
    """Who shows what to people outside. What opens a link is not told here either."""

    id_fields = ("pk", "image_id", "collection_id")
    list_display = (
        "created_at",
        "team",
        "made_by",
        "views",
        "max_views",
        "expires_at",
        "revoked_at",
    )
    fields = (*list_display, "image", "collection", "shows_prompt", "keeps_metadata")
    readonly_fields = fields
    list_filter = ("created_at", "revoked_at")
    list_select_related = ("team", "made_by")
    search_fields = ("team__name", "team__slug", "made_by__email")


@admin.register(Download)
class DownloadAdmin(ReadOnly, FindsById):
    """Which files were given out, and to whom."""

    id_fields = ("pk", "image_id", "link_id")
    list_display = ("at", "image", "by", "link", "content_type", "digest")
    fields = list_display
    list_filter = ("at", "content_type")
    list_select_related = ("image", "by", "link")
    search_fields = ("digest", "by__email")
