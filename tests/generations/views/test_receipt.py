"""The receipt of a request: what was held, charged and why, for who may know."""

from datetime import timedelta

import pytest
from django.db.models.functions import Now
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.money import format_credits
from accounts.services import ledger
from generations.models import (
    Attempt,
    CostSource,
    Finding,
    FindingAction,
    FindingKind,
    GenerationRequest,
    ProviderCharge,
    Reconciliation,
    SeenVia,
    Visibility,
)
from generations.providers.errors import ErrorKind
from generations.receipts import Receipt, usd
from generations.services import requests, storing
from tests import factories
from tests.generations.views.studio import Studio, browser, failed

pytestmark = pytest.mark.django_db


def asked(studio: Studio, *, images: int = 1, **changes: object) -> GenerationRequest:
    params = {"num_images": images, **changes}
    return factories.request(of=studio.team, by=studio.author, params=params)


def page(client: Client, request: GenerationRequest) -> str:
    return client.get(reverse("receipt", args=[request.pk])).text


def test_it_says_why_less_was_charged_than_held(mine: Client, studio: Studio) -> None:
    three = [factories.picture(shade=shade) for shade in ("red", "green", "blue")]
    answered = factories.answered(
        asked(studio, images=4), raw=factories.answer(*three, usd="0.099")
    )
    storing.finish(answered.request_id)
    done = answered.request

    assert "Held 13.2, charged 9.9 because 3 of 4 arrived." in page(mine, done)


@pytest.mark.parametrize(
    ("usd", "words"),
    [
        ("0.132", "Held 13.2, charged 9.9 because 3 of 4 arrived."),
        ("0.264", "charged 19.8: 3 of 4 arrived, and the provider charged more than its price"),
    ],
)
def test_what_never_arrived_is_not_charged_whatever_the_provider_took(
    mine: Client, studio: Studio, usd: str, words: str
) -> None:
    three = [factories.picture(shade=shade) for shade in ("red", "green", "blue")]
    answered = factories.answered(asked(studio, images=4), raw=factories.answer(*three, usd=usd))
    storing.finish(answered.request_id)

    assert words in page(mine, answered.request)


def test_it_says_that_nothing_is_charged_yet(mine: Client, studio: Studio) -> None:
    assert "Held 3.3 until it is done; nothing is charged yet." in page(mine, asked(studio))


def test_it_says_why_nothing_was_charged(mine: Client, studio: Studio) -> None:
    refused = failed(asked(studio), ErrorKind.REFUSED)
    cancelled = asked(studio)
    requests.cancel(request=cancelled)

    assert "charged nothing because it failed: The safety filter" in page(mine, refused)
    assert "charged nothing because it was cancelled" in page(mine, cancelled)


def test_it_states_what_the_provider_charged_and_how_it_is_known(
    mine: Client, studio: Studio
) -> None:
    done = factories.succeeded(asked(studio))
    Attempt.objects.filter(request=done).update(cost_native=66_000, cost_unit="credits")

    shown = page(mine, done)

    assert "$0.033" in shown
    assert "66,000 credits" in shown
    assert "The provider stated it in a header of its answer" in shown


@pytest.mark.parametrize("source", CostSource.values)
def test_every_source_of_a_cost_has_words(mine: Client, studio: Studio, source: str) -> None:
    done = factories.succeeded(asked(studio))
    Attempt.objects.filter(request=done).update(cost_source=source)
    (call,) = Receipt(GenerationRequest.objects.get(pk=done.pk)).calls

    assert call.known_by.endswith(("answer", "log", "none"))


def billed(request: GenerationRequest, nano_usd: int = 33_000_000) -> Attempt:
    attempt = request.attempts.get()
    for seen_via in (SeenVia.LOG, SeenVia.TRANSACTION):
        ProviderCharge.objects.create(
            attempt=attempt, provider="aimlapi", seen_via=seen_via, nano_usd=nano_usd,
            occurred_at=Now(),
        )  # fmt: skip
    return attempt


def test_it_says_whether_the_provider_billed_the_same(mine: Client, studio: Studio) -> None:
    done = factories.succeeded(asked(studio))
    assert "Not compared with the provider’s bill yet" in page(mine, done)
    billed(done)
    assert "Matches the provider’s bill: $0.033<" in page(mine, done)


def test_it_says_that_a_bill_does_not_match_until_somebody_has_looked(
    mine: Client, studio: Studio
) -> None:
    done = factories.succeeded(asked(studio))
    now = timezone.now()
    sheet = Reconciliation.objects.create(
        provider="aimlapi", key_prefix="a", since=now, until=now + timedelta(days=1)
    )
    Finding.objects.create(
        reconciliation=sheet, provider="aimlapi", kind=FindingKind.DRIFT,
        action=FindingAction.CASE, attempt=billed(done, 30_000_000), inference_id="i",
        theirs_nano_usd=30_000_000, charged_at=now,
    )  # fmt: skip
    assert "Does not match the provider’s bill of $0.03 yet: staff look into" in page(mine, done)
    Finding.objects.update(resolved_at=now, note="The price fell")
    assert "billed $0.03, not what was booked first; that is settled" in page(mine, done)


