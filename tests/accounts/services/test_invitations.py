from datetime import timedelta
from functools import partial
from smtplib import SMTPServerDisconnected

import pytest
from django.core import mail
from django.utils import timezone

from accounts.errors import InvitationUnusable, NotAllowed
from accounts.models import Invitation, Membership, Role
from accounts.services import invitations, teams, users
from tests.accounts.people import People, make_people, role_of
from tests.accounts.race import meeting, together


def invite(people: People, **kwargs: str) -> tuple[Invitation, str]:
    return invitations.invite(by=people.owner, team=people.team, role=Role.MEMBER, **kwargs)


def test_an_invitation_lets_a_person_join_in_its_role(people: People) -> None:
    invitation, secret = invite(people)

    membership = invitations.accept(by=people.outsider, secret=secret)

    invitation.refresh_from_db()
    assert (membership.team, membership.role) == (people.team, Role.MEMBER)
    assert invitation.accepted_by == people.outsider


def test_the_secret_is_not_stored(people: People) -> None:
    invitation, secret = invite(people)

    assert secret not in str(Invitation.objects.filter(pk=invitation.pk).values())
    assert invitations.find(secret) == invitation


def test_accepting_again_changes_nothing(people: People) -> None:
    invitation, secret = invite(people)
    first = invitations.accept(by=people.outsider, secret=secret)
    invitation.refresh_from_db()

    assert invitations.accept(by=people.outsider, secret=secret) == first
    assert Invitation.objects.get(pk=invitation.pk).accepted_at == invitation.accepted_at


def test_a_member_keeps_role_and_link(people: People) -> None:
    invitation, secret = invite(people)

    assert invitations.accept(by=people.admin, secret=secret).role == Role.ADMIN
    invitation.refresh_from_db()
    assert invitation.is_pending


def test_an_invitation_works_once(people: People) -> None:
    _, secret = invite(people)
    invitations.accept(by=people.outsider, secret=secret)

    with pytest.raises(InvitationUnusable, match="used already"):
        invitations.accept(by=users.create(email="late@example.com"), secret=secret)


def test_who_was_removed_does_not_come_back_by_the_old_link(people: People) -> None:
    _, secret = invite(people)
    invitations.accept(by=people.outsider, secret=secret)
    teams.remove_member(by=people.owner, team=people.team, user=people.outsider)

    with pytest.raises(InvitationUnusable, match="used already"):
        invitations.accept(by=people.outsider, secret=secret)


def test_an_invitation_runs_out(people: People) -> None:
    _, secret = invite(people)
    Invitation.objects.update(expires_at=timezone.now() - timedelta(seconds=1))

    with pytest.raises(InvitationUnusable, match="ran out"):
        invitations.accept(by=people.outsider, secret=secret)


def test_an_invitation_can_be_taken_back(people: People) -> None:
    invitation, secret = invite(people)
    invitations.revoke(by=people.admin, invitation=invitation)

    with pytest.raises(InvitationUnusable, match="taken back"):
        invitations.accept(by=people.outsider, secret=secret)


def test_taking_back_a_used_invitation_changes_nothing(people: People) -> None:
    invitation, secret = invite(people)
    invitations.accept(by=people.outsider, secret=secret)

    invitations.revoke(by=people.owner, invitation=invitation)

    invitation.refresh_from_db()
    assert invitation.revoked_at is None


def test_a_wrong_secret_opens_nothing(people: People) -> None:
    invite(people)

    with pytest.raises(InvitationUnusable, match="does not exist"):
        invitations.accept(by=people.outsider, secret="wrong")


def test_an_invitation_for_an_address_is_for_nobody_else(people: People) -> None:
    _, secret = invite(people, email="Otto@Example.com")

    with pytest.raises(InvitationUnusable, match="for otto@"):
        invitations.accept(by=users.create(email="eve@example.com"), secret=secret)

    assert invitations.accept(by=people.outsider, secret=secret).team == people.team


@pytest.mark.parametrize("actor", ["member", "viewer", "outsider"])
def test_who_may_not_manage_members_may_not_invite_or_take_back(people: People, actor: str) -> None:
    invitation, _ = invite(people)

    with pytest.raises(NotAllowed):
        invitations.invite(by=people.named(actor), team=people.team, role=Role.VIEWER)
    with pytest.raises(NotAllowed):
        invitations.revoke(by=people.named(actor), invitation=invitation)


def test_only_an_owner_invites_an_owner(people: People) -> None:
    with pytest.raises(NotAllowed):
        invitations.invite(by=people.admin, team=people.team, role=Role.OWNER)

    _, secret = invitations.invite(by=people.owner, team=people.team, role=Role.OWNER)
    invitations.accept(by=people.outsider, secret=secret)
    assert role_of(people.outsider, people.team) == Role.OWNER


def test_nobody_is_invited_to_a_personal_team(people: People) -> None:
    personal = teams.create_personal_team(people.owner)

    with pytest.raises(NotAllowed):
        invitations.invite(by=people.owner, team=personal, role=Role.VIEWER)


def test_the_mail_carries_the_link(people: People) -> None:
    invitation, _ = invite(people, email="new@example.com")

    assert invitations.mail(invitation=invitation, link="http://darkroom.test/invitations/x/")

    sent = mail.outbox[0]
    assert sent.to == ["new@example.com"]
    assert sent.subject == "Olga Owner invited you to Northlight Studio"
    assert "http://darkroom.test/invitations/x/" in sent.body


def test_a_team_name_cannot_add_headers_to_the_mail(people: People) -> None:
    people.team.name = "Studio\nBcc: everyone@example.com"
    invitation, _ = invite(people, email="new@example.com")

    assert invitations.mail(invitation=invitation, link="http://darkroom.test/")

    assert mail.outbox[0].recipients() == ["new@example.com"]


def test_a_mail_server_that_is_gone_is_told_not_raised(
    people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*args: object, **kwargs: object) -> None:
        raise SMTPServerDisconnected

    monkeypatch.setattr(invitations, "send_mail", refuse)
    invitation, _ = invite(people, email="new@example.com")

    assert not invitations.mail(invitation=invitation, link="http://darkroom.test/")


@pytest.mark.django_db(transaction=True)
def test_of_two_who_accept_one_invitation_at_once_one_joins(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    people = make_people()
    other = users.create(email="eve@example.com")
    _, secret = invite(people)
    monkeypatch.setattr(invitations, "obstacle", meeting(invitations.obstacle))

    outcomes = together(
        *[partial(invitations.accept, by=user, secret=secret) for user in (people.outsider, other)]
    )

    joined = Membership.objects.filter(team=people.team, user__in=[people.outsider, other])
    assert joined.count() == 1
    assert sum(isinstance(outcome, InvitationUnusable) for outcome in outcomes) == 1
