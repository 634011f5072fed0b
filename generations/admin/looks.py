"""What staff see of people's prompts and pictures is written down, in the admin's own log."""

from typing import Any

from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.http import HttpRequest, HttpResponse

from config.read_only import ReadOnly


class Recorded(ReadOnly, admin.ModelAdmin):
    """Rows whose own page shows what is private, so that opening it is recorded."""

    look = ""

    def render_change_form(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        self.log_change(request, kwargs["obj"], self.look)
        return super().render_change_form(request, *args, **kwargs)


@admin.register(LogEntry)
class LookAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("action_time", "user", "what", "content_type", "object_repr")
    fields = (*list_display, "object_id")
    list_filter = ("action_time",)
    list_select_related = ("user", "content_type")
    search_fields = ("user__email", "object_id", "change_message")
    show_full_result_count = False

    @admin.display
    def what(self, entry: LogEntry) -> str:
        return entry.get_change_message()