def test_only_who_sees_the_books_is_led_to_them(mine: Client, studio: Studio) -> None:
    done = factories.succeeded(asked(studio))
    assert reverse("books") not in page(mine, done)
    assert reverse("books") in page(browser(studio.owner), done)


def test_what_the_house_paid_is_not_the_teams(mine: Client, studio: Studio) -> None:
    done = factories.succeeded(asked(studio))
    ledger.house(hold=done.hold_id, amount=2_000_000, reason="Made twice", reference="twice")
    receipt = Receipt(GenerationRequest.objects.get(pk=done.pk))

    assert (receipt.charged, receipt.house_paid) == (factories.PRICE, 2_000_000)
    assert "Made twice" in page(mine, done)


def test_a_refund_is_told_apart(mine: Client, studio: Studio) -> None:
    done = factories.succeeded(asked(studio))
    ledger.refund(hold=done.hold_id, amount=1_000_000, reference="sorry", reason="Blurred")
    receipt = Receipt(GenerationRequest.objects.get(pk=done.pk))

    assert (receipt.charged, receipt.refunded) == (factories.PRICE, 1_000_000)
    assert "Refunded later: 1." in page(mine, done)
    assert "charged 3.3; 1 refunded since, so it cost 2.3." in page(mine, done)


def test_it_is_for_who_asked_and_who_answers_for_the_credits(studio: Studio) -> None:
    address = reverse("receipt", args=[asked(studio).pk])
    allowed = [studio.author, studio.owner, studio.admin]
    others = [studio.colleague, studio.viewer, studio.outsider, studio.staff]

    assert {browser(user).get(address).status_code for user in allowed} == {200}
    assert {browser(user).get(address).status_code for user in others} == {404}


def test_an_owner_does_not_see_a_private_image_on_it(studio: Studio) -> None:
    private = factories.stored_image(
        of=studio.team, by=studio.author, visibility=Visibility.PRIVATE
    )
    owner, author = browser(studio.owner), browser(studio.author)

    assert str(private.pk) not in page(owner, private.request)
    assert str(private.pk) in page(author, private.request)


def test_costs_lead_to_it(mine: Client, studio: Studio) -> None:
    image = factories.stored_image(of=studio.team, by=studio.author)
    address = reverse("receipt", args=[image.request_id])

    for place in ("/", reverse("image", args=[image.pk]), "/usage/ledger/"):
        assert address in mine.get(place).text


def test_a_colleagues_image_does_not_lead_to_a_receipt_they_may_not_see(studio: Studio) -> None:
    image = factories.stored_image(of=studio.team, by=studio.author)
    address = reverse("receipt", args=[image.request_id])

    assert address not in browser(studio.colleague).get(reverse("image", args=[image.pk])).text


def costs(client: Client, request: GenerationRequest) -> list[bool]:
    """Whether Create, the image's page and the receipt say so many credits."""
    image = client.get(reverse("image", args=[request.images.get().pk])).text
    cost = Receipt(GenerationRequest.objects.get(pk=request.pk)).request.hold.cost
    words = format_credits(cost)
    return [
        f'{words}<span class="spoken"> credits, receipt' in client.get("/").text,
        f">{words} credits</a>" in image,
        f"charged {words}:" in page(client, request) or f"cost {words}." in page(client, request),
    ]


def test_an_overrun_is_part_of_the_cost_on_every_page(mine: Client, studio: Studio) -> None:
    answered = factories.answered(asked(studio), raw=factories.answer(usd="0.05"))
    storing.finish(answered.request_id)
    done = GenerationRequest.objects.get(pk=answered.request_id)

    assert done.hold.cost == 5_000_000
    assert costs(mine, done) == [True, True, True]


def test_a_refund_is_no_part_of_the_cost_on_any_page(mine: Client, studio: Studio) -> None:
    done = factories.succeeded(asked(studio))
    ledger.refund(hold=done.hold_id, amount=factories.PRICE, reference="sorry", reason="Blurred")
    done = GenerationRequest.objects.get(pk=done.pk)

    assert done.hold.cost == 0
    assert costs(mine, done) == [True, True, True]


def test_dollars_are_exact() -> None:
    assert [usd(nano) for nano in (33_000_000, 500, 10**9, 0)] == [
        "0.033",
        "0.0000005",
        "1",
        "0",
    ]
