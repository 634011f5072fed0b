"""Asking for more credits, and the page where staff decide."""

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import AskState, Budget, CreditRequest, Period, Team, User
from accounts.services import asks, budgets, ledger
from tests.accounts.people import People, browser

CREDIT = 1_000_000


@pytest.fixture
def member(people: People) -> Client:
    return browser(people.member)


@pytest.fixture
def staff(people: People) -> Client:
    people.outsider.is_staff = True
    people.outsider.save()
    return browser(people.outsider)


@pytest.fixture
def limit(people: People) -> Budget:
    return budgets.set_limit(
        by=people.owner,
        team=people.team,
        member=people.member,
        model="",
        period=Period.MONTH,
        amount=50 * CREDIT,
    )


def ask(people: People, limit: Budget | None = None) -> CreditRequest:
    return asks.ask(
        by=people.member,
        team=people.team,
        amount=2500 * CREDIT,
        words="For <b>the fair</b>",
        limit=limit,
    )


def form(team: Team, **changes: str) -> dict[str, str]:
    return {"team": team.slug, "amount": "12.5", "words": "For the fair", **changes}


def send(client: Client, name: str, asked: CreditRequest, **values: str) -> int:
    return client.post(reverse(name, args=[asked.pk]), values).status_code


def test_what_is_asked_for_is_kept_and_shown(people: People, member: Client) -> None:
    answer = member.post("/credits/ask/", form(people.team), follow=True)
    asked = CreditRequest.objects.get()
    assert (asked.amount, asked.words, asked.by) == (12_500_000, "For the fair", people.member)
    assert "Asked. You get a mail when it is decided." in answer.text
    assert "Take back" in answer.text


def test_a_link_fills_in_what_is_missing(people: People, member: Client, limit: Budget) -> None:
    page = member.get(f"/credits/ask/?amount=2500.5&limit={limit.pk}").text
    assert 'value="2500.5"' in page
    assert f'<option value="{limit.pk}" selected>My limit of 50 credits a month</option>' in page


@pytest.mark.parametrize("amount", ["NaN", "lots", "-3", "1e999999"])
def test_a_link_with_nonsense_fills_in_nothing(people: People, member: Client, amount: str) -> None:
    answer = member.get("/credits/ask/", {"amount": amount, "limit": "x"})
    assert answer.status_code == 200
    assert 'name="amount" value' not in answer.text


def test_without_a_limit_of_ones_own_there_is_nothing_to_choose(member: Client) -> None:
    assert 'name="limit"' not in member.get("/credits/ask/").text


@pytest.mark.parametrize(
    "wrong", [{"amount": "0"}, {"amount": "-1"}, {"amount": ""}, {"words": " "}]
)
def test_an_ask_without_an_amount_or_words_is_refused_next_to_the_field(
    people: People, member: Client, wrong: dict[str, str]
) -> None:
    answer = member.post("/credits/ask/", form(people.team, **wrong))
    assert answer.status_code == 422
    assert "aria-invalid" in answer.text
    assert not CreditRequest.objects.exists()


def test_a_second_ask_says_that_the_first_is_open(people: People, member: Client) -> None:
    ask(people)
    answer = member.post("/credits/ask/", form(people.team))
    assert answer.status_code == 422
    assert "You have asked for this already" in answer.text


def test_the_limit_of_somebody_else_cannot_be_chosen(people: People, limit: Budget) -> None:
    answer = browser(people.admin).post(
        "/credits/ask/", form(people.team, limit=str(limit.pk)), follow=True
    )
    assert answer.status_code == 200
    assert CreditRequest.objects.get().budget is None


def test_it_is_taken_back_by_who_asked_alone(people: People, member: Client) -> None:
    asked = ask(people)
    assert send(browser(people.owner), "credits-ask-withdraw", asked) == 404
    assert send(member, "credits-ask-withdraw", asked) == 302
    asked.refresh_from_db()
    assert asked.state == AskState.WITHDRAWN


def test_what_became_of_it_is_shown_with_the_words(
    people: People, member: Client, staff: Client
) -> None:
    asks.decline(by=people.outsider, ask=ask(people), note="Not this year")
    page = member.get("/credits/ask/").text
    assert "Declined" in page
    assert "Not this year" in page


# Staff.


