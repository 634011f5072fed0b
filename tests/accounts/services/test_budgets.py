from datetime import UTC, datetime
from functools import partial

import pytest
from django.core.mail import EmailMessage
from pytest_django import DjangoCaptureOnCommitCallbacks as Captured

from accounts.errors import InsufficientCredits, LimitsChanged, NotAllowed, OverLimit
from accounts.models import ApiToken, Budget, BudgetWindow, Period, Role, Team, User
from accounts.services import budgets, ledger, spending, tokens
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def team() -> Team:
    """A team with 1,000 microcredits."""
    return factories.team(amount=1_000)


def limit(
    team: Team,
    amount: int,
    *,
    member: User | None = None,
    token: ApiToken | None = None,
    model: str = "",
    period: str = "month",
) -> Budget:
    return budgets.set_limit(
        by=factories.owner_of(team),
        team=team,
        member=member,
        token=token,
        model=model,
        period=Period(period),
        amount=amount,
    )


def token_of(team: Team, user: User | None = None) -> ApiToken:
    token, _ = tokens.create(by=user or factories.owner_of(team), team=team, name="Nightly")
    return token


def counters(budget: Budget) -> tuple[int, int]:
    window = BudgetWindow.objects.get(budget=budget)
    return window.used, window.held


def test_a_hold_counts_in_every_limit_that_applies(team: Team) -> None:
    both = [limit(team, 100), limit(team, 50, period="day")]
    ledger.hold(team=team, amount=40, reference="r1", limits=both)
    assert [counters(budget) for budget in both] == [(0, 40), (0, 40)]


def test_a_full_limit_refuses_and_leaves_every_counter_as_it_was(team: Team) -> None:
    wide, narrow = limit(team, 100), limit(team, 50, period="day")
    with pytest.raises(OverLimit, match=r"leaves 0\.00005"):
        ledger.hold(team=team, amount=60, reference="r1", limits=[wide, narrow])
    assert counters(wide) == counters(narrow) == (0, 0)
    assert ledger.balance(team=team).held == 0


def test_a_limit_may_be_used_to_the_last_microcredit(team: Team) -> None:
    budget = limit(team, 50)
    ledger.hold(team=team, amount=50, reference="r1", limits=[budget])
    with pytest.raises(OverLimit):
        ledger.hold(team=team, amount=1, reference="r2", limits=[budget])


def test_missing_credits_are_said_before_a_limit_with_room(team: Team) -> None:
    budget = limit(team, 5_000)
    with pytest.raises(InsufficientCredits):
        ledger.hold(team=team, amount=2_000, reference="r1", limits=[budget])
    assert counters(budget) == (0, 0)


def test_a_capture_uses_what_it_took_and_frees_the_rest(team: Team) -> None:
    budget = limit(team, 100)
    held = ledger.hold(team=team, amount=60, reference="r1", limits=[budget])
    ledger.capture(hold=held.pk, amount=45)
    assert counters(budget) == (45, 0)


def test_a_release_frees_all(team: Team) -> None:
    budget = limit(team, 100)
    held = ledger.hold(team=team, amount=60, reference="r1", limits=[budget])
    ledger.release(hold=held.pk)
    assert counters(budget) == (0, 0)


def test_a_refund_gives_the_room_back(team: Team) -> None:
    budget = limit(team, 100)
    held = ledger.hold(team=team, amount=60, reference="r1", limits=[budget])
    ledger.capture(hold=held.pk, amount=60)
    ledger.refund(hold=held.pk, amount=20, reference="x", reason="Blurred")
    assert counters(budget) == (40, 0)


def test_a_lowered_limit_leaves_no_room_and_breaks_no_hold(team: Team) -> None:
    budget = limit(team, 100)
    held = ledger.hold(team=team, amount=60, reference="r1", limits=[budget])
    lowered = limit(team, 10)
    assert lowered == budget
    with pytest.raises(OverLimit):
        ledger.hold(team=team, amount=1, reference="r2", limits=[lowered])
    ledger.capture(hold=held.pk, amount=60)
    assert budgets.rooms(Budget.objects.filter(pk=lowered.pk))[0].left == 0


