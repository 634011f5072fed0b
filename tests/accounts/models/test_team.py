from datetime import timedelta

import pytest
from django.db import IntegrityError
from django.utils import timezone

from accounts.models import Invitation, Membership, Team
from accounts.services.teams import create_personal_team
from tests.accounts.people import People


def test_a_person_is_in_a_team_once(people: People) -> None:
    with pytest.raises(IntegrityError, match="membership_once_per_team"):
        Membership.objects.create(team=people.team, user=people.owner)


def test_a_role_must_be_known(people: People) -> None:
    with pytest.raises(IntegrityError, match="membership_role_is_known"):
        Membership.objects.create(team=people.team, user=people.outsider, role="king")


def test_an_accepted_invitation_names_who_accepted(people: People) -> None:
    with pytest.raises(IntegrityError, match="invitation_accepted_by_someone"):
        Invitation.objects.create(
            team=people.team, invited_by=people.owner, accepted_at=timezone.now()
        )


def test_an_invitation_is_not_both_accepted_and_taken_back(people: People) -> None:
    now = timezone.now()

    with pytest.raises(IntegrityError, match="invitation_ends_one_way"):
        Invitation.objects.create(
            team=people.team,
            invited_by=people.owner,
            accepted_at=now,
            accepted_by=people.member,
            revoked_at=now,
        )


def test_an_invitation_is_open_for_fourteen_days(people: People) -> None:
    invitation = Invitation(team=people.team, invited_by=people.owner)

    assert invitation.is_pending
    assert abs(invitation.expires_at - timezone.now() - timedelta(days=14)) < timedelta(minutes=1)


def test_teams_are_listed_with_the_personal_one_last(people: People) -> None:
    personal = create_personal_team(people.owner)

    assert list(Team.objects.for_user(people.owner)) == [people.team, personal]