def test_staff_see_what_teams_ask_for_and_grant_it(people: People, staff: Client) -> None:
    asked = ask(people)
    page = staff.get("/operations/credits/").text
    assert "For &lt;b&gt;the fair&lt;/b&gt;" in page
    assert 'value="2500"' in page
    assert send(staff, "credit-ask-decide", asked, verdict="granted", amount="300") == 302
    assert ledger.balance(team=people.team).available == 300 * CREDIT
    assert "Nobody asks for credits" in staff.get("/operations/credits/").text


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"verdict": "declined", "note": ""}, "Say why: whoever asked is told."),
        ({"verdict": "granted", "amount": ""}, "Say how many credits."),
        ({"verdict": "granted", "amount": "-5"}, "greater than or equal"),
        ({"verdict": "withdrawn", "amount": "5"}, "Select a valid choice"),
    ],
)
def test_a_decision_that_lacks_something_is_refused_with_words(
    people: People, staff: Client, values: dict[str, str], words: str
) -> None:
    answer = staff.post(reverse("credit-ask-decide", args=[ask(people).pk]), values)
    assert answer.status_code == 422
    assert words in answer.text
    assert CreditRequest.objects.get().is_open


def test_a_second_decision_says_that_somebody_was_quicker(people: People, staff: Client) -> None:
    asked = ask(people)
    address = reverse("credit-ask-decide", args=[asked.pk])
    staff.post(address, {"verdict": "granted", "amount": "1"})
    answer = staff.post(address, {"verdict": "declined", "note": "No"}, follow=True)
    assert "Somebody was quicker: it is granted already." in answer.text
    assert ledger.balance(team=people.team).available == CREDIT


def test_staff_do_not_decide_about_their_own(people: People) -> None:
    User.objects.filter(pk=people.member.pk).update(is_staff=True)
    asked, client = ask(people), browser(people.member)
    assert "another member of staff decides" in client.get("/operations/credits/").text
    assert send(client, "credit-ask-decide", asked, verdict="granted", amount="1") == 302
    assert CreditRequest.objects.get().is_open


def test_a_limit_is_not_raised_on_the_operators_page(
    people: People, staff: Client, limit: Budget
) -> None:
    asked = ask(people, limit)
    assert send(staff, "credit-ask-decide", asked, verdict="granted", amount="1") == 404


# Approvers.


def test_an_admin_raises_a_limit(people: People, limit: Budget) -> None:
    asked, admin = ask(people, limit), browser(people.admin)
    page = " ".join(admin.get(reverse("limit-ask", args=[asked.pk])).text.split())
    assert "The limit is 50 a month; 50 of it is left." in page
    assert send(admin, "limit-ask", asked, verdict="granted", amount="25") == 302
    limit.refresh_from_db()
    assert limit.amount == 75 * CREDIT


@pytest.mark.parametrize("role", ["member", "viewer", "outsider"])
def test_nobody_else_finds_an_ask_for_more_room(people: People, limit: Budget, role: str) -> None:
    asked, client = ask(people, limit), browser(people.named(role))
    assert client.get(reverse("limit-ask", args=[asked.pk])).status_code == 404
    assert send(client, "limit-ask", asked, verdict="granted", amount="25") == 404
    limit.refresh_from_db()
    assert limit.amount == 50 * CREDIT


def test_an_ask_for_team_credits_is_no_approvers_to_decide(people: People) -> None:
    asked = ask(people)
    assert send(browser(people.owner), "limit-ask", asked, verdict="granted", amount="5") == 404


# The threshold.


@pytest.mark.parametrize(("above", "kept"), [("12.5", 12_500_000), ("0", 0), ("", None)])
def test_an_owner_sets_and_clears_the_threshold(
    people: People, above: str, kept: int | None
) -> None:
    Team.objects.filter(pk=people.team.pk).update(approval_above=CREDIT)
    owner = browser(people.owner)
    owner.post("/settings/approval/", {"team": people.team.slug, "above": above})
    people.team.refresh_from_db()
    assert people.team.approval_above == kept
    assert f'name="above" value="{above}"' in owner.get("/settings/").text or not above


@pytest.mark.parametrize("wrong", ["-1", "lots", "0.0000001"])
def test_a_threshold_that_is_no_amount_is_refused(people: People, wrong: str) -> None:
    owner = browser(people.owner)
    answer = owner.post("/settings/approval/", {"team": people.team.slug, "above": wrong})
    assert answer.status_code == 422
    people.team.refresh_from_db()
    assert people.team.approval_above is None


def test_a_personal_team_has_no_threshold_to_set(people: People) -> None:
    owner = browser(people.outsider)
    assert "requests above" not in owner.get("/settings/").text.lower()
