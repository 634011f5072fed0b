"""Invitations by link. Whoever holds the secret may join, so it is stored as a digest only."""

import logging
import secrets
from smtplib import SMTPException

from django.core.mail import send_mail
from django.db import transaction
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.formats import date_format

from accounts.errors import InvitationUnusable, NotAllowed
from accounts.models import Invitation, Membership, Role, Team, User
from accounts.permissions import Permission, assignable_roles, permissions_of
from accounts.services.secret import digest
from accounts.services.teams import membership_of

logger = logging.getLogger(__name__)


def invite(*, by: User, team: Team, role: Role, email: str = "") -> tuple[Invitation, str]:
    """The invitation and its secret, which is told only here. With an address, for that one."""
    if role not in assignable_roles(membership_of(by, team)):
        raise NotAllowed
    secret = secrets.token_urlsafe(32)
    invitation = Invitation.objects.create(
        team=team, role=role, email=email.lower(), invited_by=by, token_hash=digest(secret)
    )
    return invitation, secret


def mail(*, invitation: Invitation, link: str) -> bool:
    """Send the link to the invited address; False when the mail server would not take it."""
    subject = f"{invitation.invited_by.display_name} invited you to {invitation.team}"
    body = render_to_string("emails/invitation.txt", {"invitation": invitation, "link": link})
    try:
        send_mail(" ".join(subject.split()), body, None, [invitation.email])
    except (SMTPException, OSError):
        # The inviter has the link as well, so a dead mail server is no reason to fail.
        logger.exception("An invitation could not be mailed.")
        return False
    return True


def find(secret: str) -> Invitation | None:
    invitations = Invitation.objects.select_related("team", "invited_by")
    return invitations.filter(token_hash=digest(secret)).first()


def obstacle(*, invitation: Invitation, user: User | None) -> str:
    """Why this person cannot accept it, in words for them; empty when they can."""
    if invitation.accepted_at:
        return "This invitation was used already."
    if invitation.revoked_at:
        return "This invitation was taken back."
    if not invitation.is_pending:
        return f"This invitation ran out on {date_format(invitation.expires_at)}."
    if user and invitation.email and invitation.email != user.email:
        return f"This invitation is for {invitation.email}, and you are {user.email}."
    return ""


def accept(*, by: User, secret: str) -> Membership:
    """Join the team. Again by the same person it changes nothing, and a member keeps their role.

    Raises InvitationUnusable with the reason.
    """
    with transaction.atomic():
        locked = Invitation.objects.select_for_update(no_key=True, of=("self",))
        invitation = locked.select_related("team").filter(token_hash=digest(secret)).first()
        if invitation is None:
            raise InvitationUnusable("This invitation does not exist.")
        joined = Membership.objects.filter(team=invitation.team, user=by).first()
        if joined:
            return joined
        if reason := obstacle(invitation=invitation, user=by):
            raise InvitationUnusable(reason)
        invitation.accepted_at, invitation.accepted_by = timezone.now(), by
        invitation.save(update_fields=["accepted_at", "accepted_by"])
        membership, _ = Membership.objects.get_or_create(
            team=invitation.team, user=by, defaults={"role": invitation.role}
        )
        return membership


def revoke(*, by: User, invitation: Invitation) -> None:
    """Take an open invitation back; one that has ended some way stays as it is."""
    if Permission.MANAGE_MEMBERS not in permissions_of(membership_of(by, invitation.team)):
        raise NotAllowed
    Invitation.objects.filter(pk=invitation.pk).take_back()
