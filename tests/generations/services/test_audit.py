"""Requests, holds and the provider's figures, told apart by what nobody's code could have done."""

from datetime import timedelta

import pytest
from django.core import mail
from django.db.models import F
from django.db.models.functions import Now
from django.utils import timezone
from pytest_django import Settings

from accounts.models import BooksCheck, CreditAccount, Hold, User
from accounts.services import ledger, ledger_check
from generations.models import Attempt, GenerationRequest, ProviderCharge, SeenVia, Status
from generations.services import audit, exports, usage_days
from generations.services.statement import Month
from generations.tasks import check_books
from tests import factories
from tests.accounts.tampering import switched_off, tamper
from tests.generations.spending import account_of

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.wrong_books]

LONG_AGO = Now() - timedelta(days=3)


def force(request: GenerationRequest, status: Status) -> None:
    """Put a request where the engine would not, without its hold."""
    GenerationRequest.objects.filter(pk=request.pk).update(status=status, finished_at=Now())


def problems(key: str) -> list[str]:
    """What the whole check says, all of it being about one invariant."""
    report = audit.check_ledger()
    assert set(report.found) <= {key}
    return report.problems


def test_fourteen_promises_are_checked() -> None:
    assert list(audit.promises()) == [f"I{number}" for number in range(1, 15)]


def test_requests_and_holds_that_agree_are_sound() -> None:
    factories.succeeded()
    factories.request()
    assert audit.check_ledger().problems == []


@pytest.mark.parametrize("status", [Status.SUCCEEDED, Status.FAILED, Status.CANCELLED])
def test_an_ended_request_with_a_waiting_hold_is_said(status: Status) -> None:
    request = factories.request()
    force(request, status)
    assert problems("I11") == [f"Request {request.pk}: {status}, but its hold is pending"]
    assert set(audit.check_ledger().at_fault) == {request.hold.account_id}


def test_an_open_request_without_its_hold_is_said() -> None:
    request = factories.request()
    ledger.release(hold=request.hold_id)
    assert problems("I11") == [f"Request {request.pk}: queued, but its hold is released"]


def test_a_charge_without_success_is_said() -> None:
    request = factories.succeeded()
    tamper("UPDATE generations_generationrequest SET status = 'failed'")
    assert problems("I11") == [f"Request {request.pk}: failed, but its hold is captured"]


def test_a_hold_that_no_request_knows_of_is_said() -> None:
    team = factories.team()
    fresh = ledger.hold(team=team, amount=5, reference="1")
    assert problems("I11") == []
    tamper("UPDATE accounts_ledgerentry SET created_at = now() - interval '5 hours'")
    Hold.objects.filter(pk=fresh.pk).update(created_at=Now() - timedelta(hours=2))
    (said,) = problems("I11")
    assert said.startswith(f"Hold {fresh.pk}: pending since")


def test_a_request_that_nobody_works_on_is_said_and_freezes_nobody() -> None:
    request = factories.request()
    GenerationRequest.objects.filter(pk=request.pk).update(due_at=LONG_AGO)
    (said,) = problems("I11")
    assert said.startswith(f"Request {request.pk}: queued, and nobody has worked on it since")
    assert audit.check_ledger().at_fault == {}


def test_a_request_that_waits_for_approval_may_wait() -> None:
    request = factories.request()
    waiting = GenerationRequest.objects.filter(pk=request.pk)
    waiting.update(due_at=LONG_AGO, status=Status.AWAITING_APPROVAL)
    assert problems("I11") == []


def test_a_charge_without_a_call_that_cost_is_said() -> None:
    request = factories.succeeded()
    Attempt.objects.update(cost_nano_usd=None)
    words = f"captured {factories.PRICE}, and no call on record cost anything"
    assert problems("I13") == [f"Hold {request.hold_id}: {words}"]


@pytest.mark.parametrize(
    ("change", "cost"),
    [
        ("UPDATE generations_attempt SET cost_nano_usd = cost_nano_usd + 1", 33_000_001),
        ("DELETE FROM generations_providercharge WHERE seen_via <> 'estimated'", 33_000_000),
    ],
)
def test_a_cost_that_no_figure_says_is_said(change: str, cost: int) -> None:
    attempt = factories.succeeded().attempts.get()
    tamper(change)
    assert problems("I13") == [
        f"Attempt {attempt.pk}: booked at {cost} nano-USD, which no figure on record says"
    ]


@pytest.mark.parametrize("seen_via", [SeenVia.LOG, SeenVia.TRANSACTION])
@pytest.mark.parametrize(("billed", "said"), [(33_001_000, 0), (33_200_000, 1)])
def test_a_bill_beyond_the_tolerance_of_which_nobody_was_told_is_said(
    settings: Settings, seen_via: SeenVia, billed: int, said: int
) -> None:
    settings.RECONCILE_TOLERANCE_NANO_USD = 1000
    attempt = factories.succeeded().attempts.get()
    ProviderCharge.objects.create(
        attempt=attempt, provider="aimlapi", seen_via=seen_via, nano_usd=billed, occurred_at=Now()
    )
    words = f"Attempt {attempt.pk}: booked at 33000000 nano-USD, billed at {billed}"
    assert [one.startswith(words) for one in problems("I13")] == [True] * said


