"""How staff end what reconciling left to them."""

from datetime import UTC, datetime, timedelta

import pytest
from django.conf import settings as django_settings
from pytest_django import Settings

from accounts.errors import NotAllowed, SecondPersonNeeded
from accounts.models import User
from accounts.services import alone, ledger
from generations.models import Finding, FindingKind, Status
from generations.services import audit, cases, outcomes, reconciling, storing
from tests import factories, prices
from tests.generations.services.compared import taken_otherwise
from tests.generations.services.provider import Provider
from tests.generations.services.steps import age, ask, house_paid, look, now, run

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _log_at_once(connected: Provider, settings: object) -> None:
    settings.PROVIDER_LOG_LAG = 0  # type: ignore[attr-defined]  # Django's settings


@pytest.fixture
def staff() -> User:
    someone = factories.user()
    someone.is_staff = True
    someone.save()
    return someone


def compare() -> None:
    reconciling.run(over=[datetime.now(UTC).date()])


def never_taken() -> Finding:
    """A team paid for what the provider has no charge for."""
    factories.succeeded(ask())
    compare()
    return Finding.objects.get(kind=FindingKind.OURS_ONLY)


def available(case: Finding) -> int:
    assert case.attempt
    return ledger.balance(team=case.attempt.request.team).available


def test_a_case_ends_with_who_why_and_when(staff: User) -> None:
    case = never_taken()
    assert cases.resolve(by=staff, cases=[case], note="Asked the provider") == 1
    case.refresh_from_db()
    assert (case.resolved_by, case.note) == (staff, "Asked the provider")
    assert case.resolved_at
    assert not Finding.objects.open().exists()


def test_without_a_refund_no_credits_move(staff: User) -> None:
    case = never_taken()
    before = available(case)
    cases.resolve(by=staff, cases=[case], note="Let it be")
    assert available(case) == before


def test_a_refund_gives_back_the_mark_up_that_was_paid_on_it_too(staff: User) -> None:
    prices.mark_up(1000)
    case = never_taken()
    prices.mark_up(9000)
    assert cases.refundable(case) == factories.PRICE * 11 // 10


def test_a_refund_gives_back_what_the_provider_never_took(staff: User) -> None:
    case = never_taken()
    before = available(case)
    assert cases.refundable(case) == factories.PRICE
    cases.resolve(by=staff, cases=[case], note="Never charged", refund=True)
    assert available(case) == before + factories.PRICE
    case.refresh_from_db()
    assert case.refunded == factories.PRICE
    assert audit.check_ledger().problems == []


def test_a_refund_is_of_the_difference_where_something_was_taken(
    connected: Provider, staff: User
) -> None:
    connected.fault("no_cost", credits=60_000)
    request = run()
    compare()
    case = Finding.objects.open().get()
    cases.resolve(by=staff, cases=[case], note="The price fell", refund=True)
    hold = now(request).hold
    assert hold.captured - hold.refunded == connected.charged() == 3_000_000


def test_of_what_was_delivered_in_part_a_part_is_given_back(staff: User) -> None:
    shades = ("red", "green", "blue")
    pictures = [factories.picture(shade=one) for one in shades]
    request = factories.request(params={"num_images": 4})
    attempt = factories.answered(
        request, raw=factories.answer(*pictures, b"no picture at all", usd="0.132")
    )
    storing.finish(attempt.request_id)
    assert now(request).hold.captured == 9_900_000
    case = taken_otherwise(attempt, ours=132_000_000, theirs=99_000_000)
    case.refresh_from_db()
    assert cases.refundable(case) == 9_900_000 - 99_000_000 * 3 // 4 // 10 == 2_475_000
    cases.resolve(by=staff, cases=[case], note="The price fell", refund=True)
    assert now(request).hold.refunded == 2_475_000


