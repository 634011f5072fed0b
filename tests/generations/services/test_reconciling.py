"""Our books beside the real sandbox's, which is the truth, to the last microcredit."""

import json
from datetime import UTC, datetime, timedelta
from time import sleep

import pytest
from django.conf import settings as django_settings
from pytest_django import Settings

from accounts.models import HoldState
from generations import bill_words
from generations.models import AttemptState, CostSource, Finding, FindingAction, FindingKind, Status
from generations.services import cases, providers
from tests import factories, prices
from tests.generations.sandbox.running import sandbox
from tests.generations.services.compared import OTHER, booked, compare, counts, given_up, lost, post
from tests.generations.services.provider import Provider
from tests.generations.services.steps import age, ask, attempts, house_paid, look, now, run
from tests.providers.servers import Server, says

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("added_up")]

PRICE_NANO = 33_000_000

OTHER_NANO = 35_000_000


# Matched.


def test_what_was_made_and_paid_matches(connected: Provider) -> None:
    for _ in range(3):
        assert run().status == Status.SUCCEEDED
    connected.fault("status", status=400)
    run()
    done = compare()
    assert counts(done) == {"matched": 3}
    assert done.ours_nano_usd == done.theirs_nano_usd == 3 * PRICE_NANO
    assert done.transactions_nano_usd == 3 * PRICE_NANO
    assert booked() == connected.charged()
    assert not Finding.objects.exists()


def test_a_cost_that_the_answer_states_matches_whatever_it_is(connected: Provider) -> None:
    connected.fault("cost", credits=12_345)
    run()
    assert counts(compare()) == {"matched": 1}
    assert booked() == connected.charged()


def test_a_computed_cost_is_replaced_by_the_providers(connected: Provider) -> None:
    connected.fault("no_cost")
    request = run()
    assert request.attempts.get().cost_source == CostSource.COMPUTED
    assert counts(compare()) == {"matched": 1}
    attempt = request.attempts.get()
    assert (attempt.cost_source, attempt.cost_nano_usd) == (CostSource.LOG, PRICE_NANO)


def test_a_difference_within_the_tolerance_is_put_up_with(
    connected: Provider, settings: Settings
) -> None:
    settings.RECONCILE_TOLERANCE_NANO_USD = OTHER_NANO - PRICE_NANO
    connected.fault("no_cost", credits=OTHER)
    request = run()
    assert counts(compare()) == {"matched": 1}
    assert request.attempts.get().cost_nano_usd == OTHER_NANO
    assert house_paid(request) == 0


def test_a_tolerance_may_be_a_part_of_the_bill(connected: Provider, settings: Settings) -> None:
    settings.RECONCILE_TOLERANCE_PER_MILLE = 60
    connected.fault("no_cost", credits=OTHER)
    run()
    assert counts(compare()) == {"matched": 1}


def test_a_mark_up_or_another_price_since_is_no_difference(connected: Provider) -> None:
    prices.mark_up(2500, per_image=7)
    request = run()
    prices.enter(99_000_000)
    prices.mark_up(0)
    done = compare()
    assert counts(done) == {"matched": 1}
    assert done.ours_nano_usd == done.theirs_nano_usd
    assert now(request).hold.captured == factories.PRICE * 5 // 4 + 7


def test_the_house_pays_a_difference_without_the_mark_up(connected: Provider) -> None:
    prices.mark_up(2500)
    connected.fault("no_cost", credits=OTHER)
    request = run()
    assert counts(compare()) == {"drift": 1}
    assert house_paid(request) == 200_000


# Another amount.


def test_the_house_pays_what_the_provider_took_more_and_a_person_looks(
    connected: Provider,
) -> None:
    connected.fault("no_cost", credits=OTHER)
    request = run()
    done = compare()
    assert counts(done) == {"drift": 1}
    assert done.difference_nano_usd == OTHER_NANO - PRICE_NANO
    assert now(request).hold.captured == factories.PRICE
    assert house_paid(request) == 200_000
    assert booked() == connected.charged()
    (case,) = Finding.objects.open()
    assert (case.kind, case.ours_nano_usd, case.theirs_nano_usd, case.house_paid) == (
        FindingKind.DRIFT,
        PRICE_NANO,
        OTHER_NANO,
        200_000,
    )


def test_what_the_provider_took_less_is_a_case_and_no_entry(connected: Provider) -> None:
    connected.fault("no_cost", credits=60_000)
    request = run()
    assert counts(compare()) == {"drift": 1}
    assert house_paid(request) == 0
    assert Finding.objects.open().get().difference_nano_usd == 30_000_000 - PRICE_NANO
    assert request.attempts.get().cost_nano_usd == 30_000_000


# Only the provider's.


def test_a_lost_picture_that_recovery_booked_is_not_booked_again(connected: Provider) -> None:
    request = lost(connected)
    assert house_paid(request) == factories.PRICE
    assert counts(compare()) == {"theirs_only": 1}
    assert house_paid(request) == factories.PRICE
    assert Finding.objects.get().action == FindingAction.HOUSE
    assert bill_words.of(request) == "Matches the provider’s bill: $0.033; the house paid it"
    assert booked() == connected.charged()


def test_what_the_engine_gave_up_is_booked_to_the_house(connected: Provider) -> None:
    request = given_up(connected)
    assert house_paid(request) == 0
    assert counts(compare()) == {"theirs_only": 1}
    assert house_paid(request) == factories.PRICE
    assert attempts(request) == [AttemptState.LOST]
    assert booked() == connected.charged()
    after = now(request)
    assert (after.status, after.hold.state) == (Status.FAILED, HoldState.RELEASED)


