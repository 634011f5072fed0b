from dataclasses import dataclass

from django.test import Client

from accounts.models import Membership, Role, Team, User
from accounts.services import teams, users


@dataclass(frozen=True)
class People:
    """One team with somebody in each role, and somebody who has nothing to do with it."""

    team: Team
    owner: User
    admin: User
    member: User
    viewer: User
    outsider: User

    def named(self, role: str) -> User:
        user = getattr(self, role)
        assert isinstance(user, User)
        return user


def make_people() -> People:
    owner = users.create(email="olga@example.com", name="Olga Owner")
    team = teams.create_team(by=owner, name="Northlight Studio")
    return People(
        team=team,
        owner=owner,
        admin=join(team, "ada@example.com", Role.ADMIN),
        member=join(team, "mara@example.com", Role.MEMBER),
        viewer=join(team, "vic@example.com", Role.VIEWER),
        outsider=users.create(email="otto@example.com", name="Otto Outsider"),
    )


def join(team: Team, email: str, role: Role) -> User:
    user = users.create(email=email)
    Membership.objects.create(team=team, user=user, role=role)
    return user


def browser(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def role_of(user: User, team: Team) -> str:
    return Membership.objects.get(user=user, team=team).role