def test_for_what_never_came_nobody_paid_and_nothing_is_given_back() -> None:
    pictures = [factories.picture(shade=one) for one in ("red", "green", "blue")]
    request = factories.request(params={"num_images": 4})
    attempt = factories.answered(request, raw=factories.answer(*pictures, usd="0.132"))
    storing.finish(attempt.request_id)
    assert now(request).hold.captured == 9_900_000
    case = taken_otherwise(attempt, ours=132_000_000, theirs=99_000_000)
    assert cases.refundable(case) == 0


def test_what_was_paid_above_the_hold_counts_as_paid() -> None:
    attempt = factories.answered(raw=factories.answer(usd="0.05"))
    storing.finish(attempt.request_id)
    case = taken_otherwise(attempt, ours=50_000_000, theirs=45_000_000)
    assert cases.refundable(case) == 500_000


def test_what_the_house_paid_above_the_hold_is_not_given_to_the_team() -> None:
    team = factories.team(amount=factories.PRICE)
    attempt = factories.answered(factories.request(of=team), raw=factories.answer(usd="0.05"))
    storing.finish(attempt.request_id)
    case = taken_otherwise(attempt, ours=50_000_000, theirs=45_000_000)
    assert cases.refundable(case) == 0


def test_what_went_back_already_is_not_given_back_again() -> None:
    request = factories.succeeded()
    ledger.refund(hold=request.hold_id, amount=1_500_000, reference="1", reason="Blurred")
    case = taken_otherwise(request.attempts.get(), ours=33_000_000, theirs=13_000_000)
    assert cases.refundable(case) == 500_000
    ledger.refund(hold=request.hold_id, amount=500_000, reference="2", reason="Blurred")
    case.refresh_from_db()
    assert cases.refundable(case) == 0


def test_for_an_attempt_that_was_overtaken_nothing_of_the_good_one_is_given_back(
    connected: Provider,
) -> None:
    connected.fault("drop_before")
    request = run()
    age(request, timedelta(seconds=django_settings.PROVIDER_DEADLINE))
    assert run(look(look(request))).status == Status.SUCCEEDED
    first = request.attempts.get(number=1)
    outcomes.record_answer(first, factories.answer())
    assert house_paid(request) == factories.PRICE
    compare()
    case = Finding.objects.open().get()
    assert (case.kind, case.attempt) == (FindingKind.OURS_ONLY, first)
    assert cases.refundable(case) == 0


def test_a_case_is_ended_and_refunded_once(staff: User) -> None:
    case = never_taken()
    before = available(case)
    assert cases.resolve(by=staff, cases=[case], note="First", refund=True) == 1
    assert cases.resolve(by=staff, cases=[case], note="Second", refund=True) == 0
    assert available(case) == before + factories.PRICE


def test_nothing_is_given_back_for_a_charge_of_no_request(connected: Provider, staff: User) -> None:
    headers = {"Authorization": f"Bearer {connected.key}"}
    body = {"model": factories.MODEL, "prompt": "By hand"}
    connected.running.client.post("/v1/images/generations", json=body, headers=headers)
    compare()
    case = Finding.objects.open().get()
    assert cases.refundable(case) == 0
    assert cases.resolve(by=staff, cases=[case], note="Our test script", refund=True) == 1


def test_only_active_staff_end_cases() -> None:
    case = never_taken()
    for by in (factories.user(), factories.staff(is_active=False)):
        with pytest.raises(NotAllowed):
            cases.resolve(by=by, cases=[case], note="Mine")
    assert Finding.objects.open().exists()


def test_what_is_given_back_for_cases_counts_for_what_one_may_do_alone(
    staff: User, settings: Settings
) -> None:
    case = never_taken()
    settings.ADJUSTMENT_LIMIT = factories.PRICE
    cases.resolve(by=staff, cases=[case], note="Never charged", refund=True)
    assert alone.done(staff) == factories.PRICE
    again = taken_otherwise(
        factories.succeeded(ask()).attempts.get(), ours=33_000_000, theirs=23_000_000
    )
    with pytest.raises(SecondPersonNeeded):
        cases.resolve(by=staff, cases=[again], note="The price fell", refund=True)
    assert cases.resolve(by=staff, cases=[again], note="Let it be") == 1