def test_only_limits_of_the_person_the_model_and_the_team_apply(team: Team) -> None:
    person, other = factories.member(team), factories.member(team)
    mine = limit(team, 10, member=person)
    limit(team, 10, member=other)
    shared = limit(team, 10)
    dev = limit(team, 10, model="flux/dev")
    limit(team, 10, model="flux-pro")
    found = budgets.applying(team=team, spender=person, model="flux/dev")
    assert set(found) == {mine, shared, dev}


def test_a_tokens_limit_applies_to_what_comes_by_that_token_alone(team: Team) -> None:
    owner, token = factories.owner_of(team), token_of(team)
    of_token, of_team = limit(team, 10, token=token), limit(team, 20)
    by_hand = budgets.applying(team=team, spender=owner, model="flux/dev")
    by_token = budgets.applying(team=team, spender=owner, model="flux/dev", token=token)
    by_other = budgets.applying(team=team, spender=owner, model="", token=token_of(team))
    assert by_hand == by_other == [of_team]
    assert set(by_token) == {of_token, of_team}


def test_a_tokens_limit_refuses_in_its_name(team: Team) -> None:
    of_token = limit(team, 10, token=token_of(team))
    with pytest.raises(OverLimit, match="The limit of the token Nightly is"):
        ledger.hold(team=team, amount=11, reference="r1", limits=[of_token, limit(team, 20)])


def test_a_token_of_another_team_cannot_be_limited(team: Team) -> None:
    with pytest.raises(NotAllowed):
        limit(team, 10, token=token_of(factories.team()))


def test_limits_of_a_revoked_token_are_in_force_no_more(team: Team) -> None:
    token, owner = token_of(team), factories.owner_of(team)
    person = factories.member(team)
    of_all = [limit(team, 10), limit(team, 10, member=person), limit(team, 10, token=token)]
    assert list(budgets.in_force(team=team)) == of_all
    tokens.revoke(by=owner, token=token)
    assert list(budgets.in_force(team=team)) == of_all[:2]


def test_the_fullest_limit_of_each_member_is_found(team: Team) -> None:
    person = factories.member(team)
    wide, narrow = limit(team, 100, member=person), limit(team, 50, member=person, period="day")
    limit(team, 1, member=person, model="flux/dev")
    limit(team, 1)
    ledger.hold(team=team, amount=40, reference="r1", limits=[wide, narrow])
    found = budgets.fullest_of_members(team=team)
    assert {who: (room.budget, room.percent) for who, room in found.items()} == {
        person.pk: (narrow, 80)
    }


def test_an_ended_limit_applies_no_more(team: Team) -> None:
    budget = limit(team, 10)
    budgets.end_limit(by=factories.owner_of(team), budget=budget)
    assert budgets.applying(team=team, spender=factories.owner_of(team), model="") == []


@pytest.mark.parametrize("role", [Role.ADMIN, Role.MEMBER, Role.VIEWER])
def test_only_owners_set_limits(team: Team, role: Role) -> None:
    with pytest.raises(NotAllowed):
        budgets.set_limit(
            by=factories.member(team, role),
            team=team,
            member=None,
            model="",
            period=Period.DAY,
            amount=1,
        )


def test_a_capture_after_midnight_settles_in_the_day_that_admitted_it(team: Team) -> None:
    budget = limit(team, 100, period="day")
    yesterday = datetime(2026, 11, 17, 23, 59, tzinfo=UTC)
    [window] = budgets.windows([budget], now=yesterday)
    held = ledger.hold(team=team, amount=60, reference="r1", limits=[budget])
    type(held).objects.filter(pk=held.pk).update(windows=[window])
    BudgetWindow.objects.filter(pk=window).update(held=60)
    ledger.capture(hold=held.pk, amount=60)
    assert BudgetWindow.objects.get(pk=window).used == 60


def test_a_member_is_told_once_when_half_of_their_limit_is_used(
    team: Team, mailoutbox: list[EmailMessage], django_capture_on_commit_callbacks: Captured
) -> None:
    person = factories.member(team)
    budget = limit(team, 100, member=person)
    with django_capture_on_commit_callbacks(execute=True):
        for reference, amount in (("r1", 40), ("r2", 15), ("r3", 5)):
            ledger.hold(team=team, amount=amount, reference=reference, limits=[budget])
            budgets.warn([budget])
    assert [(mail.to, mail.subject) for mail in mailoutbox] == [
        ([person.email], "50 % of a limit of Studio is used")
    ]


