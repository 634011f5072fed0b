"""How allauth asks our questions: who may sign up, and what comes with a new person."""

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.models import EmailAddress
from allauth.core.exceptions import ImmediateHttpResponse
from django.conf import settings
from django.contrib import messages
from django.db import IntegrityError, transaction
from django.forms import Form
from django.http import HttpRequest
from django.shortcuts import redirect
from django.urls import reverse

from accounts import invited
from accounts.access import switch_team
from accounts.errors import EmailTaken, InvitationUnusable
from accounts.models import Team, User
from accounts.services import invitations, teams


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth ships no types
    error_messages = DefaultAccountAdapter.error_messages | {
        "email_password_mismatch": "That e-mail and password do not match.",
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return settings.SIGNUP_OPEN or invited.waiting(request) is not None

    def save_user(self, request: HttpRequest, user: User, form: Form, commit: bool = True) -> User:
        """The person, their personal team and the team that invited them; or nothing at all."""
        user.name = form.cleaned_data["name"]
        try:
            with transaction.atomic():
                super().save_user(request, user, form, commit)
                teams.create_personal_team(user)
                joined = _join_by_invitation(request, user)
        except (IntegrityError, InvitationUnusable) as error:
            # Of two clicks at once the other one made the account or used the invitation.
            messages.warning(request, "That did not work a second time. Sign in instead.")
            raise ImmediateHttpResponse(redirect("account_login")) from error
        if joined:
            invited.forget(request)
            switch_team(request, joined)
        return user

    def confirm_email(self, request: HttpRequest, email_address: EmailAddress) -> bool:
        try:
            with transaction.atomic():
                return bool(super().confirm_email(request, email_address))
        except IntegrityError:
            messages.error(request, str(EmailTaken()))
            return False

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        if invited.waiting(request):
            return reverse("invitation", args=[invited.secret_of(request)])
        return str(super().get_login_redirect_url(request))

    get_signup_redirect_url = get_login_redirect_url


def _join_by_invitation(request: HttpRequest, user: User) -> Team | None:
    """Where sign-up is closed an invitation is used up by it, so one link makes one account."""
    invitation = invited.waiting(request)
    if invitation and not invitations.obstacle(invitation=invitation, user=user):
        return invitations.accept(by=user, secret=invited.secret_of(request)).team
    if not settings.SIGNUP_OPEN:
        raise InvitationUnusable("Signing up needs an invitation.")
    return None
