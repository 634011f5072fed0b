from typing import Any
from uuid import uuid4

import pytest
from django.db import transaction
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from accounts.errors import InsufficientCredits, NotAllowed
from accounts.models import Hold, HoldState, Role, Team, User
from accounts.services import ledger, teams
from generations import catalog, enqueue
from generations.errors import IdempotencyKeyReused, InvalidRequest, TooLateToCancel
from generations.models import GenerationRequest, Status, Visibility
from generations.services import claiming, requests
from tests import factories
from tests.factories import CREDIT, PRICE

pytestmark = pytest.mark.django_db


@pytest.fixture
def team() -> Team:
    return factories.team(amount=100 * CREDIT)


def submit(team: Team, by: User | None = None, **changes: Any) -> GenerationRequest:
    asked: dict[str, Any] = {
        "model_id": factories.MODEL,
        "prompt": "A lighthouse at dusk",
        "params": {},
    }
    return requests.submit(by=by or factories.owner_of(team), team=team, **(asked | changes))


def available(team: Team) -> int:
    return ledger.balance(team=team).available


def test_a_request_is_queued_with_its_price_on_hold(team: Team) -> None:
    request = submit(team, params={"num_images": 3})
    assert request.status == Status.QUEUED
    assert request.hold.amount == 3 * PRICE
    assert request.hold.state == HoldState.PENDING
    assert available(team) == 100 * CREDIT - 3 * PRICE


def test_a_request_keeps_every_default_it_is_sent_with(team: Team) -> None:
    request = submit(team)
    model = catalog.get_model(factories.MODEL)
    assert request.params == catalog.clean(model, "x", {})
    assert "seed" not in request.params


def test_an_alias_is_kept_as_the_model_it_means(team: Team) -> None:
    alias = next(alias for alias, model in catalog.ALIASES.items() if model == factories.MODEL)
    assert submit(team, model_id=alias).model == factories.MODEL


def test_a_prompt_is_kept_as_it_is_sent(team: Team) -> None:
    assert submit(team, prompt="  A fox\r\nat night ").prompt == "A fox\nat night"