def test_an_attempt_that_ran_although_it_was_sent_again_is_booked_to_the_house(
    connected: Provider,
) -> None:
    connected.fault("drop_before")
    request = run()
    age(request, timedelta(seconds=django_settings.PROVIDER_DEADLINE))
    request = look(look(request))
    assert request.status == Status.QUEUED
    request = run(request)
    assert request.status == Status.SUCCEEDED
    post(connected, request.attempts.get(number=1).client_request_id)
    assert counts(compare()) == {"theirs_only": 1, "matched": 1}
    said = "Matches the provider’s bill: $0.066; the house paid $0.033 of it"
    assert bill_words.of(request) == said
    assert house_paid(request) == factories.PRICE
    assert booked() == connected.charged()


def test_a_charge_for_nothing_of_ours_is_a_case(connected: Provider) -> None:
    post(connected)
    post(connected, "somebody-elses")
    done = compare()
    assert counts(done) == {"theirs_only": 2}
    assert {case.client_request_id for case in Finding.objects.open()} == {"", "somebody-elses"}
    assert booked() == 0


def test_a_request_that_recovery_will_settle_waits(connected: Provider) -> None:
    request = lost(connected, settled=False)
    assert counts(compare()) == {"waiting": 1}
    assert not Finding.objects.exists()
    look(request)
    assert counts(compare()) == {"theirs_only": 1}
    assert booked() == connected.charged()


# Twice.


def test_a_second_charge_for_one_attempt_is_the_houses(connected: Provider) -> None:
    request = run()
    post(connected, request.attempts.get().client_request_id)
    assert counts(compare()) == {"matched": 1, "doubled": 1}
    assert now(request).hold.captured == factories.PRICE
    assert booked() == connected.charged()
    assert Finding.objects.get().attempt == request.attempts.get()


def test_an_attempt_that_was_lost_twice_is_booked_twice(connected: Provider) -> None:
    request = given_up(connected)
    post(connected, request.attempts.get().client_request_id)
    assert counts(compare()) == {"theirs_only": 1, "doubled": 1}
    assert booked() == connected.charged()


# Only ours.


def test_a_cost_that_the_provider_never_took_is_a_case(connected: Provider) -> None:
    request = factories.succeeded(ask())
    done = compare()
    assert counts(done) == {"ours_only": 1}
    assert done.difference_nano_usd == -PRICE_NANO
    assert Finding.objects.open().get().attempt == request.attempts.get()
    assert house_paid(request) == 0


def test_what_the_provider_may_still_write_down_waits(settings: Settings) -> None:
    settings.PROVIDER_LOG_LAG = 60
    factories.succeeded(ask())
    assert counts(compare()) == {"waiting": 1}
    assert not Finding.objects.exists()


def test_a_case_ends_by_itself_when_the_record_comes_late(settings: Settings) -> None:
    with sandbox("--log-lag", "1.5") as slow:
        provider = Provider(slow, "slow-key")
        provider.connect(settings)
        request = run()
        assert counts(compare()) == {"ours_only": 1}
        sleep(1.6)
        assert counts(compare()) == {"matched": 1}
        assert booked() == provider.charged()
    case = Finding.objects.get()
    assert (case.resolved_by, case.note) == (None, "The provider's record came late.")
    assert bill_words.of(request) == "Matches the provider’s bill: $0.033"


def test_a_record_that_comes_after_a_refund_is_a_case_again(settings: Settings) -> None:
    with sandbox("--log-lag", "1.5") as slow:
        Provider(slow, "late-key").connect(settings)
        run()
        compare()
        never = Finding.objects.open().get()
        cases.resolve(by=factories.staff(), cases=[never], note="Never charged", refund=True)
        sleep(1.6)
        for _ in range(3):
            done = compare()
            assert counts(done) == {"matched": 1}
    (case,) = Finding.objects.open()
    assert (case.kind, case.attempt) == (FindingKind.DRIFT, never.attempt)
    assert (case.ours_nano_usd, case.theirs_nano_usd) == (0, PRICE_NANO)
    assert cases.refundable(case) == 0
    explained = sum(one.difference_nano_usd for one in Finding.objects.all())
    assert done.difference_nano_usd == explained == 0


def test_after_a_change_of_keys_the_list_of_charges_proves_what_was_taken(
    connected: Provider, settings: Settings
) -> None:
    """A log is one key's, the list of charges the account's."""
    ours = run().attempts.get().inference_id
    charges = [charge(ours, 0.033), charge("of-another-key", 0.5), charge(None, 0.25)]
    server = Server(says('{"data": []}'), says(json.dumps({"data": charges})))
    settings.AIMLAPI_BASE_URL = server.url
    providers.client.cache_clear()
    done = compare()
    server.stop()
    assert counts(done) == {"matched": 1}
    assert (done.theirs_nano_usd, done.elsewhere_nano_usd) == (PRICE_NANO, 750_000_000)


def charge(inference_id: str | None, usd: float) -> dict[str, object]:
    return {
        "created_at": datetime.now(UTC).isoformat(),
        "direction": "CHARGE",
        "type": "MODEL_USAGE",
        "amount": {"usd": usd, "credits": int(usd * 2_000_000)},
        "reference_id": inference_id,
    }
