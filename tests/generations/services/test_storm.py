"""Random faults and random deaths, many requests at once: whatever happens, the books agree."""

import random
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.db.models import F
from django.db.models.functions import Now
from pytest_django import Settings

from accounts.models import Team
from generations import catalog
from generations.models import TERMINAL, Attempt, GenerationRequest, Status
from generations.providers.errors import ProviderError
from generations.services import claiming, execution, providers, recovery, storing
from tests import factories
from tests.generations.services.provider import Provider
from tests.generations.services.steps import SMALL

REQUESTS = 24
PROMPTS = 6  # The sandbox draws a picture once.
STEPS = 120
ROUNDS_TO_END = 12

FAULTS: list[dict[str, Any]] = [
    {"fault": "status", "status": 400},
    {"fault": "status", "status": 429},
    {"fault": "status", "status": 500},
    {"fault": "status", "status": 500, "charged": True},
    {"fault": "status", "status": 524, "charged": True},
    {"fault": "drop_before"},
    {"fault": "drop_before", "logged": True},
    {"fault": "drop_after"},
    {"fault": "drop_after", "partial": True},
    {"fault": "garbage"},
    {"fault": "empty"},
    {"fault": "blocked"},
    {"fault": "fewer"},
    {"fault": "cost", "credits": 200_000},
    {"fault": "no_cost"},
    {"fault": "file_status", "status": 404},
    {"fault": "file_drop"},
    {"fault": "file_html"},
    {"fault": "logs_status", "status": 503},
]


def work() -> None:
    execution.run_next()


def die_before_sending() -> None:
    claiming.claim()


def die_with_the_answer_in_hand() -> None:
    attempt = claiming.claim()
    if attempt is None:
        return
    request = attempt.request
    payload = catalog.payload(catalog.get_model(request.model), request.prompt, request.params)
    client = providers.direct(request.provider)
    try:
        client.generate(payload=payload, client_request_id=attempt.client_request_id)
    except ProviderError:
        return


def die_before_storing() -> None:
    attempt = claiming.claim()
    if attempt:
        execution.send(attempt)


def resume() -> None:
    for request in GenerationRequest.objects.filter(status=Status.ANSWERED):
        storing.resume(request.pk)


DEATHS = [die_before_sending, die_with_the_answer_in_hand, die_before_storing]
RECOVERY = [recovery.expire_leases, recovery.settle_unconfirmed, resume]


def let_time_pass() -> None:
    """Everything is due, every call is long over, and leases that nobody renews have run out."""
    lapsed = Now() - timedelta(seconds=1)
    waiting = GenerationRequest.objects.exclude(status__in=TERMINAL)
    waiting.update(due_at=lapsed)
    waiting.exclude(lease_until=None).update(lease_until=lapsed)
    deadline = timedelta(seconds=django_settings.PROVIDER_DEADLINE)
    Attempt.objects.filter(request__status=Status.UNCONFIRMED, sent_at__gt=Now() - deadline).update(
        sent_at=F("sent_at") - deadline
    )


def order_faults(chance: random.Random, provider: Provider, team: Team) -> None:
    for number in range(REQUESTS):
        prompt = f"picture {number % PROMPTS}"
        if chance.random() < 0.7:
            rule = dict(chance.choice(FAULTS))
            match = {} if rule["fault"].startswith("logs") else {"match": prompt}
            provider.fault(**rule, **match, times=chance.randint(1, 2))
        params = {**SMALL, "num_images": chance.randint(1, 2)}
        factories.request(of=team, prompt=prompt, params=params)


@pytest.mark.parametrize("seed", range(3))
def test_a_storm_leaves_no_request_stuck_and_no_charge_unexplained(
    provider: Provider, settings: Settings, seed: int
) -> None:
    settings.PROVIDER_LOG_LAG = 0
    chance = random.Random(seed)  # noqa: S311 - to be repeated, not to be secret
    order_faults(chance, provider, factories.team())
    steps: list[Callable[[], None]] = [work, *DEATHS, *RECOVERY]
    weights = [6, 1, 1, 1, 3, 3, 3]
    for step in chance.choices(steps, weights, k=STEPS):
        let_time_pass()
        step()
    for _ in range(ROUNDS_TO_END):
        for recover in RECOVERY:
            let_time_pass()
            recover()
        while execution.run_next():
            pass
    assert set(GenerationRequest.objects.values_list("status", flat=True)) <= TERMINAL
    assert paid_again_only_if_free(provider)


def paid_again_only_if_free(provider: Provider) -> bool:
    """No attempt followed one that had been charged."""
    credits_of = {call["client_request_id"]: call["credits"] for call in provider.calls()}
    return not any(
        credits_of.get(f"{request.pk}.{number}")
        for request in GenerationRequest.objects.all()
        for number in range(1, request.attempt_count)
    )