def test_owners_are_told_when_the_teams_limit_is_used_up(
    team: Team, mailoutbox: list[EmailMessage], django_capture_on_commit_callbacks: Captured
) -> None:
    budget = limit(team, 100)
    with django_capture_on_commit_callbacks(execute=True):
        ledger.hold(team=team, amount=100, reference="r1", limits=[budget])
        budgets.warn([budget])
    assert mailoutbox[0].to == [factories.owner_of(team).email]
    assert "0 credits are left" in mailoutbox[0].body


def test_a_tokens_owner_is_told_when_its_limit_is_used(
    team: Team, mailoutbox: list[EmailMessage], django_capture_on_commit_callbacks: Captured
) -> None:
    person = factories.member(team)
    budget = limit(team, 100, token=token_of(team, person), period="week")
    with django_capture_on_commit_callbacks(execute=True):
        ledger.hold(team=team, amount=80, reference="r1", limits=[budget])
        budgets.warn([budget])
    assert mailoutbox[0].to == [person.email]
    assert mailoutbox[0].subject == "80 % of a limit of Studio is used"
    assert "The limit of the token Nightly is 0.0001 credits a week" in mailoutbox[0].body


def test_what_is_charged_above_a_hold_counts_in_its_limits(team: Team) -> None:
    budget = limit(team, 100)
    held = ledger.hold(team=team, amount=40, reference="r1", limits=[budget])
    ledger.capture(hold=held.pk, amount=40)
    ledger.overrun(hold=held.pk, amount=300, reason="above the hold")
    assert counters(budget) == (340, 0)
    with pytest.raises(OverLimit):
        ledger.hold(team=team, amount=1, reference="r2", limits=[budget])


def test_what_the_house_pays_above_a_hold_counts_in_no_limit() -> None:
    poor = factories.team(amount=50)
    budget = limit(poor, 100)
    held = ledger.hold(team=poor, amount=40, reference="r1", limits=[budget])
    ledger.capture(hold=held.pk, amount=40)
    ledger.overrun(hold=held.pk, amount=30, reason="above the hold")
    assert counters(budget) == (50, 0)


def test_a_hold_that_knows_of_fewer_limits_than_there_are_is_refused(team: Team) -> None:
    known = budgets.made(team)
    limit(team, 1_000)
    with pytest.raises(LimitsChanged, match="Nothing was charged"):
        ledger.hold(team=team, amount=1, reference="r1", limits_made=known)
    assert ledger.balance(team=team).held == 0


def test_a_hold_is_placed_within_the_limits_that_there_are_by_then(team: Team) -> None:
    owner = factories.owner_of(team)
    hold = partial(spending.hold, by=owner, team=team, model="", amount=60)
    hold(reference="r1")
    budget = limit(team, 100)
    hold(reference="r2")
    with pytest.raises(OverLimit):
        hold(reference="r3")
    assert counters(budget) == (0, 60)


@pytest.mark.parametrize("how", ["set", "raised"])
def test_whoever_was_told_is_told_again_once_a_limit_is_raised(
    team: Team,
    how: str,
    mailoutbox: list[EmailMessage],
    django_capture_on_commit_callbacks: Captured,
) -> None:
    budget = limit(team, 100)
    with django_capture_on_commit_callbacks(execute=True):
        ledger.hold(team=team, amount=100, reference="r1", limits=[budget])
        budgets.warn([budget])
        if how == "set":
            budget = limit(team, 400)
        else:
            budgets.raise_limit(by=factories.owner_of(team), budget=budget, more=300)
            budget.refresh_from_db()
        for reference in ("r2", "r3"):
            ledger.hold(team=team, amount=50, reference=reference, limits=[budget])
            budgets.warn([budget])
    shares = [mail.subject.partition(" of")[0] for mail in mailoutbox]
    assert shares == ["100 %", "50 %"]
