"""The operators' pages where credits are corrected and large changes agreed to."""

from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from accounts.models import CreditAccount, CreditChange, LedgerEntry, Team, User
from accounts.services import asks, ledger
from tests import factories
from tests.accounts.people import browser

pytestmark = pytest.mark.django_db

CREDIT = factories.CREDIT
LIST = "/operations/teams/"


@pytest.fixture
def team() -> Team:
    return factories.team(amount=100 * CREDIT, name="Northlight")


@pytest.fixture
def first() -> User:
    return factories.staff()


@pytest.fixture
def desk(first: User) -> Client:
    return browser(first)


def place(team: Team) -> str:
    return reverse("team-credits", args=[team.slug])


def form(amount: str, *, kind: str = "adjust", **more: str) -> dict[str, str]:
    said = {"kind": kind, "amount": amount, "reason": "Counted <b>twice</b>", "key": str(uuid4())}
    return said | more


def decide(client: Client, change: CreditChange, verdict: str, note: str = "") -> str:
    address = reverse("change-decide", args=[change.pk])
    return client.post(address, {"verdict": verdict, "note": note}, follow=True).text


def test_what_a_correction_does_is_shown_before_it_is_booked(desk: Client, team: Team) -> None:
    ledger.hold(team=team, amount=30 * CREDIT, reference="r1")
    page = desk.post(place(team), form("-20")).text
    assert "Take 20 credits from Northlight" in page
    assert "Counted &lt;b&gt;twice&lt;/b&gt;" in page
    for figure in ("<b>80</b>", "<b>50</b>", ">30<"):
        assert figure in page
    assert not LedgerEntry.objects.filter(kind="adjust").exists()


def test_a_confirmed_correction_is_booked_once_and_stays_readable(desk: Client, team: Team) -> None:
    said = form("-20", confirmed="yes")
    for _ in range(2):
        page = desk.post(place(team), said, follow=True).text
    assert "Done, and booked." in page
    assert "Balance 100 → 80," in page
    assert ledger.balance(team=team).posted == 80 * CREDIT


def test_who_goes_back_finds_what_they_wrote(desk: Client, team: Team) -> None:
    page = desk.post(place(team), form("-20", back="yes")).text
    assert 'value="-20"' in page
    assert "Counted &lt;b&gt;twice&lt;/b&gt;" in page


@pytest.mark.parametrize(
    ("amount", "reason", "words"),
    [
        ("0", "Why", "A correction of 0 credits corrects nothing."),
        ("-101", "Why", "The team has 100 credits free: 101 cannot be taken from it."),
        ("1", " ", "This field is required."),
        ("0.0000001", "Why", "no more than 6 decimal places"),
        ("9999999999", "Why", "less than or equal to"),
    ],
)
def test_what_cannot_be_booked_is_said_beside_its_field(
    desk: Client, team: Team, amount: str, reason: str, words: str
) -> None:
    answer = desk.post(place(team), form(amount, reason=reason))
    assert answer.status_code == 422
    assert words in answer.text
    assert not CreditChange.objects.exists()


def test_an_overdraft_is_set_and_shown(desk: Client, team: Team) -> None:
    check = desk.post(place(team), form("25", kind="overdraft")).text
    assert "Northlight may spend down to 25 credits below zero" in check
    page = desk.post(place(team), form("25", kind="overdraft", confirmed="yes"), follow=True).text
    assert "The overdraft is set." in page
    assert "overdraft 0 → 25," in page
    assert CreditAccount.objects.get(team=team).overdraft == 25 * CREDIT


def test_an_overdraft_in_use_is_not_taken_away(desk: Client, team: Team) -> None:
    CreditAccount.objects.filter(team=team).update(overdraft=50 * CREDIT)
    ledger.hold(team=team, amount=130 * CREDIT, reference="r1")
    answer = desk.post(place(team), form("20", kind="overdraft"))
    assert "The team owes or holds 30 credits by it" in answer.text


def test_a_large_correction_waits_and_a_second_person_agrees_on_the_page(
    desk: Client, first: User, team: Team
) -> None:
    second = browser(factories.staff())
    assert "So much in a day takes two" in desk.post(place(team), form("5000")).text
    page = desk.post(place(team), form("5000", confirmed="yes"), follow=True).text
    assert "a second member of staff has to agree" in page
    [change] = CreditChange.objects.all()
    assert "Take back" in page
    assert "has to agree to what you asked for yourself" in decide(desk, change, "agree")
    assert "Balance 100 → 5,100," in second.get(LIST).text
    assert "Done, and booked." in decide(second, change, "agree")
    assert ledger.balance(team=team).posted == 5100 * CREDIT
    assert "it is done already" in decide(browser(factories.staff()), change, "agree")


def test_a_large_correction_is_declined_with_a_word(team: Team, first: User) -> None:
    change = factories.waiting_change(team, by=first)
    second = browser(factories.staff())
    assert "Say why: whoever asked is told." in decide(second, change, "decline")
    assert "Declined." in decide(second, change, "decline", "Look again")
    page = second.get(place(team)).text
    assert "Look again" in page
    assert ledger.balance(team=team).posted == 100 * CREDIT


def test_one_that_is_ones_own_is_taken_back(desk: Client, team: Team, first: User) -> None:
    change = factories.waiting_change(team, by=first)
    assert "Taken back; nothing was booked." in decide(desk, change, "decline")


def test_the_frame_counts_what_waits_for_staff_alone(desk: Client, team: Team) -> None:
    factories.waiting_change(team)
    assert "Team credits" in desk.get("/usage/").text
    assert reverse("credit-changes") not in browser(factories.user()).get("/usage/").text


def test_staff_without_the_right_to_change_credits_find_no_way_there(team: Team) -> None:
    aide = browser(factories.staff(is_superuser=False))
    assert reverse("credit-changes") not in aide.get("/usage/").text
    for address in (LIST, place(team)):
        assert aide.get(address).status_code == 403
    change = factories.waiting_change(team)
    assert aide.post(reverse("change-decide", args=[change.pk])).status_code == 403


def test_teams_are_found_by_name_and_by_a_members_address(desk: Client, team: Team) -> None:
    other = factories.team(name="Elsewhere")
    address = factories.owner_of(other).email
    page = desk.get(LIST, {"q": "northl"}).text
    assert place(team) in page
    assert place(other) not in page
    assert place(other) in desk.get(LIST, {"q": address}).text
    assert "No team has that in its name" in desk.get(LIST, {"q": "nowhere"}).text


def test_the_list_takes_as_many_queries_for_many_as_for_few(
    desk: Client, team: Team, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    factories.waiting_change(team)
    with django_assert_max_num_queries(14) as few:
        desk.get(LIST)
    for _ in range(3):
        factories.waiting_change(factories.team())
    with django_assert_max_num_queries(len(few)):
        desk.get(LIST)


def test_a_large_grant_is_pointed_to_from_the_ask(desk: Client, team: Team, first: User) -> None:
    asked = asks.ask(by=factories.member(team), team=team, amount=1, words="For the fair")
    address = reverse("credit-ask-decide", args=[asked.pk])
    page = desk.post(
        address, {"verdict": "granted", "amount": "5000", "note": ""}, follow=True
    ).text
    assert "5,000 credits wait for a second member of staff." in page
    assert f"{first.display_name} grants 5,000 credits." in page
    assert ledger.balance(team=team).posted == 100 * CREDIT
