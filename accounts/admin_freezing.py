"""How staff lift a freeze: chosen in the list of accounts, then a page that asks why."""

from typing import cast

from django import forms
from django.contrib import admin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from accounts.models import CreditAccount, User
from accounts.services import freezing


class UnfreezeForm(forms.Form):
    reason = forms.CharField(
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 3, "cols": 80}),
        help_text="Recorded: what was wrong, and which entry corrected it.",
    )


class Unfreezing(admin.ModelAdmin):
    actions = ("unfreeze",)

    def has_unfreeze_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("accounts.change_creditaccount")

    @admin.action(description="Lift the freeze…", permissions=["unfreeze"])
    def unfreeze(
        self, request: HttpRequest, chosen: QuerySet[CreditAccount]
    ) -> HttpResponse | None:
        found = list(chosen.filter(frozen_at__isnull=False).select_related("team"))
        if not found:
            self.message_user(request, "None of them is frozen.", "warning")
            return None
        form = UnfreezeForm(request.POST if "reason" in request.POST else None)
        if not form.is_valid():
            return self._ask(request, form, found)
        for account in found:
            freezing.unfreeze(
                account=account, by=cast("User", request.user), reason=form.cleaned_data["reason"]
            )
        self.message_user(request, f"{len(found)} may spend again.", "success")
        return None

    def _ask(
        self, request: HttpRequest, form: UnfreezeForm, found: list[CreditAccount]
    ) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": "Lift the freeze",
            "opts": self.opts,
            "form": form,
            "accounts": found,
            "checkbox": ACTION_CHECKBOX_NAME,
            "chosen": [account.pk for account in found],
            "action": "unfreeze",
        }
        return TemplateResponse(request, "admin/accounts/unfreeze.html", context)
