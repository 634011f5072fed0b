from typing import Any, cast

from allauth.account.forms import SignupForm as PlainSignupForm
from allauth.core import context
from django import forms
from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.http import QueryDict

from accounts import invited
from accounts.models import Role, Team, User
from accounts.money import MAX_CREDITS, plain_credits, to_microcredits


class SignupForm(PlainSignupForm):  # type: ignore[misc]  # allauth ships no types
    name = forms.CharField(label="Your name", max_length=100, required=False)
    field_order = ("name", "email", "password1")

    def clean_email(self) -> str:
        email = str(super().clean_email())
        invitation = invited.waiting(context.request)
        bound = invitation.email if invitation and not settings.SIGNUP_OPEN else ""
        if bound and bound != email:
            raise forms.ValidationError(f"You are invited as {bound}: sign up with that address.")
        return email


class TeamForm(forms.Form):
    name = forms.CharField(label="Team name", max_length=80)


class ApprovalForm(forms.Form):
    above = forms.DecimalField(
        label="Requests above so many credits wait",
        required=False,
        min_value=0,
        max_value=MAX_CREDITS,
        decimal_places=6,
        help_text="An owner or admin approves them before anything is sent; their own do not wait."
        " 0 lets every request of a member wait. Empty: none does.",
    )

    @classmethod
    def of(cls, team: Team) -> "ApprovalForm":
        above = team.approval_above
        return cls(initial={"above": None if above is None else plain_credits(above)})

    def clean_above(self) -> int | None:
        """In microcredits; None where none waits."""
        above = self.cleaned_data["above"]
        return None if above is None else to_microcredits(above)


class FailoverForm(forms.Form):
    allowed = forms.BooleanField(
        label="If a provider does not take a request, let the other provider make it",
        required=False,
        help_text="It may cost more; the button says how much.",
    )


class InviteForm(forms.Form):
    email = forms.EmailField(
        label="E-mail",
        required=False,
        help_text="Only this address can accept. Leave it empty for a link anyone may use once.",
    )
    role = forms.TypedChoiceField(label="Role", coerce=Role, initial=Role.MEMBER)

    def __init__(self, data: QueryDict | None = None, *, roles: tuple[Role, ...]) -> None:
        super().__init__(data)
        cast("forms.ChoiceField", self.fields["role"]).choices = [
            (role.value, role.label) for role in roles
        ]


class RoleForm(forms.Form):
    role = forms.TypedChoiceField(coerce=Role, choices=Role.choices)


class WelcomeForm(forms.Form):
    name = forms.CharField(
        label="Your name", max_length=100, widget=forms.TextInput(attrs={"autocomplete": "name"})
    )
    email = forms.EmailField(
        label="E-mail",
        help_text="You sign in with it.",
        widget=forms.EmailInput(attrs={"autocomplete": "username"}),
    )
    password = forms.CharField(
        label="Password",
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    team_name = forms.CharField(label="Team name", max_length=80)
    credits = forms.DecimalField(
        label="First credits",
        help_text="What the team may spend to begin with.",
        initial=1000,
        min_value=0,
        max_value=MAX_CREDITS,
        decimal_places=6,
    )

    def clean_credits(self) -> int:
        """In microcredits."""
        return to_microcredits(self.cleaned_data["credits"])

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        if password := values.get("password"):
            user = User(email=values.get("email", ""), name=values.get("name", ""))
            try:
                validate_password(password, user)
            except forms.ValidationError as error:
                self.add_error("password", error)
        return values
