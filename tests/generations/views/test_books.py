"""Do the books balance, and do they match the bill: what the page says, to whom."""

from datetime import timedelta
from typing import Any

import pytest
from django.db.models.functions import Now
from django.test import Client
from django.utils import timezone

from accounts.models import BooksCheck, CreditAccount, Team
from accounts.services import ledger_check
from generations import enqueue
from generations.books import Verdict
from generations.models import (
    Attempt,
    Finding,
    FindingAction,
    FindingKind,
    ProviderCharge,
    Reconciliation,
    ReconciliationState,
    SeenVia,
)
from tests import factories
from tests.generations.spending import account_of
from tests.generations.views.studio import Studio, browser

pytestmark = pytest.mark.django_db

PAGE = "/usage/books/"


@pytest.fixture
def owners(studio: Studio) -> Client:
    return browser(studio.owner)


def checked(*, at: Any = None, **found: dict[str, Any]) -> BooksCheck:
    """A check of the books that found this."""
    problems = ["wrong"] if found else []
    made = BooksCheck.objects.create(entries=2, problems=problems, found=found, seconds=0.1)
    if at:
        BooksCheck.objects.filter(pk=made.pk).update(at=at)
    return made


def wrong(team: Team | None) -> dict[str, Any]:
    accounts = [account_of(team).pk] if team else []
    return {"count": 1, "accounts": accounts, "house": team is None}


def verdicts(page: Any) -> dict[str, Verdict]:
    return {one.key: one.verdict for one in page.context["promises"]}


def test_before_the_first_check_nothing_is_promised(owners: Client) -> None:
    page = owners.get(PAGE)
    assert "Not checked yet" in page.text
    assert "In order:" not in page.text


def test_sound_books_are_called_so_with_every_promise(owners: Client) -> None:
    checked()
    page = owners.get(PAGE)
    assert "Books balance: yes" in page.text
    assert list(verdicts(page)) == [f"I{number}" for number in range(1, 15)]
    assert set(verdicts(page).values()) == {Verdict.YES}
    assert "today at" in page.text


def test_what_is_promised_stands_beside_the_teams_own_numbers(
    owners: Client, studio: Studio
) -> None:
    factories.succeeded(factories.request(of=studio.team, by=studio.author))
    factories.succeeded(factories.request())
    evidence = {one.key: one.evidence for one in owners.get(PAGE).context["promises"]}
    assert evidence["I1"] == "2 entries make 996.7 credits"
    assert evidence["I5"] == "1 hold, 1 charged"
    assert evidence["I12"] == "1,000 credits came in, 3.3 credits went"


def test_what_is_wrong_with_the_team_is_said_at_its_promise(owners: Client, studio: Studio) -> None:
    checked(I2=wrong(studio.team))
    page = owners.get(PAGE)
    assert "Books balance: no" in page.text
    assert {key for key, verdict in verdicts(page).items() if verdict != "yes"} == {"I2"}


def test_another_teams_trouble_is_not_told(owners: Client, studio: Studio) -> None:
    checked(I2=wrong(factories.team()))
    page = owners.get(PAGE)
    assert "Books balance: yes" in page.text
    assert page.context["nights"][-1].verdict == Verdict.YES


def test_what_no_team_answers_for_is_the_houses(owners: Client) -> None:
    checked(I8=wrong(None))
    page = owners.get(PAGE)
    assert "Your books balance; the house’s do not" in page.text
    assert verdicts(page)["I8"] == Verdict.HOUSE


def test_a_check_that_did_not_run_is_noticed(owners: Client) -> None:
    checked(at=Now() - timedelta(days=2))
    assert "the check did not run" in owners.get(PAGE).text


def test_each_of_thirty_nights_shows_its_last_check(owners: Client, studio: Studio) -> None:
    now = timezone.now()
    checked(at=now - timedelta(days=3), I2=wrong(studio.team))
    checked(at=now - timedelta(days=3, seconds=-1))
    checked(at=now - timedelta(days=2), I2=wrong(studio.team))
    checked(at=now - timedelta(days=40))
    page = owners.get(PAGE)
    assert [one.verdict for one in page.context["nights"][-4:]] == ["yes", "ours", "never", "never"]
    assert len(page.context["nights"]) == 30
    assert "2 of the last 30 nights checked, 1 with something wrong" in page.text


