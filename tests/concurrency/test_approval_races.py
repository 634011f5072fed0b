"""Many deciding at once. Each guard has a twin without it, which shows the race."""

from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.db.models.functions import Now

from accounts.errors import AskDecided, NotAllowed
from accounts.models import (
    AskState,
    Budget,
    CreditRequest,
    LedgerEntry,
    Membership,
    Period,
    Role,
    Team,
    User,
)
from accounts.permissions import Permission
from accounts.services import ask_ends, asks, budgets, ledger, teams
from generations.errors import AlreadyDecided, TooLateToCancel
from generations.models import Approval, Attempt, GenerationRequest, Status, Verdict
from generations.services import approvals, claiming, requests, states
from tests import factories
from tests.accounts.race import meeting, together
from tests.factories import CREDIT

pytestmark = pytest.mark.django_db(transaction=True)

ROUNDS = 6
APPROVERS = 8


@pytest.fixture
def team() -> Team:
    return factories.team()


def approvers(team: Team, count: int) -> list[User]:
    return [factories.member(team, Role.ADMIN) for _ in range(count)]


def decide(by: User, request: GenerationRequest, verdict: Verdict) -> str:
    return approvals.decide(by=by, request=request, verdict=verdict, words="Because").verdict


def status_of(request: GenerationRequest) -> str:
    return GenerationRequest.objects.values_list("status", flat=True).get(pk=request.pk)


# Two approvers.


