from collections.abc import Callable

import pytest
from django.core import mail
from django.db import IntegrityError, connection, transaction

from accounts.errors import NotAllowed, WordsNeeded
from accounts.models import BudgetWindow, HoldState, Membership, Period, Role, Team, User
from accounts.services import budgets, ledger, teams
from generations.errors import AlreadyDecided, AuthorGone, OwnRequest
from generations.models import Approval, GenerationRequest, Status, Verdict
from generations.services import approvals, claiming, recovery, requests
from tests import factories
from tests.factories import CREDIT, PRICE

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def team() -> Team:
    return factories.team()


@pytest.fixture
def owner(team: Team) -> User:
    return factories.owner_of(team)


@pytest.fixture
def member(team: Team) -> User:
    return factories.member(team)


def wait_above(team: Team, above: int | None) -> None:
    teams.set_approval(by=factories.owner_of(team), team=team, above=above)


def now(request: GenerationRequest) -> GenerationRequest:
    return GenerationRequest.objects.select_related("hold", "team", "user").get(pk=request.pk)


def approve(by: User, request: GenerationRequest, words: str = "") -> Approval:
    return approvals.decide(by=by, request=request, verdict=Verdict.APPROVED, words=words)


def decline(by: User, request: GenerationRequest, words: str = "Too dear") -> Approval:
    return approvals.decide(by=by, request=request, verdict=Verdict.DECLINED, words=words)


@pytest.mark.parametrize(
    ("above", "status"),
    [
        (None, Status.QUEUED),
        (PRICE, Status.QUEUED),
        (PRICE - 1, Status.AWAITING_APPROVAL),
        (0, Status.AWAITING_APPROVAL),
    ],
)
def test_a_members_request_waits_only_above_the_threshold(
    team: Team, member: User, above: int | None, status: Status
) -> None:
    wait_above(team, above)
    request = factories.request(of=team, by=member)
    assert request.status == status
    assert ledger.balance(team=team).held == PRICE


@pytest.mark.parametrize("role", [Role.OWNER, Role.ADMIN])
def test_an_approvers_own_request_does_not_wait(team: Team, role: Role) -> None:
    wait_above(team, 0)
    request = factories.request(of=team, by=factories.member(team, role))
    assert request.status == Status.QUEUED


def test_the_threshold_is_read_when_the_request_is_made(team: Team, member: User) -> None:
    stale = Team.objects.get(pk=team.pk)
    wait_above(team, 0)
    assert factories.request(of=stale, by=member).status == Status.AWAITING_APPROVAL


def test_the_same_key_returns_the_request_that_waits(team: Team, member: User) -> None:
    wait_above(team, 0)
    first = factories.request(of=team, by=member)
    again = factories.request(of=team, by=member, key=first.idempotency_key)
    assert again == first
    assert ledger.balance(team=team).held == PRICE


def test_what_waits_is_never_sent(team: Team) -> None:
    request = factories.waiting(of=team)
    GenerationRequest.objects.filter(pk=request.pk).update(due_at="2020-01-01T00:00Z")
    recovery.sweep()
    recovery.settle_unconfirmed()
    assert claiming.claim() is None
    assert now(request).status == Status.AWAITING_APPROVAL
    assert now(request).hold.state == HoldState.PENDING


def test_what_waits_counts_in_the_limits_and_is_given_back_to_them(
    team: Team, owner: User, member: User
) -> None:
    budgets.set_limit(
        by=owner, team=team, member=member, model="", period=Period.DAY, amount=10 * CREDIT
    )
    request = factories.waiting(of=team, by=member)
    assert BudgetWindow.objects.get().held == PRICE
    decline(owner, request)
    assert BudgetWindow.objects.get().held == 0


def test_an_approved_request_is_queued_and_runs(team: Team, owner: User) -> None:
    request = factories.waiting(of=team)
    approval = approve(owner, request, "Go on")
    assert now(request).status == Status.QUEUED
    assert (approval.by, approval.words) == (owner, "Go on")
    assert factories.succeeded(request).hold.captured == PRICE


def test_an_approved_request_takes_its_place_behind_what_was_queued_meanwhile(
    team: Team, owner: User
) -> None:
    request = factories.waiting(of=team)
    other = factories.request(of=team, by=owner)
    GenerationRequest.objects.filter(pk=other.pk).update(due_at="2026-01-01T00:00Z")
    approve(owner, request)
    attempt = claiming.claim()
    assert attempt
    assert attempt.request_id == other.pk


def test_a_declined_request_ends_and_its_credits_are_free(team: Team, owner: User) -> None:
    request = factories.waiting(of=team)
    decline(owner, request)
    declined = now(request)
    assert (declined.status, declined.error_code) == (Status.CANCELLED, "declined")
    assert declined.hold.state == HoldState.RELEASED
    assert ledger.balance(team=team).held == 0


def test_nobody_declines_without_words(team: Team, owner: User) -> None:
    request = factories.waiting(of=team)
    with pytest.raises(WordsNeeded):
        decline(owner, request, "  ")
    assert now(request).status == Status.AWAITING_APPROVAL