def test_a_frozen_team_reads_why_and_what_to_do(owners: Client, studio: Studio) -> None:
    CreditAccount.objects.filter(team=studio.team).update(
        frozen_at=Now(), frozen_because="Account 7: held is 9, not 10"
    )
    page = owners.get(PAGE).text
    assert "are frozen since" in page
    assert "Account 7: held is 9, not 10" in page
    assert "need not do anything" in page
    assert "/admin/" not in page


def test_staff_in_the_team_are_led_to_the_account(studio: Studio) -> None:
    CreditAccount.objects.filter(team=studio.team).update(frozen_at=Now())
    studio.owner.is_staff = True
    studio.owner.save()
    page = browser(studio.owner).get(PAGE).text
    assert f"/admin/accounts/creditaccount/{account_of(studio.team).pk}/change/" in page
    assert "Check now" in page


def test_a_team_without_credits_has_no_books(studio: Studio) -> None:
    newcomer = factories.owner_of(factories.team(amount=0, name="New"))
    CreditAccount.objects.filter(team__memberships__user=newcomer).delete()
    assert "No books yet" in browser(newcomer).get(PAGE).text


def billed(team: Team, nano_usd: int, via: SeenVia = SeenVia.LOG) -> Attempt:
    """A charge of the team's that stands in the provider's records at this."""
    attempt = factories.succeeded(factories.request(of=team)).attempts.get()
    ProviderCharge.objects.create(
        attempt=attempt, provider="aimlapi", seen_via=via, nano_usd=nano_usd, occurred_at=Now()
    )
    return attempt


def compared() -> Reconciliation:
    now = timezone.now()
    return Reconciliation.objects.create(
        provider="aimlapi", key_prefix="a", since=now, until=now + timedelta(days=1),
        state=ReconciliationState.FINISHED, finished_at=now,
    )  # fmt: skip


def test_before_anything_was_compared_that_is_said(owners: Client) -> None:
    assert "Not compared with the provider’s bill yet" in owners.get(PAGE).text


def test_books_that_match_the_bill_are_called_so(owners: Client, studio: Studio) -> None:
    compared()
    billed(studio.team, 33_000_000)
    billed(studio.team, 33_000_000, SeenVia.TRANSACTION)
    billed(factories.team(), 99_000_000)
    page = owners.get(PAGE)
    bill = page.context["bill"]
    assert "Matches the provider’s bill: yes" in page.text
    assert (bill.compared, bill.ours, bill.theirs) == (2, 66_000_000, 66_000_000)
    assert "$0.066" in page.text


def test_a_call_in_the_log_and_the_list_is_billed_once(owners: Client, studio: Studio) -> None:
    attempt = billed(studio.team, 33_000_000)
    ProviderCharge.objects.create(
        attempt=attempt, provider="aimlapi", seen_via=SeenVia.TRANSACTION, nano_usd=33_000_000,
        occurred_at=Now(),
    )  # fmt: skip
    assert owners.get(PAGE).context["bill"].theirs == 33_000_000


def test_an_open_case_is_counted_until_it_is_settled(owners: Client, studio: Studio) -> None:
    attempt = billed(studio.team, 35_000_000)
    case = Finding.objects.create(
        reconciliation=compared(), provider="aimlapi", kind=FindingKind.DRIFT,
        action=FindingAction.CASE, attempt=attempt, inference_id="i", ours_nano_usd=33_000_000,
        theirs_nano_usd=35_000_000, house_paid=200_000, charged_at=Now(),
    )  # fmt: skip
    page = owners.get(PAGE)
    assert "but for 1 open case<" in page.text
    assert "the house paid 0.2 credits of it" in page.text
    Finding.objects.filter(pk=case.pk).update(resolved_at=Now(), note="Their mistake")
    page = owners.get(PAGE)
    bill = page.context["bill"]
    assert (bill.open_cases, bill.matched, bill.difference) == (0, 0, 2_000_000)
    assert "Matches the provider’s bill: but for 1 call, settled" in page.text
    assert "bill: yes" not in page.text