def test_of_many_who_decide_at_once_one_does(team: Team) -> None:
    people = approvers(team, APPROVERS)
    for _ in range(ROUNDS):
        request = factories.waiting(of=team)
        verdicts = [Verdict.APPROVED, Verdict.DECLINED] * (APPROVERS // 2)
        said = together(
            *[
                partial(decide, one, request, each)
                for one, each in zip(people, verdicts, strict=True)
            ]
        )
        (verdict,) = [one for one in said if not isinstance(one, AlreadyDecided)]
        assert Approval.objects.get(request=request).verdict == verdict
        if verdict == Verdict.APPROVED:
            assert status_of(request) == Status.QUEUED
        else:
            assert status_of(request) == Status.CANCELLED


@pytest.fixture
def careless(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What waits is looked at before and not again, and may be decided about more than once."""
    monkeypatch.setattr(states, "move", _looked_at_before(meeting(_status)))
    unique = "ALTER TABLE generations_approval {} CONSTRAINT {}"
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT conname FROM pg_constraint WHERE contype = 'u'"
            " AND conrelid = 'generations_approval'::regclass"
        )
        ((name,),) = cursor.fetchall()
        cursor.execute(unique.format("DROP", name))
    yield
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute("DELETE FROM generations_approval")
        cursor.execute("SET session_replication_role = origin")
        cursor.execute(unique.format("ADD", f"{name} UNIQUE (request_id)"))


def _status(request: UUID) -> str:
    return GenerationRequest.objects.values_list("status", flat=True).get(pk=request)


def _looked_at_before(look: Any) -> Any:
    def move(request: UUID, *, leave: Any, to: Status, **changes: Any) -> bool:
        if look(request) not in leave:
            return False
        times = {
            name: Now() + value if isinstance(value, timedelta) else value
            for name, value in changes.items()
        }
        GenerationRequest.objects.filter(pk=request).update(status=to, **times)
        return True

    return move


@pytest.mark.usefixtures("careless")
def test_looked_at_before_two_decide_about_one_request(team: Team) -> None:
    """The twin: both saw it wait."""
    one, other = approvers(team, 2)
    request = factories.waiting(of=team)
    together(
        partial(decide, one, request, Verdict.APPROVED),
        partial(decide, other, request, Verdict.APPROVED),
    )
    assert Approval.objects.filter(request=request).count() == 2


# An approver, and an author who cancels.


def test_what_its_author_cancels_while_it_is_approved_is_never_both(team: Team) -> None:
    (approver,) = approvers(team, 1)
    for _ in range(ROUNDS):
        request = factories.waiting(of=team)
        said, cancelled, sent = together(
            partial(decide, approver, request, Verdict.APPROVED),
            partial(requests.cancel, request=request),
            claiming.claim,
        )
        if cancelled is True:
            assert status_of(request) == Status.CANCELLED
            assert not Attempt.objects.filter(request=request).exists()
        else:
            assert isinstance(cancelled, TooLateToCancel)
            assert said == Verdict.APPROVED
            assert sent is not None


def test_what_its_author_cancels_while_it_is_declined_gives_back_its_hold_once(
    team: Team,
) -> None:
    (approver,) = approvers(team, 1)
    for _ in range(ROUNDS):
        request = factories.waiting(of=team)
        said, cancelled = together(
            partial(decide, approver, request, Verdict.DECLINED),
            partial(requests.cancel, request=request),
        )
        assert [isinstance(said, AlreadyDecided), isinstance(cancelled, TooLateToCancel)].count(
            True
        ) == 1
        assert ledger.balance(team=team).held == 0


# An approver, and an owner who removes them.


def removed(team: Team, approver: User) -> None:
    teams.remove_member(by=factories.owner_of(team), team=team, user=approver)


def test_who_is_removed_meanwhile_decides_before_that_or_not_at_all(team: Team) -> None:
    for _ in range(ROUNDS):
        (approver,) = approvers(team, 1)
        request = factories.waiting(of=team)
        said, _ = together(
            partial(decide, approver, request, Verdict.APPROVED), partial(removed, team, approver)
        )
        decided = Approval.objects.filter(request=request).exists()
        assert decided == (said == Verdict.APPROVED)
        assert decided or isinstance(said, NotAllowed)
        assert not Membership.objects.filter(user=approver, team=team).exists()


def _removed_in_between(team: Team, approver: User) -> Any:
    """Look at the permission as it is now; then the approver is removed before they decide."""

    def look(actor: User, permission: Permission, of: Team) -> None:
        if not Membership.objects.filter(team=of, user=actor, role=Role.ADMIN).exists():
            raise NotAllowed
        together(partial(removed, team, approver))

    return look


def test_looked_at_without_a_lock_who_was_removed_still_decides(
    team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The twin: the removal is committed before the decision."""
    (approver,) = approvers(team, 1)
    request = factories.waiting(of=team)
    monkeypatch.setattr(teams, "keep_permission", _removed_in_between(team, approver))
    assert decide(approver, request, Verdict.APPROVED) == Verdict.APPROVED
    assert not Membership.objects.filter(user=approver, team=team).exists()


# Asking for more.


def grant(ask: CreditRequest, by: User) -> str:
    # Each decides about the ask as they saw it.
    seen = CreditRequest.objects.select_related("team", "by", "budget").get(pk=ask.pk)
    asks.grant(by=by, ask=seen, amount=5 * CREDIT)
    return seen.state


def staff() -> User:
    someone = factories.user()
    User.objects.filter(pk=someone.pk).update(is_staff=True)
    return User.objects.get(pk=someone.pk)


def ask(team: Team, limit: Budget | None = None, by: User | None = None) -> CreditRequest:
    member = by or factories.member(team)
    return asks.ask(by=member, team=team, amount=5 * CREDIT, words="For the fair", limit=limit)


def test_credits_that_many_grant_at_once_are_given_once(team: Team) -> None:
    asked = ask(team)
    said = together(*[partial(grant, asked, staff()) for _ in range(APPROVERS)])
    assert said.count(AskState.GRANTED) == 1
    assert sum(isinstance(one, AskDecided) for one in said) == APPROVERS - 1
    assert LedgerEntry.objects.get(key=f"grant:ask:{asked.pk}").amount == 5 * CREDIT


def limit_of(team: Team, member: User) -> Budget:
    return budgets.set_limit(
        by=factories.owner_of(team),
        team=team,
        member=member,
        model="",
        period=Period.MONTH,
        amount=10 * CREDIT,
    )


def test_a_limit_that_many_raise_at_once_is_raised_once(team: Team) -> None:
    member = factories.member(team)
    asked = ask(team, limit_of(team, member), member)
    together(*[partial(grant, asked, one) for one in approvers(team, APPROVERS)])
    assert Budget.objects.get().amount == 15 * CREDIT


def test_looked_at_before_a_limit_is_raised_by_each(
    team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The twin: both saw the ask open."""
    member = factories.member(team)
    asked = ask(team, limit_of(team, member), member)
    look = meeting(lambda ask: CreditRequest.objects.get(pk=ask.pk).is_open)

    def end(ask: CreditRequest, *, by: User, state: AskState, **changes: Any) -> None:
        assert look(ask)
        CreditRequest.objects.filter(pk=ask.pk).update(
            state=state, decided_by=by, decided_at="2026-11-20T00:00Z", **changes
        )

    monkeypatch.setattr(ask_ends, "end", end)
    together(*[partial(grant, asked, one) for one in approvers(team, 2)])
    assert Budget.objects.get().amount == 20 * CREDIT


def test_an_ask_is_taken_back_or_granted_and_never_both(team: Team) -> None:
    for _ in range(ROUNDS):
        asked = ask(team)
        before = ledger.balance(team=team).posted
        granted, withdrawn = together(
            partial(grant, asked, staff()), partial(asks.withdraw, by=asked.by, ask=asked)
        )
        gained = ledger.balance(team=team).posted - before
        assert (granted == AskState.GRANTED) == (gained == 5 * CREDIT)
        assert (withdrawn is None) == (gained == 0)


def test_of_many_asks_of_one_person_at_once_one_is_open(team: Team) -> None:
    member = factories.member(team)
    together(*[partial(ask, team, None, member)] * APPROVERS)
    assert CreditRequest.objects.get(by=member).state == AskState.OPEN
