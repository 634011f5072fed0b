from allauth.account.decorators import secure_admin_login
from django import forms
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.forms import AdminUserCreationForm
from django.db.models import Count, QuerySet
from django.forms.models import BaseInlineFormSet
from django.http import HttpRequest

from accounts import admin_credits  # noqa: F401  # registers the credit rows
from accounts.admin_plans import Promoting
from accounts.models import Invitation, Membership, Role, Team, User
from accounts.querysets import InvitationQuerySet
from accounts.services import teams
from config.read_only import ReadOnly

admin.site.site_header = "Darkroom"
# The one sign-in page, with its rate limits, guards the admin too.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]  # as allauth says


class UserAddForm(AdminUserCreationForm):
    class Meta:
        model = User
        fields = ("email", "name")


@admin.register(User)
class UserAdmin(DjangoUserAdmin):
    """People are deactivated here, never deleted: their images and charges keep their author."""

    list_display = ("email", "name", "is_active", "is_staff", "last_login", "date_joined")
    list_filter = ("is_active", "is_staff", "is_superuser")
    search_fields = ("email", "name")
    ordering = ("email",)
    readonly_fields = ("last_login", "date_joined")
    add_form = UserAddForm
    fieldsets = (
        (None, {"fields": ("email", "name", "password")}),
        ("Rights", {"fields": ("is_active", "is_staff", "is_superuser", "groups")}),
        ("Dates", {"fields": ("last_login", "date_joined")}),
    )
    add_fieldsets = (
        (None, {"fields": ("email", "name", "usable_password", "password1", "password2")}),
    )

    def save_model(self, request: HttpRequest, obj: User, form: object, change: bool) -> None:
        super().save_model(request, obj, form, change)
        teams.create_personal_team(obj)

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return False


class OwnedFormSet(BaseInlineFormSet):
    def clean(self) -> None:
        super().clean()
        kept = [form.cleaned_data for form in self.forms if form.is_valid()]
        owners = [row for row in kept if row.get("role") == Role.OWNER and not row.get("DELETE")]
        if not owners:
            raise forms.ValidationError("A team needs an owner.")


class MembershipInline(admin.TabularInline):
    model = Membership
    formset = OwnedFormSet
    autocomplete_fields = ("user",)
    extra = 0
    min_num = 1

    def has_add_permission(self, request: HttpRequest, obj: Team | None = None) -> bool:
        return obj is None or not obj.is_personal


@admin.register(Team)
class TeamAdmin(Promoting):
    list_display = ("name", "slug", "member_count", "personal_owner", "created_at")
    list_filter = (("personal_owner", admin.EmptyFieldListFilter),)
    list_select_related = ("personal_owner",)
    search_fields = ("name", "slug", "memberships__user__email")
    readonly_fields = ("personal_owner", "created_at")
    inlines = (MembershipInline,)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Team]:
        return Team.objects.annotate(member_total=Count("memberships"))

    @admin.display(description="Members", ordering="member_total")
    def member_count(self, team: Team) -> int:
        return int(vars(team)["member_total"])

    def has_delete_permission(self, request: HttpRequest, obj: Team | None = None) -> bool:
        return False


@admin.register(Membership)
class MembershipAdmin(ReadOnly, admin.ModelAdmin):
    """Roles change on the team's page, where an owner is guaranteed."""

    list_display = ("user", "team", "role", "created_at")
    list_filter = ("role",)
    list_select_related = ("user", "team")
    search_fields = ("user__email", "team__name", "team__slug")


@admin.register(Invitation)
class InvitationAdmin(ReadOnly, admin.ModelAdmin):
    """Invitations are made on the team's settings page, which shows their link once."""

    list_display = ("team", "email", "role", "invited_by", "created_at", "state")
    list_filter = ("role",)
    list_select_related = ("team", "invited_by")
    search_fields = ("email", "team__name", "team__slug", "invited_by__email")
    exclude = ("token_hash",)
    actions = ("take_back",)

    @admin.display
    def state(self, invitation: Invitation) -> str:
        if invitation.accepted_at:
            return "Accepted"
        if invitation.revoked_at:
            return "Taken back"
        return "Open" if invitation.is_pending else "Ran out"

    @admin.action(description="Take back")
    def take_back(self, request: HttpRequest, chosen: InvitationQuerySet) -> None:
        self.message_user(request, f"{chosen.take_back()} taken back.")