def test_small_differences_that_are_none_in_a_day_are_said(settings: Settings) -> None:
    settings.RECONCILE_DAY_TOLERANCE_NANO_USD = 50_000
    for _ in range(2):
        attempt = factories.succeeded().attempts.get()
        for seen_via in (SeenVia.LOG, SeenVia.TRANSACTION):
            ProviderCharge.objects.create(
                attempt=attempt, provider="aimlapi", seen_via=seen_via, nano_usd=33_030_000,
                occurred_at=Now(),
            )  # fmt: skip
    (said,) = problems("I13")
    assert said.startswith("aimlapi on ")
    assert "booked at 66000000 nano-USD, billed at 66060000, and nobody was told" in said
    settings.RECONCILE_DAY_TOLERANCE_NANO_USD = 60_000
    assert problems("I13") == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("moved = moved", ""),
        ("moved = moved + 1", "says 1 entries moved {more}, the ledger 1 moved {moved}"),
        ("rows = 2", "says 2 entries moved {moved}, the ledger 1 moved {moved}"),
    ],
)
def test_a_month_s_file_that_says_otherwise_than_its_statement_is_said(
    change: str, said: str
) -> None:
    month, amount = Month(timezone.now().date().replace(day=1)), factories.CREDIT
    team = factories.team(amount=amount)
    made = exports.make(account_of(team), month)
    exports.remember(team=team, month=month, made=made, to=factories.owner_of(team))
    tamper(f"UPDATE generations_statementexport SET is_final = true, {change}")  # noqa: S608  # ours
    words = said.format(moved=amount, more=amount + 1)
    expected = f"Account {account_of(team).pk}: its file of {month} {words}"
    assert problems("I10") == ([expected] if said else [])


@pytest.mark.parametrize("guard", ["append_only", "no_truncate"])
@pytest.mark.parametrize(
    "table", ["providercharge", "statementexport", "priceversion", "markup", "approval"]
)
def test_a_table_that_can_be_changed_is_said(table: str, guard: str) -> None:
    with switched_off(f"generations_{table}", f"{table}_{guard}"):
        said = problems("I8")
    assert said == [f"Table {table} can be changed: its trigger {table}_{guard} is off"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            "UPDATE generations_usageday SET spent = spent + 1 WHERE user_id IS NULL",
            "its usage says {more} spent and 1000000 back, its entries {spent} and 1000000",
        ),
        (
            "UPDATE generations_usageday SET refunded = 0 WHERE user_id IS NULL",
            "its usage says {spent} spent and 0 back, its entries {spent} and 1000000",
        ),
        (
            "UPDATE generations_usageday SET day = day - 1 WHERE user_id IS NULL",
            "its usage says {spent} spent and 1000000 back, its entries 0 and 0",
        ),
    ],
)
def test_a_kept_day_of_use_that_is_not_what_was_booked_is_said(change: str, words: str) -> None:
    done = factories.succeeded()
    ledger.refund(hold=done.hold_id, amount=1_000_000, reference="r1", reason="Blurred")
    usage_days.roll_up(done.hold.account, until=timezone.now().date())
    assert problems("I10") == []
    tamper(change)
    expected = words.format(spent=factories.PRICE, more=factories.PRICE + 1)
    assert any(one.endswith(expected) for one in problems("I10"))


def test_what_the_ledger_itself_gets_wrong_is_said_too() -> None:
    factories.request()
    CreditAccount.objects.filter(kind="team").update(posted=F("posted") + 1)
    assert any("posted is" in problem for problem in audit.check_ledger().problems)


def test_the_night_freezes_a_team_whose_requests_and_holds_disagree() -> None:
    User.objects.create_superuser("root@example.com")
    request, other = factories.request(), factories.request()
    force(request, Status.SUCCEEDED)
    check_books()

    kept = ledger_check.last()
    assert kept is not None
    assert kept.found == {
        "I11": {"count": 1, "accounts": [request.hold.account_id], "house": False}
    }
    frozen = CreditAccount.objects.get(pk=request.hold.account_id)
    assert frozen.frozen_because == kept.problems[0]
    assert CreditAccount.objects.get(pk=other.hold.account_id).frozen_at is None
    (message,) = mail.outbox
    assert (message.to, kept.problems[0] in message.body) == (["root@example.com"], True)


def test_a_sound_night_is_kept() -> None:
    factories.succeeded()
    check_books()
    assert [(one.balances, one.found, one.entries) for one in BooksCheck.objects.all()] == [
        (True, {}, 2)
    ]
