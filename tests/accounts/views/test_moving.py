"""The page where an owner moves credits between two teams of their own."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import CreditAccount, LedgerEntry, Role, Team
from accounts.services import funds, ledger
from tests import factories
from tests.accounts.people import browser

pytestmark = pytest.mark.django_db

CREDIT = factories.CREDIT
PLACE = "/usage/credits/move/"


@pytest.fixture
def team() -> Team:
    """A team with 100 credits, and 20 more of a promotion."""
    made = factories.team(amount=100 * CREDIT, name="Northlight")
    ends = timezone.now() + timedelta(days=3)
    funds.promote(
        team=made, amount=20 * CREDIT, reference="spring", reason="Spring", expires_at=ends
    )
    return made


@pytest.fixture
def other(team: Team) -> Team:
    return factories.team(owner=factories.owner_of(team), amount=0, name="Southlight")


@pytest.fixture
def owner(team: Team) -> Client:
    return browser(factories.owner_of(team))


def form(team: Team, to: Team, amount: str, **more: str) -> dict[str, str]:
    said = {"team": team.slug, "to": str(to.pk), "amount": amount, "key": str(uuid4())}
    return said | {"reason": "For the campaign"} | more


def available(team: Team) -> int:
    return ledger.balance(team=team).available // CREDIT


def test_an_owner_moves_what_was_granted_once(owner: Client, team: Team, other: Team) -> None:
    said = form(team, other, "30")
    for _ in range(2):
        page = owner.post(PLACE, said, follow=True).text
    assert "30 credits moved to Southlight." in page
    assert (available(team), available(other)) == (90, 30)
    entry = LedgerEntry.objects.get(kind="transfer")
    assert entry.actor == factories.owner_of(team)
    assert entry.reason == "Northlight to Southlight: For the campaign"


def test_the_page_says_what_may_be_moved_and_what_stays(
    owner: Client, team: Team, other: Team
) -> None:
    ledger.hold(team=team, amount=50 * CREDIT, reference="r1")
    page = owner.get(PLACE).text
    assert "<b>70</b> credits: what was granted or bought" in page
    assert "70 may be moved." in page
    assert "Southlight" in page


@pytest.mark.parametrize(
    ("amount", "words"),
    [
        ("101", "100 credits may be moved, and this is 101: what came by a plan, a promotion"),
        ("121", "You need 121 credits and have 120."),
        ("0", "greater than or equal to"),
    ],
)
def test_what_cannot_be_moved_is_said_beside_the_amount(
    owner: Client, team: Team, other: Team, amount: str, words: str
) -> None:
    answer = owner.post(PLACE, form(team, other, amount))
    assert answer.status_code == 422
    assert words in answer.text
    assert (available(team), available(other)) == (120, 0)


def test_a_team_of_somebody_else_cannot_be_named(owner: Client, team: Team, other: Team) -> None:
    strange = factories.team(amount=0)
    answer = owner.post(PLACE, form(team, strange, "1"))
    assert "Select a valid choice" in answer.text
    assert available(strange) == 0


def test_nor_one_in_which_one_is_only_an_admin(owner: Client, team: Team, other: Team) -> None:
    theirs = factories.team(amount=0)
    user = factories.owner_of(team)
    theirs.memberships.create(user=user, role=Role.ADMIN)
    assert "Select a valid choice" in owner.post(PLACE, form(team, theirs, "1")).text


def test_only_owners_of_a_team_move_its_credits(team: Team, other: Team) -> None:
    admin = factories.member(team, Role.ADMIN)
    assert browser(admin).post(PLACE, form(team, other, "1")).status_code == 403
    assert available(other) == 0


def test_who_has_one_team_and_a_team_with_nothing_are_told_so(
    owner: Client, team: Team, other: Team
) -> None:
    CreditAccount.objects.filter(team=team).update(frozen_at=timezone.now())
    assert "Nothing here may be moved now." in owner.get(PLACE).text
    alone = factories.user()
    assert "you own no other" in browser(alone).get(PLACE).text


def test_the_sources_of_credits_lead_an_owner_there(owner: Client, team: Team) -> None:
    assert PLACE in owner.get(reverse("sources")).text