def test_a_submitted_request_sends_a_ticket_after_the_commit(
    team: Team,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sent: list[str] = []
    monkeypatch.setattr(enqueue, "_send", lambda name, **_: sent.append(name))
    monkeypatch.setattr(enqueue, "waiting", lambda: 0)
    with django_capture_on_commit_callbacks(execute=True):
        submit(team)
        assert sent == []
    assert sent == [enqueue.RUN_NEXT]


# The same thing asked for twice.


def test_the_same_key_and_content_is_the_same_request(team: Team) -> None:
    key = uuid4()
    first = submit(team, idempotency_key=key)
    assert submit(team, idempotency_key=key) == first
    assert Hold.objects.count() == 1


def test_without_a_key_everything_is_a_new_request(team: Team) -> None:
    assert submit(team) != submit(team)


OTHERWISE: list[dict[str, Any]] = [
    {"prompt": "A fox"},
    {"params": {"seed": 7}},
    {"model_id": "flux-realism"},
    {"visibility": Visibility.PRIVATE},
]


@pytest.mark.parametrize("change", OTHERWISE, ids=lambda change: next(iter(change)))
def test_a_key_is_refused_for_other_content(team: Team, change: dict[str, Any]) -> None:
    key = uuid4()
    submit(team, idempotency_key=key)
    with pytest.raises(IdempotencyKeyReused):
        submit(team, idempotency_key=key, **change)
    assert available(team) == 100 * CREDIT - PRICE


def test_a_key_is_one_persons_in_one_team(team: Team) -> None:
    key = uuid4()
    member, other = factories.member(team), factories.team()
    teams_of_key = [
        submit(team, idempotency_key=key),
        submit(team, by=member, idempotency_key=key),
        submit(other, idempotency_key=key),
    ]
    assert len({request.pk for request in teams_of_key}) == 3


def test_a_key_still_means_the_first_request_when_the_credits_are_gone() -> None:
    team, key = factories.team(amount=PRICE), uuid4()
    first = submit(team, idempotency_key=key)
    assert submit(team, idempotency_key=key) == first


def test_a_key_said_after_the_end_is_still_the_first_request(team: Team) -> None:
    key = uuid4()
    first = submit(team, idempotency_key=key)
    requests.cancel(request=first)
    assert submit(team, idempotency_key=key).status == Status.CANCELLED


# What is refused.


@pytest.mark.parametrize("role", [Role.VIEWER, None])
def test_who_may_not_generate_cannot(team: Team, role: Role | None) -> None:
    by = factories.member(team, role) if role else factories.user()
    with pytest.raises(NotAllowed):
        submit(team, by=by)
    assert Hold.objects.count() == 0


def test_who_left_a_team_cannot_spend_its_credits(team: Team) -> None:
    member = factories.member(team)
    teams.remove_member(by=member, team=team, user=member)
    with pytest.raises(NotAllowed):
        submit(team, by=member)


def test_missing_credits_are_counted() -> None:
    team = factories.team(amount=PRICE - 1)
    with pytest.raises(InsufficientCredits) as refused:
        submit(team)
    assert refused.value.missing == 1
    assert GenerationRequest.objects.count() == 0


def test_the_whole_upper_bound_must_be_there() -> None:
    team = factories.team(amount=4 * PRICE - 1)
    with pytest.raises(InsufficientCredits):
        submit(team, params={"num_images": 4})
    assert submit(team, params={"num_images": 3}).hold.amount == 3 * PRICE


BAD: dict[str, dict[str, Any]] = {
    "prompt": {"prompt": " "},
    "model": {"model_id": "flux-unheard-of"},
    "brightness": {"params": {"brightness": 3}},
    "num_images": {"params": {"num_images": 5}},
    "seed": {"params": {"seed": 0}},
    "width": {"params": {"image_size": {"width": 513, "height": 512}}},
}


@pytest.mark.parametrize("field", BAD)
def test_bad_input_is_refused_beside_its_field(team: Team, field: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        submit(team, **BAD[field])
    assert list(refused.value.errors) == [field]
    assert Hold.objects.count() == 0


@pytest.mark.parametrize("seed", [-1, 0, 2**63, 2**64, "seven", 1.5])
def test_a_seed_that_no_model_takes_is_refused(team: Team, seed: object) -> None:
    with pytest.raises(InvalidRequest) as refused:
        submit(team, params={"seed": seed})
    assert list(refused.value.errors) == ["seed"]


@pytest.mark.parametrize("seed", [1, 2**31, 2**63 - 1])
def test_every_seed_within_64_bits_is_kept_exactly(team: Team, seed: int) -> None:
    assert submit(team, params={"seed": seed}).params["seed"] == seed


@pytest.mark.parametrize("length", [4000, 4001])
def test_a_prompt_has_its_limit(team: Team, length: int) -> None:
    if length == 4000:
        assert len(submit(team, prompt="x" * length).prompt) == length
        return
    with pytest.raises(InvalidRequest, match="4,001"):
        submit(team, prompt="x" * length)


@pytest.mark.parametrize("prompt", ["a\0b", "a\ud800b"])
def test_a_prompt_that_the_database_cannot_hold_is_refused(team: Team, prompt: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        submit(team, prompt=prompt)
    assert list(refused.value.errors) == ["prompt"]


def test_a_model_whose_provider_has_no_key_is_refused(team: Team, settings: Settings) -> None:
    settings.PROVIDERS = ["aimlapi"]
    with pytest.raises(InvalidRequest, match="cannot be used here yet"):
        submit(team, model_id="fal-ai/flux-realism")


def test_a_submit_that_is_rolled_back_leaves_no_hold(team: Team) -> None:
    with pytest.raises(RuntimeError), transaction.atomic():
        submit(team)
        raise RuntimeError
    assert available(team) == 100 * CREDIT
    assert Hold.objects.count() == GenerationRequest.objects.count() == 0


def test_a_request_that_cannot_be_kept_leaves_no_hold(
    team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(GenerationRequest, "save", lambda *_, **__: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        submit(team)
    assert available(team) == 100 * CREDIT


# Cancelling, and asking again.


def test_a_queued_request_is_cancelled_and_its_hold_given_back(team: Team) -> None:
    request = submit(team)
    requests.cancel(request=request)
    request.refresh_from_db()
    assert request.status == Status.CANCELLED
    assert available(team) == 100 * CREDIT
    assert claiming.claim() is None


def test_a_request_that_was_sent_cannot_be_cancelled(team: Team) -> None:
    request = submit(team)
    factories.sent(request)
    with pytest.raises(TooLateToCancel):
        requests.cancel(request=request)
    assert available(team) == 100 * CREDIT - PRICE


def test_a_request_is_cancelled_once(team: Team) -> None:
    request = submit(team)
    requests.cancel(request=request)
    with pytest.raises(TooLateToCancel):
        requests.cancel(request=request)
    assert available(team) == 100 * CREDIT


def test_asking_again_is_a_new_request_with_the_same_recipe(team: Team) -> None:
    first = submit(team, params={"seed": 7, "num_images": 2}, visibility=Visibility.PRIVATE)
    second = requests.again(by=factories.owner_of(team), request=first)
    assert second.pk != first.pk
    assert (second.prompt, second.params) == (first.prompt, first.params)
    assert (second.model, second.visibility) == (first.model, first.visibility)


@pytest.mark.parametrize("model", [model.id for model in catalog.MODELS.values() if model.featured])
def test_every_featured_recipe_can_be_asked_for_again(team: Team, model: str) -> None:
    first = submit(team, model_id=model)
    assert requests.again(by=first.user, request=first).params == first.params
