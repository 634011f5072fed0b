"""How staff hide, restore or leave images: chosen in a list, then a page that asks why."""

from typing import Any, cast

from django import forms
from django.contrib import admin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from accounts.models import User
from generations.models import DecisionAction, Image
from generations.services import moderation

MOST_AT_ONCE = 100
CHANGES = {
    DecisionAction.HIDE: Q(hidden_at__isnull=True),
    DecisionAction.RESTORE: Q(hidden_at__isnull=False),
    DecisionAction.DISMISS: Q(),
}
NOTHING_TO_DO = {
    DecisionAction.HIDE: "They are hidden already.",
    DecisionAction.RESTORE: "None of them is hidden.",
}


class DecisionForm(forms.Form):
    reason = forms.CharField(
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 4, "cols": 80, "autofocus": True}),
        help_text="Recorded. The author is told when an image is hidden or restored.",
    )


class Deciding(admin.ModelAdmin):
    actions = ("hide", "restore", "leave")
    list_per_page = MOST_AT_ONCE

    def images(self, chosen: QuerySet[Any]) -> QuerySet[Image]:
        """The images that the chosen rows are about."""
        raise NotImplementedError

    def has_decide_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("generations.add_decision")

    @admin.action(description="Hide…", permissions=["decide"])
    def hide(self, request: HttpRequest, chosen: QuerySet[Any]) -> HttpResponse | None:
        return self._decide(request, chosen, DecisionAction.HIDE)

    @admin.action(description="Restore…", permissions=["decide"])
    def restore(self, request: HttpRequest, chosen: QuerySet[Any]) -> HttpResponse | None:
        return self._decide(request, chosen, DecisionAction.RESTORE)

    @admin.action(description="Leave as it is…", permissions=["decide"])
    def leave(self, request: HttpRequest, chosen: QuerySet[Any]) -> HttpResponse | None:
        return self._decide(request, chosen, DecisionAction.DISMISS)

    def _decide(
        self, request: HttpRequest, chosen: QuerySet[Any], action: DecisionAction
    ) -> HttpResponse | None:
        if chosen.count() > MOST_AT_ONCE:
            self.message_user(request, f"At most {MOST_AT_ONCE} at a time.", "warning")
            return None
        found = list(self.images(chosen).filter(CHANGES[action]).select_related("team", "author"))
        if not found:
            self.message_user(request, NOTHING_TO_DO[action], "warning")
            return None
        form = DecisionForm(request.POST if "reason" in request.POST else None)
        if not form.is_valid():
            return self._ask(request, form, chosen, action, found)
        for image in found:
            moderation.decide(
                by=cast("User", request.user),
                image=image,
                action=action,
                reason=form.cleaned_data["reason"],
            )
        self.message_user(request, f"{action.label}: {len(found)} decided.", "success")
        return None

    def _ask(
        self,
        request: HttpRequest,
        form: DecisionForm,
        chosen: QuerySet[Any],
        action: DecisionAction,
        found: list[Image],
    ) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": action.label,
            "opts": self.opts,
            "form": form,
            "images": found,
            "checkbox": ACTION_CHECKBOX_NAME,
            "chosen": [row.pk for row in chosen],
            "action": request.POST["action"],
        }
        return TemplateResponse(request, "admin/generations/decide.html", context)
