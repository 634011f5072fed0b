"""The room's addresses. Those of allauth's views keep allauth's names, which its code reverses."""

from allauth.account import views as allauth
from django.urls import path, re_path
from django.views.decorators.cache import never_cache

from accounts.views import (
    asks,
    changes,
    invitations,
    keyboard,
    moving,
    payments,
    settings,
    sign_in,
    teams,
    theme,
    tokens,
    welcome,
)

urlpatterns = [
    path("signin/", never_cache(allauth.login), name="account_login"),
    path("signin/link/<str:token>/", sign_in.login_link, name="login-link"),
    path(
        "signin/code/", never_cache(allauth.confirm_login_code), name="account_confirm_login_code"
    ),
    path("signup/", never_cache(allauth.signup), name="account_signup"),
    path("signout/", never_cache(allauth.logout), name="account_logout"),
    path("account/inactive/", never_cache(allauth.account_inactive), name="account_inactive"),
    path("account/confirm/", never_cache(allauth.reauthenticate), name="account_reauthenticate"),
    path("email/", never_cache(allauth.email), name="account_email"),
    path(
        "email/confirm/",
        never_cache(allauth.email_verification_sent),
        name="account_email_verification_sent",
    ),
    re_path(
        r"^email/confirm/(?P<key>[-:\w]+)/$",
        never_cache(allauth.confirm_email),
        name="account_confirm_email",
    ),
    path("password/change/", never_cache(allauth.password_change), name="account_change_password"),
    path("password/set/", never_cache(allauth.password_set), name="account_set_password"),
    path("password/reset/", never_cache(allauth.password_reset), name="account_reset_password"),
    path(
        "password/reset/sent/",
        never_cache(allauth.password_reset_done),
        name="account_reset_password_done",
    ),
    re_path(
        r"^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
        never_cache(allauth.password_reset_from_key),
        name="account_reset_password_from_key",
    ),
    path(
        "password/reset/done/",
        never_cache(allauth.password_reset_from_key_done),
        name="account_reset_password_from_key_done",
    ),
    path("welcome/", welcome.welcome, name="welcome"),
    path("hooks/payments/", payments.paid, name="payment-hook"),
    path("theme/", theme.theme, name="theme"),
    path("keyboard/", keyboard.keyboard, name="keyboard"),
    path("credits/ask/", asks.credits_ask, name="credits-ask"),
    path(
        "credits/ask/<uuid:ask_id>/withdraw/",
        asks.credits_ask_withdraw,
        name="credits-ask-withdraw",
    ),
    path("credits/asks/<uuid:ask_id>/", asks.limit_ask, name="limit-ask"),
    path("usage/credits/move/", moving.credits_move, name="credits-move"),
    path("operations/credits/", asks.credit_asks, name="credit-asks"),
    path("operations/credits/<uuid:ask_id>/", asks.credit_ask_decide, name="credit-ask-decide"),
    path("operations/teams/", changes.credit_changes, name="credit-changes"),
    path("operations/teams/<slug:slug>/", changes.team_credits, name="team-credits"),
    path("operations/teams/changes/<uuid:change_id>/", changes.change_decide, name="change-decide"),
    path("teams/new/", teams.team_new, name="team-new"),
    path("teams/switch/", teams.team_switch, name="team-switch"),
    path("invitations/<str:token>/", invitations.invitation, name="invitation"),
    path("settings/", settings.team_settings, name="team-settings"),
    path("settings/approval/", settings.team_approval, name="team-approval"),
    path("settings/failover/", settings.team_failover, name="team-failover"),
    path("settings/invitations/", settings.team_invite, name="team-invite"),
    path(
        "settings/invitations/<uuid:invitation_id>/revoke/",
        settings.invitation_revoke,
        name="invitation-revoke",
    ),
    path("settings/tokens/", tokens.api_tokens, name="api-tokens"),
    path("settings/tokens/<uuid:token_id>/revoke/", tokens.token_revoke, name="token-revoke"),
    path("settings/members/<uuid:membership_id>/", settings.member_role, name="member-role"),
    path(
        "settings/members/<uuid:membership_id>/remove/",
        settings.member_remove,
        name="member-remove",
    ),
]
