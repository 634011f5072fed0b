from datetime import timedelta
from itertools import chain, repeat

import pytest
from django.utils import timezone

from accounts.models import ApiToken, Budget, BudgetWindow, Hold, Period, Team, User
from accounts.services import counting_in, ledger, posting, tokens
from accounts.services.rooms import start_of
from generations.models import GenerationRequest
from generations.services import limits, requests, storing
from tests import factories
from tests.factories import CREDIT, PRICE

pytestmark = pytest.mark.django_db


@pytest.fixture
def team() -> Team:
    return factories.team()


@pytest.fixture
def member(team: Team) -> User:
    return factories.member(team)


def limit(
    team: Team,
    *,
    period: Period = Period.MONTH,
    amount: int = 10 * CREDIT,
    member: User | None = None,
    token: ApiToken | None = None,
    model: str = "",
) -> Budget:
    owner = factories.owner_of(team)
    return limits.set_limit(
        by=owner,
        team=team,
        period=period,
        amount=amount,
        member=member,
        token=token,
        model=model,
    )


def counted(budget: Budget) -> tuple[int, int]:
    window = BudgetWindow.objects.get(budget=budget)
    return window.used, window.held


def spent_by(member: User, team: Team) -> GenerationRequest:
    return factories.succeeded(factories.request(of=team, by=member))


def test_a_new_limit_counts_what_its_period_has_seen(team: Team, member: User) -> None:
    for _ in range(2):
        spent_by(member, team)
    factories.request(of=team, by=member)
    assert counted(limit(team, member=member)) == (2 * PRICE, PRICE)


def test_it_counts_what_came_back_and_what_lay_above_a_hold(team: Team, member: User) -> None:
    back = spent_by(member, team)
    ledger.refund(hold=back.hold_id, amount=CREDIT, reference="r1", reason="Blurred")
    dearer = factories.answered(
        factories.request(of=team, by=member), raw=factories.answer(usd="0.05")
    )
    storing.finish(dearer.request_id)
    assert counted(limit(team, member=member)) == (PRICE - CREDIT + 5 * CREDIT, 0)


def test_what_was_under_way_settles_in_the_new_limit(team: Team, member: User) -> None:
    under_way, cancelled = (factories.request(of=team, by=member) for _ in range(2))
    budget = limit(team, member=member)
    factories.succeeded(under_way)
    requests.cancel(request=cancelled)
    assert counted(budget) == (PRICE, 0)


def test_a_refund_of_what_came_before_the_limit_makes_room_in_it(team: Team, member: User) -> None:
    done = spent_by(member, team)
    budget = limit(team, member=member)
    ledger.refund(hold=done.hold_id, amount=CREDIT, reference="r1", reason="Blurred")
    assert counted(budget) == (PRICE - CREDIT, 0)


def test_it_counts_nothing_twice_however_often_it_is_set(team: Team, member: User) -> None:
    spent_by(member, team)
    limit(team, member=member)
    assert counted(limit(team, member=member, amount=5 * CREDIT)) == (PRICE, 0)


def test_each_limit_counts_only_what_it_is_about(team: Team, member: User) -> None:
    token, _ = tokens.create(by=member, team=team, name="Nightly")
    spent_by(member, team)
    spent_by(factories.owner_of(team), team)
    spent_by(factories.owner_of(other := factories.team(name="Other")), other)
    assert counted(limit(team)) == (2 * PRICE, 0)
    assert counted(limit(team, member=member)) == (PRICE, 0)
    assert counted(limit(team, token=token)) == (0, 0)
    assert counted(limit(team, model=factories.MODEL)) == (2 * PRICE, 0)
    assert counted(limit(team, model="flux-realism")) == (0, 0)


def test_it_counts_nothing_of_periods_that_are_over(team: Team, member: User) -> None:
    old = spent_by(member, team)
    Hold.objects.filter(pk=old.hold_id).update(created_at=timezone.now() - timedelta(days=40))
    assert counted(limit(team, member=member)) == (0, 0)
    assert counted(limit(team, member=member, period=Period.TOTAL)) == (PRICE, 0)


def test_a_limit_that_is_made_as_a_period_ends_counts_each_in_its_own(
    team: Team, member: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    done, budget, now = spent_by(member, team), factories.limit(team), timezone.now()
    monkeypatch.setattr(timezone, "now", chain([now], repeat(now + timedelta(days=32))).__next__)

    counting_in.count_in(budget, Hold.objects.filter(pk=done.hold_id))

    [window] = BudgetWindow.objects.all()
    assert (window.starts_at, window.used) == (start_of(Period(budget.period), now), PRICE)


def test_many_are_counted_in_parts_and_what_was_left_out_when_it_is_said_again(
    team: Team, member: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counting_in, "AT_ONCE", 2)
    for _ in range(5):
        factories.request(of=team, by=member)
    parts = [1, 1, 0, 1, 1]

    def break_off(statement: str, values: dict[str, object]) -> int:
        if not parts.pop(0):
            raise ConnectionError
        return posting.execute(statement, values)

    monkeypatch.setattr(counting_in, "execute", break_off)
    with pytest.raises(ConnectionError):
        limit(team, member=member)
    budget = Budget.objects.get()
    assert counted(budget) == (0, 4 * PRICE)
    assert counted(limit(team, member=member)) == (0, 5 * PRICE)
    assert parts == [1]
