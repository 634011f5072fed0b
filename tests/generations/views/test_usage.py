"""The Usage page and the ledger: a team's for its owners and admins, one's own for the others."""

import re

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from accounts.models import CreditAccount, EntryKind, Period, Plan, Role, User
from accounts.services import budgets, ledger, plans, tokens
from generations.models import GenerationRequest, Visibility
from generations.services import usage_days
from generations.views import spending
from tests import factories
from tests.generations.spending import days_ago, failed, given_back, spent
from tests.generations.views.studio import Studio, browser

pytestmark = pytest.mark.django_db
CREDIT = factories.CREDIT


def rows(page: str) -> list[str]:
    """The ledger's lines as a person reads them."""
    tables = re.findall(r'<table class="table ledger">.*?</table>', page, re.DOTALL)
    body = re.findall(r"<tr>(.*?)</tr>", tables[-1], re.DOTALL)[1:]
    return [" ".join(re.sub(r"<[^>]+>", " ", row).split()) for row in body]


@pytest.fixture
def owners(studio: Studio) -> Client:
    return browser(studio.owner)


@pytest.fixture
def busy(studio: Studio) -> Studio:
    spent(studio.team, 30 * CREDIT, on=days_ago(3), by=studio.author, images=2)
    spent(studio.team, 10 * CREDIT, on=days_ago(2), by=studio.colleague, model="flux/schnell")
    failed(studio.team, on=days_ago(2), by=studio.colleague)
    return studio


def test_an_owner_sees_what_the_team_spent(owners: Client, busy: Studio) -> None:
    page = owners.get("/usage/").context

    assert page["used"].spent == 40 * CREDIT
    assert [(row.user, row.totals.spent) for row in page["members"]] == [
        (busy.author, 30 * CREDIT),
        (busy.colleague, 10 * CREDIT),
    ]
    assert [round(row.share) for row in page["models"]] == [75, 25]


def test_the_share_of_a_members_limit_is_a_bar_and_a_number(owners: Client, busy: Studio) -> None:
    assert "Share of limit" not in owners.get("/usage/").text
    limit = budgets.set_limit(
        by=busy.owner,
        team=busy.team,
        member=busy.author,
        period=Period.MONTH,
        amount=500 * CREDIT,
    )
    ledger.hold(team=busy.team, amount=240 * CREDIT, reference="r1", limits=[limit])

    page = owners.get("/usage/").text

    table = " ".join(re.sub(r"<[^>]+>", " ", page.split("Share of limit")[1]).split())
    assert "48 % of 500 a month" in table
    assert "No limit" in table


def test_a_member_sees_their_own_spending_alone(mine: Client, busy: Studio) -> None:
    response = mine.get("/usage/?by=member")

    assert response.context["used"].spent == 30 * CREDIT
    assert response.context["members"] == []
    assert response.context["forecast"] is None
    assert busy.colleague.display_name not in response.text
    assert len(response.context["latest"]) == 1


def test_a_members_ledger_is_their_own_and_tells_no_balance(mine: Client, busy: Studio) -> None:
    response = mine.get(f"/usage/ledger/?person={busy.colleague.pk}")

    assert len(response.context["lines"]) == 1
    assert response.context["lines"][0].person == busy.author
    assert "Balance" not in response.text


def test_an_outsider_finds_their_own_team_there(studio: Studio, busy: Studio) -> None:
    page = browser(busy.outsider).get("/usage/").context

    assert page["used"].spent == 0
    assert page["team"].name == "Elsewhere"


@pytest.mark.parametrize("period", ["7d", "30d", "year", "nonsense"])
@pytest.mark.parametrize("by", ["model", "member", "nonsense"])
def test_every_switch_leads_to_a_page(owners: Client, busy: Studio, period: str, by: str) -> None:
    usage_days.close_days()

    assert owners.get("/usage/", {"period": period, "by": by}).status_code == 200


def test_the_chart_is_also_a_table(owners: Client, busy: Studio) -> None:
    response = owners.get("/usage/?period=7d&by=member")

    assert response.text.count('class="hit"') == 7
    assert "Show as table" in response.text
    assert sum(total for _, _, total in response.context["chart"].rows) == 40 * CREDIT


def test_a_team_that_spent_nothing_is_told_so(owners: Client) -> None:
    assert "Nothing was spent in these 30 days" in owners.get("/usage/").text


def test_a_team_without_credits_is_told_so() -> None:
    theirs = browser(factories.owner_of(factories.team(amount=0)))

    for address in ("/usage/", "/usage/ledger/"):
        assert "No credits yet" in theirs.get(address, follow=True).text


def test_what_is_held_is_shown_as_reserved(owners: Client, busy: Studio) -> None:
    factories.request(of=busy.team, by=busy.author)

    assert "3.3 reserved" in owners.get("/usage/").text
    (line,) = rows(owners.get("/usage/ledger/?kind=reserved").text)
    assert "Reserved" in line
    assert "−3.3" in line


def test_the_ledger_is_filtered_by_kind_and_person(owners: Client, busy: Studio) -> None:
    grants = owners.get("/usage/ledger/?kind=grant").context["lines"]
    theirs = owners.get("/usage/ledger/", {"person": str(busy.colleague.pk)}).context["lines"]
    recent = owners.get("/usage/ledger/?period=7d&kind=capture").context["lines"]

    assert [line.amount for line in grants] == [1000 * CREDIT]
    assert [line.amount for line in theirs] == [-10 * CREDIT]
    assert len(recent) == 2


