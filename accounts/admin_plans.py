"""Plans and who is on them, and promotional credits: how staff give credits that come by a rule."""

from typing import cast
from uuid import uuid5

from django.contrib import admin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db import transaction
from django.db.models import Count, Model, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from accounts.admin_forms import PlanForm, PromotionForm, TeamPlanForm
from accounts.errors import AccountsError, PlanWaits
from accounts.models import ChangeKind, ChangeState, CreditChange, Plan, Team, TeamPlan, User
from accounts.services import changes, plan_terms, plans


@admin.register(Plan)
class PlanAdmin(admin.ModelAdmin):
    """What is changed counts from the next month that is granted."""

    form = PlanForm
    list_display = ("name", "terms", "active", "team_count", "state")
    actions = ("agree",)
    list_filter = ("active", "rollover")
    list_select_related = ("set_by", "agreed_by")
    search_fields = ("name",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Plan]:
        return Plan.objects.annotate(team_total=Count("teams", Q(teams__ended_at=None)))

    def save_model(self, request: HttpRequest, obj: Plan, form: object, change: bool) -> None:
        plan_terms.save(by=cast("User", request.user), plan=obj)
        if obj.waits:
            self.message_user(request, str(PlanWaits(obj)), "warning")

    @admin.display(description="Agreed to")
    def state(self, plan: Plan) -> str:
        if plan.waits:
            return f"Waits for somebody beside {plan.set_by or 'whoever set it'}: no team gets it"
        return f"By {plan.agreed_by}" if plan.agreed_by else "Takes one person"

    def has_agree_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("accounts.change_plan")

    @admin.action(description="Agree to what it gives", permissions=["agree"])
    def agree(self, request: HttpRequest, chosen: QuerySet[Plan]) -> None:
        for plan in chosen:
            try:
                plan_terms.agree(by=cast("User", request.user), plan=plan)
                self.message_user(request, f"{plan.title}: agreed.", "success")
            except AccountsError as error:
                self.message_user(request, f"{plan.title}: {error}", "error")

    @admin.display(description="Teams", ordering="team_total")
    def team_count(self, plan: Plan) -> int:
        return int(vars(plan)["team_total"])

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


@admin.register(TeamPlan)
class TeamPlanAdmin(admin.ModelAdmin):
    """Added for a team or ended, never changed: what was granted by it names its reason."""

    form = TeamPlanForm
    list_display = ("team", "plan", "starts_on", "reason", "created_by", "ended_at", "ended_by")
    list_filter = (("ended_at", admin.EmptyFieldListFilter), "plan")
    list_select_related = ("team", "plan", "created_by", "ended_by")
    search_fields = ("team__name", "team__slug", "reason")
    autocomplete_fields = ("team", "plan")
    actions = ("end",)

    def save_model(self, request: HttpRequest, obj: TeamPlan, form: object, change: bool) -> None:
        made = plans.subscribe(
            by=cast("User", request.user),
            team=obj.team,
            plan=obj.plan,
            reason=obj.reason,
            starts_on=obj.starts_on,
        )
        obj.pk = made.pk
        obj.refresh_from_db()

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_end_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("accounts.change_teamplan")

    @admin.action(description="End from the next month on", permissions=["end"])
    def end(self, request: HttpRequest, chosen: QuerySet[TeamPlan]) -> None:
        running = chosen.filter(ended_at=None).select_related("team")
        for one in running:
            plans.end(by=cast("User", request.user), team=one.team)
        self.message_user(request, f"{len(running)} ended. What was given stays.")


class Promoting(admin.ModelAdmin):
    """Teams chosen in their list, then a page that asks how much, until when and why."""

    actions = ("promote",)

    def has_promote_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("accounts.change_creditaccount")

    @admin.action(description="Give promotional credits…", permissions=["promote"])
    def promote(self, request: HttpRequest, chosen: QuerySet[Team]) -> HttpResponse | None:
        form = PromotionForm(request.POST if "reason" in request.POST else None)
        if not form.is_valid():
            return self._ask(request, form, chosen)
        try:
            with transaction.atomic():
                made = [self._give(request, form, team) for team in chosen]
        except AccountsError as error:
            said = f"{error} None of the teams got more credits: choose them again to give more."
            self.message_user(request, said, "error")
            return None
        waiting = sum(one.state == ChangeState.WAITING for one in made)
        if waiting:
            said = f"{waiting} wait for a second member of staff, who agrees under Team credits."
            self.message_user(request, said, "warning")
        else:
            self.message_user(request, f"{len(made)} got their credits.", "success")
        return None

    def _give(self, request: HttpRequest, form: PromotionForm, team: Team) -> CreditChange:
        draft = changes.Draft(
            key=uuid5(form.cleaned_data["key"], str(team.pk)),
            team=team,
            kind=ChangeKind.PROMOTION,
            amount=form.cleaned_data["amount"],
            reason=form.cleaned_data["reason"],
            expires_at=form.cleaned_data["last_day"],
        )
        return changes.make(by=cast("User", request.user), draft=draft)

    def _ask(
        self, request: HttpRequest, form: PromotionForm, chosen: QuerySet[Team]
    ) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": "Give promotional credits",
            "opts": self.opts,
            "form": form,
            "teams": chosen,
            "checkbox": ACTION_CHECKBOX_NAME,
            "chosen": [team.pk for team in chosen],
            "action": "promote",
        }
        return TemplateResponse(request, "admin/accounts/promote.html", context)
