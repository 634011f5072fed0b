"""Where a team's credits come from, and its plan on Usage."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import (
    AccountKind,
    CreditAccount,
    EntryKind,
    LotKind,
    Plan,
    Role,
    Rollover,
    User,
)
from accounts.services import funds, ledger, plans
from accounts.services.posting import Portion, Posting, give_in_portions
from tests import factories
from tests.generations.views.studio import Studio, browser

pytestmark = pytest.mark.django_db
CREDIT = factories.CREDIT


@pytest.fixture
def owners(studio: Studio) -> Client:
    return browser(studio.owner)


@pytest.fixture
def planned(studio: Studio) -> Studio:
    """The studio, on a plan of 500, of which 120 roll over."""
    some = Plan.objects.create(
        name="Studio",
        credits=500 * CREDIT,
        rollover=Rollover.SOME,
        rolls_at_most=120 * CREDIT,
    )
    staff = User.objects.create_superuser("rita@example.com")
    plans.subscribe(by=staff, team=studio.team, plan=some, reason="Order 17")
    return studio


def test_an_owner_sees_the_plan_on_usage(owners: Client, planned: Studio) -> None:
    page = owners.get("/usage/").text
    assert "Studio plan:" in page
    assert "500 credits on the 1st; up to 120 roll over" in page
    assert 'href="/usage/credits/"' in page


def test_a_member_is_told_nothing_of_the_plan(mine: Client, planned: Studio) -> None:
    assert "Studio plan" not in mine.get("/usage/").text
    assert mine.get("/usage/credits/").status_code == 403


def test_lots_are_shown_in_the_order_in_which_they_are_spent(
    owners: Client, planned: Studio
) -> None:
    ends = timezone.now() + timedelta(days=2)
    funds.promote(
        team=planned.team, amount=9 * CREDIT, reference="1", reason="Spring", expires_at=ends
    )
    held = ledger.hold(team=planned.team, amount=4 * CREDIT, reference="r1")
    ledger.capture(hold=held.pk, amount=3 * CREDIT)
    ledger.hold(team=planned.team, amount=2 * CREDIT, reference="r2")

    response = owners.get("/usage/credits/")
    shown = [
        (one.lot.get_kind_display(), one.left // CREDIT, one.held // CREDIT)
        for one in response.context["sources"]
    ]
    assert shown == [
        ("Promotion", 6, 2),
        ("Plan", 380, 0),
        ("Plan", 120, 0),
        ("Granted", 1000, 0),
    ]
    assert response.context["total"] == 1506 * CREDIT
    assert (response.context["first_end"], response.context["ending_first"]) == (ends, 6 * CREDIT)
    for words in ("Spring", "2 reserved", "Order 17", "Never"):
        assert words in response.text


def test_what_ran_out_and_is_still_there_is_said(owners: Client, studio: Studio) -> None:
    begin, end = (timezone.now() - timedelta(hours=ago) for ago in (2, 1))
    posting = Posting(
        team=studio.team,
        amount=9 * CREDIT,
        kind=EntryKind.GRANT,
        key="grant:1",
        house=AccountKind.PROMOTION,
        reason="Spring",
    )
    give_in_portions(posting, [Portion(LotKind.PROMOTION, posting.amount, end, begin)])
    assert "Ran out" in owners.get("/usage/credits/").text


def test_a_team_without_credits_is_told_so() -> None:
    theirs = browser(factories.owner_of(factories.team(amount=0)))
    assert "has had no credits yet" in theirs.get("/usage/credits/").text


def test_a_team_that_borrowed_is_told_what_it_owes(owners: Client, studio: Studio) -> None:
    CreditAccount.objects.filter(team=studio.team).update(overdraft=5 * CREDIT)
    held = ledger.hold(team=studio.team, amount=1005 * CREDIT, reference="r1")
    ledger.capture(hold=held.pk, amount=1005 * CREDIT)
    assert "owes 5 credits" in owners.get("/usage/credits/").text


def test_a_plan_that_starts_later_says_from_when(owners: Client, studio: Studio) -> None:
    staff = User.objects.create_superuser("rita@example.com")
    plan = Plan.objects.create(name="Studio", credits=500 * CREDIT)
    on = timezone.now().date() + timedelta(days=3)
    plans.subscribe(by=staff, team=studio.team, plan=plan, reason="Order 17", starts_on=on)
    assert "From" in owners.get("/usage/credits/").text


def test_an_admin_sees_it_too_and_a_viewer_does_not(studio: Studio) -> None:
    for role, status in ((Role.ADMIN, 200), (Role.VIEWER, 403)):
        someone = factories.member(studio.team, role)
        assert browser(someone).get("/usage/credits/").status_code == status


def test_the_page_takes_few_queries(
    owners: Client, planned: Studio, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(5):
        funds.top_up(team=planned.team, amount=CREDIT, reference=f"pay {number}")
    with django_assert_max_num_queries(12):
        owners.get("/usage/credits/")
