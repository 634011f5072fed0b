"""A bill with more to say of a call than one charge: twice, otherwise, given back, not at all."""

from collections.abc import Iterator

import pytest
from django.core import mail
from pytest_django import Settings

from accounts.models import CreditAccount, LedgerEntry
from generations import bill_words, reconciled
from generations.models import Attempt, Finding, FindingKind, ProviderCharge, SeenVia
from generations.services import cases, providers, team_figures
from tests import factories, prices
from tests.generations.services.billing import DAY, HOUR, NOON, PRICE_NANO, Bill, called, compare
from tests.generations.services.compared import counts
from tests.generations.services.steps import house_paid

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def bill(settings: Settings) -> Iterator[Bill]:
    made = Bill()
    made.connect(settings)
    yield made
    made.server.stop()
    providers.client.cache_clear()


def team_bill(attempt: Attempt) -> team_figures.Bill:
    return team_figures.bill(CreditAccount.objects.get(team=attempt.request.team_id))


def open_case() -> reconciled.Case:
    """The only one, as staff see it."""
    shown = reconciled.page()["cases"]
    assert isinstance(shown, list)
    (case,) = shown
    assert isinstance(case, reconciled.Case)
    return case


@pytest.mark.parametrize("apart", [0 * HOUR, HOUR])
@pytest.mark.parametrize("in_log", [True, False])
def test_a_call_that_is_charged_twice_stays_so_however_often_it_is_compared(
    bill: Bill, apart: object, in_log: bool
) -> None:
    ours = called()
    if in_log:
        bill.logged(ours)
    bill.took("ours")
    bill.took("ours", at=NOON + apart)  # type: ignore[operator]  # parametrized
    first, rows = compare(), []
    for _ in range(3):
        again = compare()
        rows.append((list(Finding.objects.values()), list(LedgerEntry.objects.values())))
        assert counts(again) == counts(first) == {"matched": 1, "doubled": 1}
        assert (again.ours_nano_usd, again.theirs_nano_usd) == (PRICE_NANO, 2 * PRICE_NANO)
    assert rows[0] == rows[1] == rows[2]
    assert house_paid(ours.request) == factories.PRICE
    assert team_bill(ours).theirs == 2 * PRICE_NANO


def test_a_third_charge_is_a_finding_of_its_own(bill: Bill) -> None:
    ours = called()
    for _ in range(3):
        bill.took("ours")
    assert counts(compare()) == counts(compare()) == {"matched": 1, "doubled": 2}
    assert house_paid(ours.request) == 2 * factories.PRICE


def test_a_second_charge_on_another_day_is_no_first_one(bill: Bill) -> None:
    ours = called()
    bill.took("ours")
    bill.took("ours", at=NOON + DAY)
    compare()
    later = compare(day=(NOON + DAY).date())
    assert counts(later) == counts(compare(day=(NOON + DAY).date())) == {"doubled": 1}
    assert house_paid(ours.request) == factories.PRICE


def test_a_list_that_took_more_than_the_log_says_is_a_case(bill: Bill) -> None:
    ours = called()
    bill.logged(ours)
    bill.took("ours", 2 * PRICE_NANO)
    done = compare()
    assert counts(done) == {"drift": 1}
    assert done.theirs_nano_usd == done.transactions_nano_usd == 2 * PRICE_NANO
    assert house_paid(ours.request) == factories.PRICE
    found = team_bill(ours)
    assert (found.open_cases, found.theirs, found.matched) == (1, 2 * PRICE_NANO, 0)
    cases.resolve(by=prices.staff(), cases=Finding.objects.all(), note="Asked them")
    assert team_bill(ours).matched == 0
    said = "The provider billed $0.066, not what was booked first; that is settled"
    assert bill_words.of(ours.request) == said


def test_records_that_contradict_each_other_are_a_case_where_nothing_is_owed(bill: Bill) -> None:
    ours = called()
    bill.logged(ours, 2 * PRICE_NANO)
    bill.took("ours")
    assert counts(compare()) == {"drift": 1}
    shown = open_case()
    assert (shown.advice, shown.refundable) == (reconciled.ITS_OWN, 0)
    assert house_paid(ours.request) == 0
    cases.resolve(by=prices.staff(), cases=[shown.finding], note="The log was wrong")
    assert bill_words.of(ours.request) == "Matches the provider’s bill: $0.033"
    assert team_bill(ours).matched == 1


def test_what_is_logged_and_was_never_taken_can_be_given_back(bill: Bill) -> None:
    ours = called()
    bill.logged(ours)
    done = compare()
    assert (counts(done), done.difference_nano_usd) == ({"drift": 1}, -PRICE_NANO)
    shown = open_case()
    assert (shown.advice, shown.refundable) == (reconciled.NOT_TAKEN, factories.PRICE)


