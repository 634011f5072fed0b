import pytest
from django.contrib.sessions.backends.db import SessionStore
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.test import RequestFactory

from accounts.access import TeamRequest, current_team, switch_team, team_required
from accounts.models import Role, User
from accounts.permissions import Permission
from accounts.services import teams
from tests.accounts.people import People, join


def request_of(user: User, **form: str) -> HttpRequest:
    request = RequestFactory().post("/", form)
    request.user = user
    request.session = SessionStore()
    return request


@team_required(Permission.GENERATE)
def page(request: TeamRequest) -> HttpResponse:
    return HttpResponse(f"{request.team.slug} {request.membership.role}")


def test_a_person_starts_in_the_team_they_share(people: People) -> None:
    assert current_team(request_of(people.member)) == people.team


def test_a_person_on_their_own_starts_in_their_personal_team(people: People) -> None:
    assert current_team(request_of(people.outsider)).personal_owner == people.outsider


def test_a_person_without_any_team_gets_their_personal_one(people: People) -> None:
    user = User.objects.create_user("bare@example.com")

    assert current_team(request_of(user)).personal_owner == user


def test_the_session_remembers_the_chosen_team(people: People) -> None:
    request = request_of(people.member)
    personal = teams.create_personal_team(people.member)

    switch_team(request, personal)

    assert current_team(request) == personal


def test_a_team_that_was_left_is_current_no_more(people: People) -> None:
    request = request_of(people.member)
    switch_team(request, people.team)
    teams.remove_member(by=people.member, team=people.team, user=people.member)

    assert current_team(request).is_personal


def test_a_view_runs_with_the_current_team(people: People) -> None:
    assert page(request_of(people.member)).content == b"northlight-studio member"


def test_a_form_names_the_team_it_was_drawn_for(people: People) -> None:
    other = teams.create_team(by=people.outsider, name="Second Light")
    join(other, "both@example.com", Role.ADMIN)
    request = request_of(people.outsider, team="second-light")

    assert page(request).content == b"second-light owner"


@pytest.mark.parametrize("slug", ["northlight-studio", "nowhere", "\x00"])
def test_a_foreign_and_a_missing_team_are_not_found(people: People, slug: str) -> None:
    with pytest.raises(Http404):
        page(request_of(people.outsider, team=slug))


def test_a_role_without_the_permission_is_refused(people: People) -> None:
    with pytest.raises(PermissionDenied):
        page(request_of(people.viewer))
