"""What fal tells, over real HTTP from the sandbox that signs it, to the real address."""

import json
import time
from datetime import timedelta
from threading import Barrier
from typing import Any
from unittest import mock

import httpx
import pytest
from django.db.models.functions import Now
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from generations import enqueue
from generations.models import Attempt, GenerationRequest, Status, WebhookInbox
from generations.providers.base import RawAnswer
from generations.sandbox.fal.signing import Signer
from generations.services import (
    claiming,
    execution,
    providers,
    queueing,
    reconciling,
    recovery,
    results,
    webhooks,
)
from tests.generations.services.provider import Provider
from tests.generations.services.queue_steps import (
    PRICE,
    ask,
    look_until_over,
    store,
    submitted,
    take_in,
    told,
)
from tests.generations.services.steps import age, attempts, house_paid, now, run


@pytest.fixture
def hooked(provider: Provider, settings: Settings, live_server: LiveServer) -> Provider:
    """fal can reach us."""
    settings.WEBHOOK_ORIGIN = live_server.url
    return provider


def post(request: GenerationRequest, body: bytes, headers: dict[str, str]) -> httpx.Response:
    return httpx.post(webhooks.address(request.attempts.get()), content=body, headers=headers)


def signed(request: GenerationRequest, signer: Signer, *, late: int = 0) -> dict[str, Any]:
    body = json.dumps({"request_id": "x", "status": "OK", "payload": {}}).encode()
    headers = signer.headers(
        body,
        request_id=request.attempts.get().inference_id,
        owner="somebody",
        at=int(time.time()) - late,
    )
    return {"body": body, "headers": headers}


def test_a_webhook_is_kept_and_completes_the_request(hooked: Provider) -> None:
    request = submitted()
    (inbox,) = told()
    assert inbox.event_id == request.attempts.get().inference_id
    assert json.loads(bytes(inbox.body))["status"] == "OK"
    assert now(request).status == Status.SUBMITTED
    take_in()
    assert now(request).status == Status.ANSWERED
    assert store(request).hold.captured == PRICE
    assert WebhookInbox.objects.get().processed_at is not None