@pytest.mark.parametrize("decision", [approve, decline])
def test_a_second_decision_is_refused_and_says_who_made_the_first(
    team: Team, owner: User, decision: Callable[[User, GenerationRequest], Approval]
) -> None:
    request = factories.waiting(of=team)
    approve(owner, request)
    with pytest.raises(AlreadyDecided, match=f"{owner.display_name} approved it"):
        decision(factories.member(team, Role.ADMIN), request)
    assert Approval.objects.count() == 1


def test_what_its_author_cancelled_is_not_approved(team: Team, owner: User) -> None:
    request = factories.waiting(of=team)
    requests.cancel(request=request)
    with pytest.raises(AlreadyDecided, match="cancelled it"):
        approve(owner, request)
    assert now(request).hold.state == HoldState.RELEASED


@pytest.mark.parametrize("role", [Role.MEMBER, Role.VIEWER])
def test_only_owners_and_admins_decide(team: Team, role: Role) -> None:
    request = factories.waiting(of=team)
    with pytest.raises(NotAllowed):
        approve(factories.member(team, role), request)


def test_an_owner_of_another_team_does_not_decide(team: Team) -> None:
    request = factories.waiting(of=team)
    with pytest.raises(NotAllowed):
        approve(factories.owner_of(factories.team()), request)


def test_an_approver_who_was_removed_is_refused(team: Team, owner: User) -> None:
    admin = factories.member(team, Role.ADMIN)
    request = factories.waiting(of=team)
    teams.remove_member(by=owner, team=team, user=admin)
    with pytest.raises(NotAllowed):
        approve(admin, request)


def test_a_disabled_approver_is_refused(team: Team, owner: User) -> None:
    request = factories.waiting(of=team)
    User.objects.filter(pk=owner.pk).update(is_active=False)
    with pytest.raises(NotAllowed):
        approve(owner, request)


def test_what_somebody_asked_for_who_left_can_only_be_declined(
    team: Team, owner: User, member: User
) -> None:
    request = factories.waiting(of=team, by=member)
    Membership.objects.filter(user=member, team=team).delete()
    with pytest.raises(AuthorGone):
        approve(owner, request)
    decline(owner, request)
    assert ledger.balance(team=team).held == 0


def test_a_threshold_that_is_taken_away_leaves_what_waits_waiting(team: Team) -> None:
    request = factories.waiting(of=team)
    wait_above(team, None)
    assert now(request).status == Status.AWAITING_APPROVAL


def test_only_owners_set_the_threshold(team: Team) -> None:
    with pytest.raises(NotAllowed):
        teams.set_approval(by=factories.member(team, Role.ADMIN), team=team, above=0)


@pytest.mark.parametrize("change", ["UPDATE {} SET words = 'No'", "DELETE FROM {}", "TRUNCATE {}"])
def test_the_database_keeps_a_decision_as_it_was_made(team: Team, owner: User, change: str) -> None:
    approve(owner, factories.waiting(of=team))
    with (
        pytest.raises(IntegrityError, match="append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(change.format("generations_approval"))


def test_approvers_get_a_mail_that_leads_to_the_request(team: Team, owner: User) -> None:
    admin = factories.member(team, Role.ADMIN)
    factories.waiting(of=team, prompt="A secret lighthouse")
    (letter,) = mail.outbox
    assert letter.to == [owner.email, admin.email]
    assert "/approvals/link/" in letter.body
    assert "3.3 credits" in letter.body
    assert "lighthouse" not in letter.body


def test_the_author_gets_a_mail_with_the_words(team: Team, owner: User) -> None:
    request = factories.waiting(of=team)
    mail.outbox.clear()
    decline(owner, request, "Not this month")
    (letter,) = mail.outbox
    assert letter.to == [request.user.email]
    assert "Not this month" in letter.body
    assert "Nothing was sent or charged" in letter.body


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (["Olga"], "Olga"),
        (["Olga", "Ada"], "Olga or Ada"),
        (["Olga", "Ada", "Ben"], "Olga, Ada or Ben"),
        (["Olga", "Ada", "Ben", "Cleo", "Dan"], "Olga, Ada or 3 others"),
    ],
)
def test_approvers_are_named_in_a_sentence(names: list[str], words: str) -> None:
    team = factories.team()
    people = [
        factories.owner_of(team),
        *(factories.member(team, Role.ADMIN) for _ in names[1:]),
    ]
    for person, name in zip(people, names, strict=True):
        User.objects.filter(pk=person.pk).update(name=name)
    factories.team(owner=people[0])  # who has more teams is named once
    assert approvals.approvers_in_words(team) == words


@pytest.mark.parametrize("verdict", Verdict)
def test_who_asked_as_a_member_does_not_decide_it_as_an_admin(
    team: Team, owner: User, member: User, verdict: Verdict
) -> None:
    request = factories.waiting(of=team, by=member)
    Membership.objects.filter(user=member).update(role=Role.ADMIN)
    with pytest.raises(OwnRequest, match="somebody else has to decide"):
        approvals.decide(by=member, request=request, verdict=verdict, words="Mine")
    assert now(request).status == Status.AWAITING_APPROVAL
    approve(owner, request)
    assert now(request).status == Status.QUEUED
