"""The same day compared again and again, by many, late, or not at all."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from django.core import mail
from django.db import connection

from accounts.models import LedgerEntry
from generations import enqueue
from generations.models import Attempt, Finding, Reconciliation, ReconciliationState
from generations.services import bills, outcomes, reconciling
from generations.services.bills import Billed
from tests import factories
from tests.generations.services.compared import (
    OTHER,
    booked,
    compare,
    counts,
    given_up,
    lost,
    post,
    today,
)
from tests.generations.services.provider import Provider
from tests.generations.services.steps import ask, house_paid, run

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("added_up")]


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


def test_a_fault_of_ours_on_one_day_keeps_no_other_from_being_compared(
    connected: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    staff, read, yesterday = factories.staff(), bills.read, today() - timedelta(days=1)
    run()

    def faulty(provider: str, *, since: datetime, until: datetime) -> list[Billed]:
        if since.date() == yesterday:
            raise ZeroDivisionError
        return read(provider, since=since, until=until)

    monkeypatch.setattr(bills, "read", faulty)
    with pytest.raises(ExceptionGroup) as raised:
        reconciling.run(of=["aimlapi"], over=[yesterday, today()])
    assert [type(one) for one in raised.value.exceptions] == [ZeroDivisionError]
    days = Reconciliation.objects.order_by("since")
    assert [(one.state, one.matched) for one in days] == [("failed", 0), ("finished", 1)]
    (message,) = mail.outbox
    assert (message.to, "A fault of ours" in message.body) == ([staff.email], True)


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
