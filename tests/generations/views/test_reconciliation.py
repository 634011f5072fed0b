"""The operators' page, from a day that was compared to a case that is ended."""

from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from accounts.models import User
from accounts.services import ledger
from generations import enqueue
from generations.models import (
    Finding,
    FindingAction,
    FindingKind,
    GenerationRequest,
    Reconciliation,
    ReconciliationState,
)
from tests import factories
from tests.generations.views.studio import browser

pytestmark = pytest.mark.django_db

PAGE = "/operations/reconciliation/"


@pytest.fixture
def staff() -> User:
    someone = factories.user("operator@example.com")
    someone.is_staff = True
    someone.save()
    return someone


@pytest.fixture
def operator(staff: User) -> Client:
    return browser(staff)


@pytest.fixture
def day() -> Reconciliation:
    since = datetime(2026, 8, 1, tzinfo=UTC)
    return Reconciliation.objects.create(
        provider="aimlapi",
        key_prefix="abcd1234",
        since=since,
        until=since + timedelta(days=1),
        state=ReconciliationState.FINISHED,
        finished_at=datetime.now(UTC),
        ours_nano_usd=66_000_000,
        theirs_nano_usd=99_000_000,
        transactions_nano_usd=99_000_000,
        matched=1234,
        ours_only=1,
    )


@pytest.fixture
def paid() -> GenerationRequest:
    return factories.succeeded()


@pytest.fixture
def case(day: Reconciliation, paid: GenerationRequest) -> Finding:
    return Finding.objects.create(
        reconciliation=day,
        provider="aimlapi",
        kind=FindingKind.OURS_ONLY,
        action=FindingAction.CASE,
        attempt=paid.attempts.get(),
        inference_id="inference-1",
        ours_nano_usd=33_000_000,
        charged_at=day.since,
    )


def test_a_day_shows_both_sums_the_difference_and_the_counts(
    operator: Client, day: Reconciliation
) -> None:
    page = operator.get(PAGE).text
    for words in ("1 Aug 2026", "abcd1234", "$0.066", "$0.099", "$0.033", "1,234"):
        assert words in page
    assert "No case is open" in page


def test_before_anything_was_compared_the_page_says_how(operator: Client) -> None:
    assert "Nothing compared yet" in operator.get(PAGE).text


def test_an_open_case_says_what_to_do(operator: Client, case: Finding) -> None:
    page = operator.get(PAGE).text
    assert "1 open case" in page
    assert "Only in our books" in page
    assert "to give back: 3.3 credits" in page
    assert reverse("admin:generations_attempt_change", args=[case.attempt_id]) in page


def test_a_day_of_small_differences_is_a_case_without_a_refund(
    operator: Client, day: Reconciliation
) -> None:
    Finding.objects.create(
        reconciliation=day,
        provider="aimlapi",
        kind=FindingKind.DAY,
        action=FindingAction.CASE,
        further="2026-08-01 abcd1234",
        ours_nano_usd=66_000_000,
        theirs_nano_usd=99_000_000,
        charged_at=day.since,
    )
    page = operator.get(PAGE).text
    assert "Small differences of a day" in page
    assert "1 Aug 2026 UTC · all calls of the day that matched, at aimlapi" in page
    assert "Each is small enough to be put up with, together they are not." in page
    assert "Give back and resolve" not in page


def test_a_resolved_case_shows_who_and_why(operator: Client, staff: User, case: Finding) -> None:
    form = {"cases": [case.pk], "note": "The provider's mistake"}
    page = operator.post(f"{PAGE}resolve/", form, follow=True).text
    assert "No case is open" in page
    assert "The provider&#x27;s mistake" in page
    assert staff.display_name in page


def test_credits_are_given_back_by_the_other_button(
    operator: Client, case: Finding, paid: GenerationRequest
) -> None:
    before = ledger.balance(team=paid.team).available
    operator.post(f"{PAGE}resolve/", {"cases": [case.pk], "note": "Back", "refund": "yes"})
    assert ledger.balance(team=paid.team).available == before + factories.PRICE


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"note": "Why"}, "Choose the cases first."),
        ({"cases": ["{case}"]}, "This field is required."),
        ({"cases": ["no id"], "note": "Why"}, "not a valid"),
    ],
)
def test_what_is_missing_is_said_beside_it(
    operator: Client, case: Finding, form: dict[str, object], words: str
) -> None:
    filled = {
        name: [str(case.pk)] if value == ["{case}"] else value for name, value in form.items()
    }
    answer = operator.post(f"{PAGE}resolve/", filled)
    assert answer.status_code == 422
    assert words in answer.text
    case.refresh_from_db()
    assert case.resolved_at is None
    assert ("checked" in answer.text) == ("{case}" in str(form))


def test_run_now_hands_it_to_the_workers_once(
    operator: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[str] = []

    def note(name: str, *, queue: str) -> bool:
        sent.append(name)
        return True

    monkeypatch.setattr(enqueue, "_send", note)
    page = operator.post(f"{PAGE}run/", follow=True).text
    assert "are being compared" in page
    assert "Asked for" in page
    operator.post(f"{PAGE}run/")
    assert sent == [enqueue.RECONCILE]


def test_run_now_says_when_nobody_could_be_told(
    operator: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(enqueue, "_send", lambda *_, **__: False)
    page = operator.post(f"{PAGE}run/", follow=True).text
    assert "The workers could not be told" in page
    assert "Failed" in page


def test_only_staff_find_the_page_and_its_link(operator: Client, mine: Client) -> None:
    assert PAGE in operator.get("/").text
    assert PAGE not in mine.get("/").text
    assert mine.get(PAGE).status_code == 404


def test_the_page_asks_no_more_of_the_database_with_more_cases(
    operator: Client, case: Finding, django_assert_max_num_queries: object
) -> None:
    for number in range(20):
        Finding.objects.create(
            reconciliation=case.reconciliation,
            provider="aimlapi",
            kind=FindingKind.DRIFT,
            action=FindingAction.CASE,
            attempt=case.attempt,
            inference_id=f"more-{number}",
            charged_at=case.charged_at,
        )
    with django_assert_max_num_queries(16):  # type: ignore[operator]  # pytest-django's fixture
        operator.get(PAGE)


def test_what_one_may_not_give_back_alone_is_refused_with_what_to_do(
    operator: Client, case: Finding, settings: Settings
) -> None:
    settings.ADJUSTMENT_LIMIT = 3_000_000
    form = {"cases": [case.pk], "note": "Never charged", "refund": "yes"}
    answer = operator.post(reverse("reconciliation-resolve"), form)
    assert answer.status_code == 422
    assert "Above 3 credits in a day a second member of staff has to agree." in answer.text
    assert "Give it back under Requests, where it waits for one." in answer.text
    case.refresh_from_db()
    assert (case.resolved_at, case.refunded) == (None, 0)