def test_a_charge_that_comes_late_ends_its_case(bill: Bill) -> None:
    ours = called()
    bill.logged(ours)
    compare()
    bill.took("ours", at=NOON + HOUR)
    compare()
    assert Finding.objects.get().note == "The provider's record came late."
    assert compare().theirs_nano_usd == PRICE_NANO
    assert bill_words.of(ours.request) == "Matches the provider’s bill: $0.033"
    assert team_bill(ours).matched == 1


def test_a_charge_that_comes_late_at_another_amount_is_a_case_again(bill: Bill) -> None:
    ours = called()
    bill.logged(ours)
    compare()
    bill.took("ours", 2 * PRICE_NANO, at=NOON + HOUR)
    for _ in range(3):
        done = compare()
    shown = open_case()
    assert (shown.advice, shown.refundable) == (reconciled.AFTER_ALL, 0)
    assert shown.finding.theirs_nano_usd == done.theirs_nano_usd == 2 * PRICE_NANO


def test_what_is_charged_after_midnight_belongs_to_the_day_of_its_log_alone(
    bill: Bill, settings: Settings
) -> None:
    settings.PROVIDER_LOG_LAG = 1800
    midnight, later = NOON + DAY / 2, 20 * HOUR / 60
    bill.logged(called(at=midnight - later), at=midnight - later)
    bill.took("ours", at=midnight + later)
    for _ in range(2):
        first, second = compare(), compare(day=(NOON + DAY).date())
        assert (counts(first), first.theirs_nano_usd) == ({"matched": 1}, PRICE_NANO)
        assert (counts(second), second.theirs_nano_usd) == ({}, 0)
    assert not Finding.objects.exists()


def test_while_the_list_may_lag_the_log_is_believed(bill: Bill, settings: Settings) -> None:
    ours = called()
    bill.logged(ours)
    settings.PROVIDER_LOG_LAG = 10 * DAY.total_seconds()
    assert counts(compare()) == {"matched": 1}


@pytest.mark.parametrize("later", [HOUR, DAY])
def test_what_the_provider_gave_back_is_a_case_to_give_it_back(bill: Bill, later: object) -> None:
    staff, ours, back = prices.staff(), called(), NOON + later  # type: ignore[operator]  # parametrized
    bill.logged(ours)
    bill.took("ours")
    bill.took("ours", -PRICE_NANO, at=back)
    compare()
    for _ in range(2):
        compare(day=back.date())
    shown = open_case()
    assert (shown.advice, shown.refundable) == (reconciled.CAME_BACK, factories.PRICE)
    assert team_bill(ours).theirs == 0
    cases.resolve(by=staff, cases=[shown.finding], note="They gave it back", refund=True)
    assert Finding.objects.get().refunded == factories.PRICE


def test_what_came_back_of_a_second_charge_is_not_the_teams(bill: Bill) -> None:
    called()
    bill.took("ours")
    bill.took("ours", at=NOON + HOUR)
    bill.took("ours", -PRICE_NANO, at=NOON + 2 * HOUR)
    compare()
    shown = open_case()
    assert (shown.finding.theirs_nano_usd, shown.refundable) == (-PRICE_NANO, 0)


@pytest.mark.parametrize("first", [0, 1])
def test_what_came_back_in_two_parts_is_given_back_once_in_all(bill: Bill, first: int) -> None:
    staff, ours = prices.staff(), called()
    bill.logged(ours)
    bill.took("ours")
    for nth in (1, 2):
        bill.took("ours", -10_000_000, at=NOON + nth * HOUR)
    compare()
    both = Finding.objects.order_by("charged_at")
    for case in (both[first], both[1 - first]):
        cases.resolve(by=staff, cases=[case], note="They gave it back", refund=True)
    assert sorted(one.refunded for one in both.all()) == [0, 2_000_000]


def test_each_source_keeps_its_own_figure(bill: Bill) -> None:
    ours = called(stated=False)
    bill.logged(ours, 34_000_000)
    bill.took("ours", 35_000_000, at=NOON + HOUR)
    compare()
    kept = ProviderCharge.objects.filter(attempt=ours)
    found = {one.seen_via: (one.nano_usd, one.occurred_at) for one in kept}
    assert found[SeenVia.LOG] == (34_000_000, NOON)
    assert found[SeenVia.TRANSACTION] == (35_000_000, NOON + HOUR)
    ours.refresh_from_db()
    assert ours.cost_nano_usd == 35_000_000


