from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import LedgerEntry, Lot, Plan, Team, TeamPlan, User
from accounts.services import ledger, plans
from tests import factories

pytestmark = pytest.mark.django_db

CREDIT = factories.CREDIT
TODAY = timezone.now().date()


@pytest.fixture
def root() -> User:
    return factories.staff()


@pytest.fixture
def staff(client: Client, root: User) -> Client:
    client.force_login(root)
    return client


@pytest.fixture
def team() -> Team:
    return factories.team(amount=0)


@pytest.fixture
def plan() -> Plan:
    return Plan.objects.create(name="Studio", credits=500 * CREDIT)


def add_plan(client: Client, **changes: str) -> str:
    form = {"name": "Studio", "credits": "500", "rollover": "some", "rolls_at_most": "120.5"}
    address = reverse("admin:accounts_plan_add")
    return client.post(address, {**form, "active": "on", **changes}, follow=True).text


def set_plan(client: Client, team: Team, to: Plan, **changes: str) -> str:
    form = {"team": str(team.pk), "plan": str(to.pk), "starts_on": str(TODAY)}
    address = reverse("admin:accounts_teamplan_add")
    return client.post(address, {**form, "reason": "Order 17", **changes}, follow=True).text


def test_a_plan_is_written_in_credits(staff: Client) -> None:
    add_plan(staff)
    made = Plan.objects.get()
    assert (made.credits, made.rolls_at_most) == (500 * CREDIT, 120_500_000)
    page = staff.get(reverse("admin:accounts_plan_change", args=[made.pk])).text
    assert 'value="120.5"' in page
    assert "up to 120.5 roll over" in staff.get(reverse("admin:accounts_plan_changelist")).text


def test_a_plan_that_rolls_over_some_says_how_much(staff: Client) -> None:
    assert "Say how many credits roll over" in add_plan(staff, rolls_at_most="")
    add_plan(staff, rollover="all")
    assert Plan.objects.get().rolls_at_most is None


@pytest.mark.parametrize("amount", ["0", "-5", "0.0000001", "many"])
def test_a_plan_of_no_amount_is_refused(staff: Client, amount: str) -> None:
    add_plan(staff, credits=amount)
    assert not Plan.objects.exists()


def test_staff_put_a_team_on_a_plan_and_its_credits_name_why(
    staff: Client, root: User, team: Team, plan: Plan
) -> None:
    assert "was added successfully" in set_plan(staff, team, plan)
    entry = LedgerEntry.objects.get(credit__team=team)
    assert (entry.amount, entry.actor) == (500 * CREDIT, root)
    assert entry.reason.endswith(": Order 17")


def test_a_second_plan_takes_the_place_of_the_first(staff: Client, team: Team, plan: Plan) -> None:
    other = Plan.objects.create(name="Agency", credits=900 * CREDIT)
    set_plan(staff, team, plan)
    assert "was added successfully" in set_plan(staff, team, other)
    now = plans.active(team)
    assert now
    assert now.plan == other


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"starts_on": str(TODAY - timedelta(days=1))}, "Today or later"),
        ({"reason": " "}, "This field is required"),
        ({"plan": ""}, "This field is required"),
    ],
)
def test_what_no_plan_can_be_set_by_is_said_beside_the_field(
    staff: Client, team: Team, plan: Plan, changes: dict[str, str], words: str
) -> None:
    assert words in set_plan(staff, team, plan, **changes)
    assert not TeamPlan.objects.exists()


def test_a_plan_that_is_not_offered_is_set_no_more(staff: Client, team: Team, plan: Plan) -> None:
    Plan.objects.update(active=False)
    assert "not offered any more" in set_plan(staff, team, plan)


def test_a_plan_of_much_waits_for_somebody_else_in_words(
    staff: Client, root: User, team: Team, client: Client
) -> None:
    second = factories.staff()
    assert "gives so much that a second member of staff" in add_plan(staff, credits="5000")
    made = Plan.objects.get()
    assert "gives so much that a second member of staff" in set_plan(staff, team, made)
    agree = {"action": "agree", ACTION_CHECKBOX_NAME: str(made.pk)}
    plan_list = reverse("admin:accounts_plan_changelist")
    page = staff.post(plan_list, agree, follow=True).text
    assert "Another member of staff has to agree" in page
    assert f"Waits for somebody beside {root}" in page
    client.force_login(second)
    assert "Studio plan: agreed." in client.post(plan_list, agree, follow=True).text
    assert "was added successfully" in set_plan(client, team, made)


def test_staff_end_a_teams_plan(staff: Client, team: Team, plan: Plan) -> None:
    set_plan(staff, team, plan)
    form = {"action": "end", ACTION_CHECKBOX_NAME: str(TeamPlan.objects.get().pk)}
    page = staff.post(reverse("admin:accounts_teamplan_changelist"), form, follow=True)
    assert "1 ended" in page.text
    assert plans.active(team) is None


def promote(client: Client, teams: list[Team], **form: str) -> str:
    values = {"action": "promote", ACTION_CHECKBOX_NAME: [str(one.pk) for one in teams], **form}
    return client.post(reverse("admin:accounts_team_changelist"), values, follow=True).text


def test_staff_are_asked_how_much_until_when_and_why(staff: Client, team: Team) -> None:
    assert "Credits for each team" in promote(staff, [team])
    form = {"amount": "25", "reason": " ", "last_day": "", "key": str(uuid4())}
    assert "This field is required" in promote(staff, [team], **form)
    form |= {"reason": "Spring", "last_day": str(TODAY - timedelta(days=1))}
    assert "cannot have run out before" in promote(staff, [team], **form)
    form |= {"last_day": "9999-12-31"}
    assert "else an earlier day" in promote(staff, [team], **form)
    assert not LedgerEntry.objects.exists()


def test_promotional_credits_are_given_once_to_each_chosen_team(
    staff: Client, root: User, team: Team
) -> None:
    both = [team, factories.team(amount=0)]
    form = {"amount": "25", "reason": "Spring", "last_day": str(TODAY), "key": str(uuid4())}
    for _ in range(2):
        assert "2 got their credits" in promote(staff, both, **form)
    assert [ledger.balance(team=one).available for one in both] == [25 * CREDIT] * 2
    lot = Lot.objects.filter(account__team=team).get()
    midnight = datetime.combine(TODAY + timedelta(days=1), datetime.min.time(), UTC)
    assert (lot.kind, lot.expires_at, lot.entry.actor) == ("promotion", midnight, root)


def test_a_promotion_that_is_sent_again_with_another_amount_gives_no_team_anything(
    staff: Client, team: Team
) -> None:
    form = {"amount": "25", "reason": "Spring", "last_day": "", "key": str(uuid4())}
    promote(staff, [team], **form)
    both = [factories.team(amount=0), team]

    page = promote(staff, both, **form | {"amount": "30"})

    assert "was used before, for something else" in page
    assert "None of the teams got more credits" in page
    assert [ledger.balance(team=one).available for one in both] == [0, 25 * CREDIT]


def test_staff_who_may_only_look_give_nothing(client: Client, team: Team, plan: Plan) -> None:
    user = factories.user()
    User.objects.filter(pk=user.pk).update(is_staff=True)
    client.force_login(User.objects.get(pk=user.pk))
    promote(client, [team], amount="25", reason="Spring", last_day="", key=str(uuid4()))
    set_plan(client, team, plan)
    assert not LedgerEntry.objects.exists()