def test_the_ledger_offers_only_kinds_that_a_team_can_have(owners: Client) -> None:
    kinds = dict(owners.get("/usage/ledger/").context["form"].fields["kind"].choices)
    assert set(EntryKind.values) - set(kinds) == {EntryKind.HOUSE}


@pytest.mark.parametrize(
    "query", ["kind=nonsense", "person=nonsense", "period=nonsense", "before=x", "before=999999"]
)
def test_what_is_no_filter_filters_nothing(owners: Client, busy: Studio, query: str) -> None:
    assert len(owners.get(f"/usage/ledger/?{query}").context["lines"]) == 3


def test_balances_run_through_every_filter(owners: Client, busy: Studio) -> None:
    by_id = {line.entry_id: line.balance for line in owners.get("/usage/ledger/").context["lines"]}
    captures = owners.get("/usage/ledger/?kind=capture").context["lines"]

    assert [line.balance for line in captures] == [by_id[line.entry_id] for line in captures]


def test_the_ledger_goes_on_page_by_page(
    owners: Client, busy: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spending, "PAGE", 2)
    factories.request(of=busy.team, by=busy.author)
    first = owners.get("/usage/ledger/")
    second = owners.get(f"/usage/ledger/?before={first.context['older']}")
    shown = [*first.context["lines"], *second.context["lines"]]

    assert len({line.entry_id for line in shown}) == 3
    assert second.context["older"] is None
    assert (len(first.context["reserved"]), second.context["reserved"]) == (1, [])


def test_a_refund_is_shown_as_such(owners: Client, busy: Studio) -> None:
    asked = spent(busy.team, 5 * CREDIT, on=days_ago(1), by=busy.author)
    given_back(asked, 5 * CREDIT, on=days_ago(1))

    assert "5 given back" in owners.get("/usage/").text
    assert "+5" in "".join(rows(owners.get("/usage/ledger/?kind=refund").text))


def test_who_answers_for_credits_does_not_read_private_prompts(
    owners: Client, studio: Studio
) -> None:
    private = Visibility.PRIVATE
    factories.stored_image(of=studio.team, by=studio.author, prompt="My secret", visibility=private)

    page = owners.get("/usage/ledger/").text

    assert "A private image" in page
    assert "My secret" not in page


def test_somebody_who_left_is_still_named(owners: Client, busy: Studio) -> None:
    usage_days.close_days()
    busy.team.memberships.filter(user=busy.colleague).delete()
    users = [row.user for row in owners.get("/usage/").context["members"]]
    choices = owners.get("/usage/ledger/").context["form"].fields["person"].queryset

    assert busy.colleague in users
    assert busy.colleague in choices


@pytest.mark.parametrize("address", ["/usage/", "/usage/ledger/", "/usage/ledger.csv"])
def test_a_viewer_may_look_at_their_own_nothing(studio: Studio, address: str) -> None:
    viewer: User = factories.member(studio.team, Role.VIEWER)

    assert browser(viewer).get(address).status_code == 200


@pytest.mark.parametrize("address", ["/usage/", "/usage/ledger/", "/usage/ledger.csv"])
def test_nobody_looks_before_signing_in(client: Client, address: str) -> None:
    assert client.get(address).url.startswith(reverse("account_login"))  # type: ignore[attr-defined]  # a redirect


def test_how_long_credits_last_is_said_with_what_the_plan_brings(
    owners: Client, studio: Studio
) -> None:
    for days in range(1, 57):
        spent(studio.team, CREDIT, on=days_ago(days), images=0)
    put_on_a_plan(studio)
    CreditAccount.objects.filter(team=studio.team).update(posted=1000 * CREDIT)

    page = " ".join(owners.get("/usage/").text.split())

    assert "Over a year" in page
    assert "the last 56 days, with the plan's 500 a month from 1 " in page


def put_on_a_plan(studio: Studio) -> None:
    plan = Plan.objects.create(name="Studio", credits=500 * CREDIT)
    plans.subscribe(by=studio.staff, team=studio.team, plan=plan, reason="Order 17")


def test_the_usage_page_takes_few_queries(
    owners: Client, busy: Studio, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    usage_days.close_days()
    put_on_a_plan(busy)
    for _ in range(spending.LATEST):
        factories.stored_image(of=busy.team, by=busy.author)

    with django_assert_max_num_queries(22):
        owners.get("/usage/?period=year&by=member")


@pytest.mark.parametrize("query", ["", "kind=capture", "period=30d"])
def test_the_ledger_takes_few_queries(
    owners: Client,
    busy: Studio,
    query: str,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    for _ in range(3):
        factories.stored_image(of=busy.team, by=busy.author)

    with django_assert_max_num_queries(12):
        owners.get(f"/usage/ledger/?{query}")


def test_a_line_names_the_token_that_it_was_asked_for_with(owners: Client, studio: Studio) -> None:
    token, _ = tokens.create(by=studio.author, team=studio.team, name="Nightly")
    asked = spent(studio.team, 5 * CREDIT, on=days_ago(1), by=studio.author)
    GenerationRequest.objects.filter(pk=asked.pk).update(token=token)

    [line] = [row for row in rows(owners.get("/usage/ledger/").text) if "-5" in row or "−5" in row]

    assert f"{studio.author.display_name} by Nightly" in line
    assert "Nightly" in owners.get(reverse("receipt", args=[asked.pk])).text
