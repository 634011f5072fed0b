from urllib.parse import urlencode

from django.contrib import admin
from django.db.models import F, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timesince import timesince

from accounts.models import Team
from config.read_only import ReadOnly
from generations.admin.deciding import Deciding
from generations.admin.searching import FindsById
from generations.models import Decision, Image, Report


class WaitingFilter(admin.SimpleListFilter):
    title = parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, str]]:
        return [("waiting", "Waiting"), ("decided", "Decided")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Report]) -> QuerySet[Report]:
        if self.value() is None:
            return queryset
        return queryset.filter(decision__isnull=self.value() == "waiting")


@admin.register(Report)
class ReportAdmin(ReadOnly, FindsById, Deciding):
    """The queue: what waits longest first, then what was decided."""

    id_fields = ("pk", "image_id")
    list_display = ("state", "picture", "reason", "words", "team", "reporter", "age")
    fields = (*list_display, "link", "created_at", "image", "decision")
    list_filter = (WaitingFilter, "reason", "created_at")
    list_select_related = ("image__team", "reporter", "decision")
    search_fields = ("image__team__name", "image__team__slug", "image__author__email")
    ordering = (F("decision").desc(nulls_first=True), "id")

    def images(self, chosen: QuerySet[Report]) -> QuerySet[Image]:
        return Image.objects.filter(pk__in=chosen.values("image"))

    @admin.display(ordering="decision")
    def state(self, report: Report) -> str:
        decision = report.decision
        return f"Decided: {decision.get_action_display()}" if decision else "Waiting"

    @admin.display(ordering="id")
    def age(self, report: Report) -> str:
        return timesince(report.created_at, depth=1)

    @admin.display(ordering="image__team__name")
    def team(self, report: Report) -> Team:
        return report.image.team

    @admin.display
    def picture(self, report: Report) -> SafeString:
        address = reverse("admin:generations_image_preview", args=[report.image_id])
        why = urlencode({"why": f"Reported: {report.get_reason_display()}"})
        return format_html('<a href="{}?{}">Look</a>', address, why)


@admin.register(Decision)
class DecisionAdmin(ReadOnly, FindsById):
    id_fields = ("pk", "image_id")
    list_display = ("created_at", "action", "team", "image", "by", "reason")
    fields = list_display
    list_filter = ("action", "created_at")
    list_select_related = ("image__team", "by")
    search_fields = ("by__email", "image__team__name", "image__author__email", "reason")

    @admin.display(ordering="image__team__name")
    def team(self, decision: Decision) -> Team:
        return decision.image.team