def case_of(attempt: Attempt, kind: FindingKind, theirs: int, **how: Any) -> Finding:
    return Finding.objects.create(
        reconciliation=compared(), provider="aimlapi", kind=kind, action=FindingAction.CASE,
        attempt=attempt, inference_id="i", ours_nano_usd=33_000_000, theirs_nano_usd=theirs,
        charged_at=Now(), **how,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ({}, "less than was booked; staff look into it"),
        ({"resolved_at": Now(), "note": "x"}, "less than was booked; nothing was given back"),
        (
            {"resolved_at": Now(), "note": "x", "refunded": 300_000},
            "less than you paid; 0.3 credits came back",
        ),
    ],
)
def test_where_the_provider_took_less_nobody_says_that_nothing_was_charged(
    owners: Client, studio: Studio, how: dict[str, Any], words: str
) -> None:
    case_of(billed(studio.team, 30_000_000), FindingKind.DRIFT, 30_000_000, **how)
    page = owners.get(PAGE)
    assert f"the provider took {words}" in page.text
    assert "none of it was charged" not in page.text
    assert page.context["bill"].difference == -3_000_000


def test_a_call_that_the_provider_has_not_is_in_the_books_and_compared(
    owners: Client, studio: Studio
) -> None:
    billed(studio.team, 33_000_000)
    attempt = factories.succeeded(factories.request(of=studio.team)).attempts.get()
    case = case_of(attempt, FindingKind.OURS_ONLY, 0)
    bill = owners.get(PAGE).context["bill"]
    assert (bill.ours, bill.difference) == (66_000_000, -33_000_000)
    assert (bill.compared, bill.matched, bill.waiting) == (2, 1, 0)
    ProviderCharge.objects.create(
        attempt=attempt, provider="aimlapi", seen_via=SeenVia.LOG, nano_usd=33_000_000,
        occurred_at=Now(),
    )  # fmt: skip
    Finding.objects.filter(pk=case.pk).update(resolved_at=Now(), note="It came late")
    bill = owners.get(PAGE).context["bill"]
    assert (bill.compared, bill.matched, bill.difference) == (2, 2, 0)


def test_what_was_learned_from_the_bill_is_no_reason_to_call_it_the_same(
    owners: Client, studio: Studio
) -> None:
    attempt = billed(studio.team, 35_000_000)
    case_of(attempt, FindingKind.DRIFT, 35_000_000, house_paid=200_000)
    Attempt.objects.filter(pk=attempt.pk).update(cost_nano_usd=35_000_000, cost_source="log")
    page = owners.get(PAGE)
    assert page.context["bill"].difference == 2_000_000
    assert "the house paid 0.2 credits of it" in page.text


def test_the_list_of_charges_counts_before_the_log(owners: Client, studio: Studio) -> None:
    attempt = billed(studio.team, 33_000_000)
    for nano_usd, further in ((66_000_000, ""), (33_000_000, "again"), (-33_000_000, "back")):
        ProviderCharge.objects.create(
            attempt=attempt, provider="aimlapi", seen_via=SeenVia.TRANSACTION, nano_usd=nano_usd,
            further=further, occurred_at=Now(),
        )  # fmt: skip
    assert owners.get(PAGE).context["bill"].theirs == 66_000_000


def test_the_usage_page_says_it_in_a_line(owners: Client) -> None:
    checked()
    page = owners.get("/usage/").text
    assert f'href="{PAGE}">Books balance: yes</a>' in page


def test_members_are_not_told_on_the_usage_page(studio: Studio) -> None:
    assert PAGE not in browser(studio.author).get("/usage/").text


def test_staff_have_them_checked_now(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def send(name: str, **_: str) -> bool:
        asked.append(name)
        return True

    monkeypatch.setattr(enqueue, "_send", send)
    page = browser(studio.staff).post(f"{PAGE}check/", follow=True)
    assert asked == [enqueue.CHECK_BOOKS]
    assert "The books are being checked" in page.text


def test_a_broker_that_is_away_is_said(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(enqueue, "_send", lambda *_, **__: False)
    assert "could not be told" in browser(studio.staff).post(f"{PAGE}check/", follow=True).text


def test_the_last_check_is_the_one_that_counts(owners: Client, studio: Studio) -> None:
    checked(I2=wrong(studio.team))
    checked()
    assert ledger_check.last() is not None
    assert "Books balance: yes" in owners.get(PAGE).text