def test_a_result_that_is_slow_to_fetch_holds_no_other_up(
    hooked: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = submitted(), submitted()
    told(at_least=2)
    both_at_it, collect = Barrier(2), results.collect

    def collect_slowly(attempt: Attempt, told: RawAnswer | None) -> None:
        both_at_it.wait(10)
        collect(attempt, told)

    monkeypatch.setattr(results, "collect", collect_slowly)
    take_in()
    assert {store(one).status for one in asked} == {Status.SUCCEEDED}


def test_a_webhook_that_comes_twice_is_kept_once_and_answered_once(hooked: Provider) -> None:
    hooked.fault("hook_twice")
    request = submitted()
    told()
    time.sleep(0.5)
    assert WebhookInbox.objects.count() == 1
    take_in()
    take_in()
    assert store(request).status == Status.SUCCEEDED
    assert request.images.count() == 1


def test_a_webhook_before_our_commit_waits_for_it(hooked: Provider) -> None:
    hooked.fault("hook_early")
    request = ask()
    attempt = claiming.claim()
    assert attempt is not None
    sent = execution._call(attempt)
    told()
    take_in()
    assert now(request).status == Status.SENDING
    queueing.record_submission(attempt, sent)  # type: ignore[arg-type]  # it was taken
    assert now(request).status == Status.SUBMITTED
    take_in()
    assert store(request).status == Status.SUCCEEDED


def test_a_webhook_after_a_look_changes_nothing(hooked: Provider) -> None:
    request = store(look_until_over(submitted()))
    assert request.status == Status.SUCCEEDED
    told()
    take_in()
    assert attempts(now(request)) == ["answered"]
    assert WebhookInbox.objects.get().processed_at is not None


def test_without_a_webhook_the_look_finds_the_result(hooked: Provider) -> None:
    hooked.fault("hook_never")
    request = look_until_over(submitted())
    assert store(request).status == Status.SUCCEEDED
    assert not WebhookInbox.objects.exists()


def test_a_lost_answer_to_the_submit_is_found_by_the_webhook(hooked: Provider) -> None:
    hooked.fault("drop_after")
    request = run(ask())
    assert request.status == Status.UNCONFIRMED
    told()
    take_in()
    assert now(request).status == Status.ANSWERED
    request = store(request)
    assert request.hold.captured == PRICE
    assert request.attempts.get().inference_id == hooked.calls()[0]["inference_id"]


def test_a_lost_submit_is_known_by_the_queues_own_id_whatever_the_headers_name(
    hooked: Provider,
) -> None:
    hooked.fault("drop_after")
    hooked.fault("hook_never")
    request = run(ask())
    queued_as = hooked.calls()[0]["inference_id"]
    body = json.dumps({"request_id": queued_as, "status": "OK", "payload": None}).encode()
    signer = Signer()
    providers.verifier.cache_clear()
    keys = json.dumps(signer.jwks())
    with mock.patch.object(type(providers.queue("fal")), "fetch_keys", return_value=keys):
        for own_try in ("gateway-1", "gateway-2"):
            at = int(time.time())
            headers = signer.headers(body, request_id=own_try, owner="somebody", at=at)
            assert post(request, body, headers).status_code == 200
    assert [one.event_id for one in WebhookInbox.objects.all()] == [queued_as]
    take_in()
    assert request.attempts.get().inference_id == queued_as


def test_a_place_that_a_webhook_frees_is_handed_on_at_once(
    hooked: Provider, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.PROVIDER_LIMITS = {"fal": (1, 0)}
    ticket = mock.Mock(return_value=True)
    request = submitted()
    told()
    monkeypatch.setattr(enqueue, "send_ticket", ticket)
    take_in()
    assert ticket.call_count == 1
    assert store(request).status == Status.SUCCEEDED


def test_a_failure_is_told_too(hooked: Provider) -> None:
    hooked.fault("fal_error", status=422, error_type="content_policy_violation")
    request = submitted()
    told()
    take_in()
    request = now(request)
    assert (request.status, request.error_code) == (Status.FAILED, "refused")


def test_a_failure_of_a_lost_submit_is_read_from_the_webhook_alone(hooked: Provider) -> None:
    hooked.fault("drop_after")
    hooked.fault("fal_error", status=422, error_type="image_too_large")
    request = run(ask())
    told()
    take_in()
    request = now(request)
    assert (request.status, request.error_code) == (Status.FAILED, "too_large")


def test_what_is_told_stands_in_for_a_result_that_is_gone(hooked: Provider) -> None:
    hooked.fault("fal_gone")
    request = submitted()
    told()
    take_in()
    assert store(request).hold.captured == PRICE


def test_a_webhook_after_the_request_was_given_up_is_paid_by_the_house(hooked: Provider) -> None:
    hooked.fault("drop_after")
    request = run(ask())
    told()
    age(request, timedelta(hours=3))
    GenerationRequest.objects.update(due_at=Now())
    recovery.settle_unconfirmed()
    assert now(request).status == Status.FAILED
    take_in()
    reconciling.run(of=["fal"])
    assert now(request).status == Status.FAILED
    assert house_paid(request) == PRICE


@pytest.mark.parametrize("fault", ["hook_forged", "hook_old"])
def test_a_forged_or_an_old_webhook_leaves_no_row(hooked: Provider, fault: str) -> None:
    hooked.fault(fault)
    request = look_until_over(submitted())
    time.sleep(0.3)
    assert not WebhookInbox.objects.exists()
    assert store(request).status == Status.SUCCEEDED


@pytest.mark.parametrize("late", [0, 600, -600])
def test_a_signature_by_another_key_or_of_another_time_is_refused(
    hooked: Provider, late: int
) -> None:
    hooked.fault("hook_never")
    request = submitted()
    answer = post(request, **signed(request, Signer(), late=late))
    assert answer.status_code == 401
    assert not WebhookInbox.objects.exists()
    look_until_over(request)


def test_an_address_that_nobody_was_given_is_not_found(
    hooked: Provider, live_server: LiveServer
) -> None:
    hooked.fault("hook_never")
    request = submitted()
    address = webhooks.address(request.attempts.get())
    wrong = address.replace(webhooks.token(request.attempts.get().pk), "0" * 40)
    assert httpx.post(wrong, content=b"{}").status_code == 404
    assert httpx.post(address, content=b"{}").status_code == 401
    assert httpx.get(address).status_code == 405
    assert httpx.post(address, content=b"x" * 1_000_001).status_code == 413
    look_until_over(request)


def test_nothing_is_believed_while_fals_keys_cannot_be_read(hooked: Provider) -> None:
    hooked.fault("keys_status", status=500)
    request = submitted()
    # The first delivery is answered with 503; fal's second, a second later, meets the pause that
    # keeps a flood of webhooks from becoming one of questions.
    time.sleep(0.5)
    assert not WebhookInbox.objects.exists()
    providers.verifier.cache_clear()
    told()
    take_in()
    assert store(request).status == Status.SUCCEEDED


def test_new_keys_are_fetched_for_a_signature_that_the_old_ones_did_not_make(
    hooked: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = submitted()
    told()
    monkeypatch.setattr("generations.providers.fal_signatures.PAUSE_SECONDS", 0.0)
    hooked.fault("hook_rotated")
    second = submitted()
    told(at_least=2)
    take_in()
    assert {store(first).status, store(second).status} == {Status.SUCCEEDED}


def test_who_cannot_be_reached_gives_no_address(provider: Provider) -> None:
    request = submitted()
    assert webhooks.address(request.attempts.get()) == ""
    look_until_over(request)


def test_a_webhook_about_another_request_is_refused(hooked: Provider) -> None:
    hooked.fault("hook_never", times=2)
    one, other = submitted(), submitted()
    signer = Signer()
    providers.verifier.cache_clear()
    keys = json.dumps(signer.jwks())
    with mock.patch.object(type(providers.queue("fal")), "fetch_keys", return_value=keys):
        wrong = post(one, **signed(other, signer))
        right = post(one, **signed(one, signer))
    assert (wrong.status_code, right.status_code) == (401, 200)
    for request in (one, other):
        store(look_until_over(request))


def test_a_result_that_cannot_be_asked_for_is_taken_from_the_webhook_at_last(
    hooked: Provider,
) -> None:
    request = submitted()
    told()
    Attempt.objects.update(response_url="http://127.0.0.1:9/nowhere")
    take_in()
    assert now(request).status == Status.SUBMITTED
    WebhookInbox.objects.update(tries=len(webhooks.PAUSES))
    take_in()
    assert store(request).hold.captured == PRICE


def test_what_was_read_a_month_ago_is_forgotten(hooked: Provider) -> None:
    requests = [submitted(), submitted(), submitted()]
    told(at_least=3)
    take_in()
    long_ago = Now() - timedelta(days=31)
    kept, unread, old = WebhookInbox.objects.order_by("id")
    WebhookInbox.objects.filter(pk=unread.pk).update(processed_at=None, received_at=long_ago)
    WebhookInbox.objects.filter(pk=old.pk).update(processed_at=long_ago)
    webhooks.forget()
    assert list(WebhookInbox.objects.order_by("id")) == [kept, unread]
    for request in requests:
        store(request)