# Of a whole day.


def a_little_more(bill: Bill, settings: Settings, *, stated: bool) -> None:
    settings.RECONCILE_DAY_TOLERANCE_NANO_USD = 50_000
    for number in range(3):
        ours = called(f"call-{number}", stated=stated)
        bill.logged(ours, PRICE_NANO + 30_000)
        bill.took(ours.inference_id, PRICE_NANO + 30_000)


@pytest.mark.parametrize("stated", [True, False])
def test_differences_that_are_small_alone_are_one_case_together(
    bill: Bill, settings: Settings, stated: bool
) -> None:
    staff = prices.staff()
    a_little_more(bill, settings, stated=stated)
    for _ in range(3):
        done = compare()
        assert (counts(done), done.difference_nano_usd) == ({"matched": 3}, 90_000)
    case = Finding.objects.get()
    assert (case.kind, case.difference_nano_usd) == (FindingKind.DAY, 90_000)
    (message,) = mail.outbox
    assert message.to == [staff.email]
    assert "Small differences of a day" in message.body


def test_a_day_is_looked_at_once(bill: Bill, settings: Settings) -> None:
    staff = prices.staff()
    a_little_more(bill, settings, stated=True)
    compare()
    cases.resolve(by=staff, cases=[Finding.objects.get()], note="The price list is rounded")
    compare()
    assert not Finding.objects.open().exists()
    assert Finding.objects.get().note == "The price list is rounded"


def test_a_day_within_its_tolerance_is_put_up_with(bill: Bill, settings: Settings) -> None:
    a_little_more(bill, settings, stated=True)
    settings.RECONCILE_DAY_TOLERANCE_NANO_USD = 90_000
    compare()
    assert not Finding.objects.exists()


# What nobody here asked for.


def test_a_charge_with_our_key_at_fal_is_a_case_and_one_of_another_key_is_not(bill: Bill) -> None:
    ours = called("ours")
    Attempt.objects.filter(pk=ours.pk).update(provider="fal")
    bill.fal_took("ours", key="User Key: darkroom")
    bill.fal_took("lost", key="User Key: darkroom")
    bill.fal_took("another", key="User Key: somebody")
    bill.fal_took("unnamed")
    done = compare("fal")
    assert counts(done) == {"matched": 1, "theirs_only": 1}
    assert (done.key_name, done.elsewhere_nano_usd) == ("User Key: darkroom", 2 * PRICE_NANO)
    case = Finding.objects.open().get()
    assert (case.inference_id, case.attempt) == ("lost", None)


def test_charges_without_a_name_are_a_case_each(bill: Bill) -> None:
    ours = called("ours")
    Attempt.objects.filter(pk=ours.pk).update(provider="fal")
    bill.fal_took("ours", key="User Key: darkroom")
    for at in (NOON, NOON, NOON + HOUR):
        bill.fal_took("", key="User Key: darkroom", at=at)
    for _ in range(2):
        assert counts(compare("fal")) == {"matched": 1, "theirs_only": 3}
        assert Finding.objects.open().count() == 3


def test_fals_name_of_our_key_is_remembered(bill: Bill) -> None:
    ours = called("ours")
    Attempt.objects.filter(pk=ours.pk).update(provider="fal")
    bill.fal_took("ours", key="User Key: darkroom")
    bill.fal_took("lost", key="User Key: darkroom", at=NOON + DAY)
    compare("fal")
    assert counts(compare("fal", (NOON + DAY).date())) == {"theirs_only": 1}


def test_before_the_name_of_our_key_is_known_a_charge_is_elsewhere(bill: Bill) -> None:
    bill.fal_took("lost", key="User Key: darkroom")
    assert compare("fal").elsewhere_nano_usd == PRICE_NANO
    assert not Finding.objects.exists()


@pytest.mark.parametrize("provider", ["aimlapi", "fal"])
def test_with_a_shared_key_what_nobody_here_asked_for_is_elsewhere(
    bill: Bill, settings: Settings, provider: str
) -> None:
    settings.SHARED_PROVIDER_KEYS = [provider]
    ours = called("ours")
    Attempt.objects.filter(pk=ours.pk).update(provider=provider)
    stranger = Attempt(inference_id="lost", client_request_id="theirs")
    bill.logged(ours)
    bill.logged(stranger)
    for name in ("ours", "lost"):
        bill.took(name)
        bill.fal_took(name, key="User Key: darkroom")
    done = compare(provider)
    assert (counts(done), done.elsewhere_nano_usd) == ({"matched": 1}, PRICE_NANO)
    assert not Finding.objects.exists()
