"""Our books beside the real sandbox's, which is the truth, to the last microcredit."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from time import sleep

import pytest
from django.core import mail
from django.db import connection
from django.db.models import Sum
from pytest_django import Settings

from accounts.models import HoldState, LedgerEntry
from generations import enqueue
from generations.models import (
    Attempt,
    AttemptState,
    CostSource,
    Finding,
    FindingAction,
    FindingKind,
    GenerationRequest,
    Reconciliation,
    ReconciliationState,
    Status,
)
from generations.services import audit, outcomes, providers, reconciling
from tests import factories
from tests.generations.sandbox.running import sandbox
from tests.generations.services.provider import Provider
from tests.generations.services.steps import age, ask, attempts, house_paid, look, now, run
from tests.providers.servers import Server, says

pytestmark = pytest.mark.django_db(transaction=True)

PRICE_NANO = 33_000_000
OTHER = 70_000  # of the provider's credits, where 66,000 are the catalog's price
OTHER_NANO = 35_000_000


@pytest.fixture(autouse=True)
def _books(connected: Provider, settings: Settings) -> Iterator[None]:
    """What the provider writes is there at once; whatever happens, our own books add up."""
    settings.PROVIDER_LOG_LAG = 0
    yield
    assert audit.check_ledger().problems == []


def today() -> date:
    return datetime.now(UTC).date()


def compare() -> Reconciliation:
    (done,) = reconciling.run(over=[today()])
    assert done.state == ReconciliationState.FINISHED, done.error
    return done


def booked() -> int:
    """What teams and the house paid for holds, in microcredits."""
    return LedgerEntry.objects.filter(hold__isnull=False).aggregate(all=Sum("amount"))["all"] or 0


def counts(done: Reconciliation) -> dict[str, int]:
    found = {verdict.value: getattr(done, verdict) for verdict in reconciling.COUNTED}
    return {name: count for name, count in found.items() if count}


def post(provider: Provider, client_request_id: str = "") -> None:
    """A paid call that the engine knows nothing of."""
    headers = {"Authorization": f"Bearer {provider.key}", "X-Client-Request-Id": client_request_id}
    body = {"model": factories.MODEL, "prompt": "By hand"}
    answer = provider.running.client.post("/v1/images/generations", json=body, headers=headers)
    assert answer.status_code == 200


def lost(provider: Provider, *, settled: bool = True) -> GenerationRequest:
    """A request that the provider made and charged, and whose answer never came."""
    provider.fault("drop_after")
    request = run()
    assert request.status == Status.UNCONFIRMED
    return look(request) if settled else request


def given_up(provider: Provider) -> GenerationRequest:
    """The same, where the log could not be read until the engine gave up."""
    request = lost(provider, settled=False)
    provider.fault("logs_status", status=503)
    age(request, timedelta(hours=25))
    request = look(request)
    assert (request.status, request.error_code) == (Status.FAILED, "unclear")
    return request


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
    request = look(look(run()))
    assert request.status == Status.QUEUED
    request = run(request)
    assert request.status == Status.SUCCEEDED
    post(connected, request.attempts.get(number=1).client_request_id)
    assert counts(compare()) == {"theirs_only": 1, "matched": 1}
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
        run()
        assert counts(compare()) == {"ours_only": 1}
        sleep(1.6)
        assert counts(compare()) == {"matched": 1}
        assert booked() == provider.charged()
    case = Finding.objects.get()
    assert (case.resolved_by, case.note) == (None, "The provider's record came late.")


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


# Again, and again.


def test_repeating_changes_nothing(connected: Provider) -> None:
    run()
    connected.fault("no_cost", credits=OTHER)
    run()
    given_up(connected)
    twice = run()
    post(connected, twice.attempts.get().client_request_id)
    post(connected)
    factories.succeeded(ask())
    first, rows = compare(), list(Finding.objects.values())
    entries, costs = list(LedgerEntry.objects.values()), list(Attempt.objects.values())
    for _ in range(2):
        again = compare()
        assert again.pk == first.pk
        assert counts(again) == counts(first)
        assert again.difference_nano_usd == first.difference_nano_usd
    assert list(Finding.objects.values()) == rows
    assert list(LedgerEntry.objects.values()) == entries
    assert list(Attempt.objects.values()) == costs


def test_the_findings_explain_the_difference_to_the_last_nano_dollar(connected: Provider) -> None:
    run()
    connected.fault("no_cost", credits=OTHER)
    run()
    given_up(connected)
    post(connected)
    done = compare()
    explained = sum(one.difference_nano_usd for one in Finding.objects.all())
    assert done.difference_nano_usd == explained
    assert done.theirs_nano_usd == done.transactions_nano_usd


def test_what_is_known_to_us_is_booked_as_the_provider_bills_it(connected: Provider) -> None:
    connected.fault("fewer")
    run(ask(num_images=2))
    connected.fault("no_cost", credits=OTHER)
    post(connected, run().attempts.get().client_request_id)
    given_up(connected)
    lost(connected)
    assert booked() < connected.charged()
    compare()
    assert booked() == connected.charged()


def test_four_at_once_book_once(connected: Provider) -> None:
    request = given_up(connected)
    post(connected, request.attempts.get().client_request_id)
    post(connected)

    def elsewhere() -> None:
        compare()
        connection.close()

    with ThreadPoolExecutor(4) as pool:
        for done in [pool.submit(elsewhere) for _ in range(4)]:
            done.result()
    assert Finding.objects.count() == 3
    assert house_paid(request) == 2 * factories.PRICE


def test_an_answer_that_comes_after_its_charge_was_booked_books_nothing(
    connected: Provider,
) -> None:
    request = given_up(connected)
    compare()
    assert not outcomes.record_answer(request.attempts.get(), factories.answer())
    assert booked() == connected.charged()
    assert counts(compare()) == {"theirs_only": 1}


# Days, failures, mails.


def test_a_charge_belongs_to_the_day_the_provider_gives_it(connected: Provider) -> None:
    run()
    (yesterday,) = reconciling.run(over=[today() - timedelta(days=1)])
    assert (counts(yesterday), yesterday.theirs_nano_usd) == ({}, 0)


def test_the_last_days_are_looked_at_when_none_are_named() -> None:
    done = reconciling.run()
    assert [one.since.date() for one in done] == [
        today() - timedelta(days=ago) for ago in (3, 2, 1, 0)
    ]


def test_a_key_is_kept_by_a_part_that_cannot_be_used(connected: Provider) -> None:
    assert compare().key_prefix == connected.key[:4]


def test_a_log_that_cannot_be_read_changes_nothing_and_is_told(connected: Provider) -> None:
    factories.user("operator@example.com")
    staff = factories.user()
    staff.is_staff = True
    staff.save()
    factories.succeeded(ask())
    connected.fault("logs_status", status=503)
    (failed,) = reconciling.run(over=[today()])
    assert failed.state == ReconciliationState.FAILED
    assert failed.error
    assert not Finding.objects.exists()
    (message,) = mail.outbox
    assert message.to == [staff.email]
    assert failed.error in message.body


def test_staff_are_mailed_once_about_a_new_case(connected: Provider) -> None:
    staff = factories.user()
    staff.is_staff = True
    staff.save()
    post(connected)
    compare()
    compare()
    (message,) = mail.outbox
    assert "Only in the provider's books: ours $0, theirs $0.033" in message.body
    assert "/operations/reconciliation/" in message.body


def test_nobody_is_mailed_when_the_books_agree() -> None:
    run()
    compare()
    assert mail.outbox == []


def test_asking_shows_at_once_and_hands_it_to_the_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(enqueue, "_send", lambda *_, **__: True)
    assert reconciling.ask()
    assert reconciling.is_under_way()
    assert set(Reconciliation.objects.values_list("state", flat=True)) == {"waiting"}


def test_a_broker_that_is_away_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(enqueue, "_send", lambda *_, **__: False)
    assert not reconciling.ask()
    assert not reconciling.is_under_way()
