"""A request as its fragment and its page show it, at every stage; cancelling and asking again."""

import re
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Membership, Role
from accounts.services import ledger
from generations.models import GenerationRequest, ImageStatus, Status
from generations.providers.errors import ErrorKind
from tests import factories, prices
from tests.generations.views.studio import HTMX, Studio, browser, failed, hide, unclear


@pytest.fixture
def queued(studio: Studio) -> GenerationRequest:
    return factories.request(
        of=studio.team, by=studio.author, prompt="A heron", params={"num_images": 2}
    )


def shown(client: Client, request: GenerationRequest) -> str:
    response = client.get(reverse("request", args=[request.pk]), headers=HTMX)
    assert response.status_code == 200
    assert "<html" not in response.text
    return response.text


def press(client: Client, name: str, request: GenerationRequest, **form: str) -> str:
    response = client.post(reverse(name, args=[request.pk]), form, headers=HTMX, follow=True)
    assert response.status_code == 200
    return response.text


def test_what_is_queued_shows_its_tiles_and_can_be_cancelled(
    mine: Client, queued: GenerationRequest
) -> None:
    page = shown(mine, queued)

    assert page.count("tile pending") == 2
    assert "Queued" in page
    assert reverse("request-cancel", args=[queued.pk]) in page
    assert f"sse:request-{queued.pk}, every 5s" in page


def test_what_is_queued_says_how_many_are_before_it(
    studio: Studio, mine: Client, queued: GenerationRequest
) -> None:
    second = factories.request(of=studio.team, by=studio.author)
    factories.request()

    assert "ahead" not in shown(mine, queued)
    assert "Queued · 1 ahead" in shown(mine, second)


def test_what_waits_for_a_busy_provider_says_so(mine: Client, queued: GenerationRequest) -> None:
    GenerationRequest.objects.update(error_code="rate_limited")

    assert "Provider busy, trying again" in shown(mine, queued)


def test_what_is_being_made_says_so_and_can_no_longer_be_cancelled(
    mine: Client, queued: GenerationRequest
) -> None:
    factories.sent(queued)

    page = shown(mine, queued)

    assert "Rendering" in page
    assert reverse("request-cancel", args=[queued.pk]) not in page


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("", "Saving"),
        ("storage", "Waiting for storage; kept, not paid twice"),
        ("download", "Fetching from the provider"),
    ],
)
def test_what_is_being_stored_says_so(
    mine: Client, queued: GenerationRequest, code: str, words: str
) -> None:
    factories.answered(queued)
    GenerationRequest.objects.update(error_code=code)

    assert words in shown(mine, queued)


def test_what_is_unclear_says_that_it_is_looked_into(
    mine: Client, queued: GenerationRequest
) -> None:
    page = shown(mine, unclear(queued))

    assert "Checking with the provider" in page
    assert page.count("tile pending") == 2


def test_what_is_ready_shows_its_images_and_its_cost(
    mine: Client, queued: GenerationRequest
) -> None:
    done = factories.succeeded(queued, pictures=[factories.picture(), factories.picture()])

    page = shown(mine, done)

    for image in done.images.all():
        assert reverse("image-file", args=[image.pk, "640"]) in page
    assert "every 5s" not in page
    assert "3.3" in page


def test_of_several_images_each_tile_says_what_became_of_it(
    mine: Client, queued: GenerationRequest
) -> None:
    done = factories.succeeded(queued, pictures=[factories.picture(), factories.picture()])
    second = done.images.get(index=1)
    second.status, second.stored_at = ImageStatus.BLOCKED, None
    second.save()

    page = shown(mine, done)

    assert reverse("image", args=[done.images.get(index=0).pk]) in page
    assert reverse("image", args=[second.pk]) not in page
    assert "The safety filter stopped this one" in page


@pytest.mark.parametrize(
    ("kind", "words", "next_step"),
    [
        (ErrorKind.INVALID, "The provider did not accept this", "?edit="),
        (ErrorKind.REFUSED, "The safety filter stopped this one", "?edit="),
        (ErrorKind.UNAUTHORIZED, "The provider refused our key", "/retry/"),
        (ErrorKind.NO_CREDITS, "The provider&#x27;s account is empty", "/retry/"),
        (ErrorKind.MODEL_GONE, "The provider no longer offers this model", "?edit="),
        (ErrorKind.TOO_LARGE, "The reference image is too large", "?edit="),
    ],
)
def test_a_failure_says_why_that_nothing_was_charged_and_what_to_do(
    mine: Client, queued: GenerationRequest, kind: ErrorKind, words: str, next_step: str
) -> None:
    page = shown(mine, failed(queued, kind))

    assert words in page
    assert "Not charged" in page
    assert next_step in page
    assert "tile pending" not in page
    assert "every 5s" not in page


def test_a_page_of_its_own_shows_a_request_without_javascript(
    mine: Client, queued: GenerationRequest
) -> None:
    page = mine.get(reverse("request", args=[queued.pk])).text

    assert "<html" in page
    assert "A heron" in page
    assert "tile pending" in page


def test_what_is_queued_is_cancelled_and_costs_nothing(
    studio: Studio, mine: Client, queued: GenerationRequest
) -> None:
    page = press(mine, "request-cancel", queued)

    queued.refresh_from_db()
    assert queued.status == Status.CANCELLED
    assert "Nothing was charged" in page
    assert page.count("Cancelled</li>") == 2
    assert ledger.balance(team=studio.team).held == 0


def test_what_waits_at_fal_is_cancelled_by_fal(studio: Studio, mine: Client) -> None:
    waiting = factories.request(of=studio.team, by=studio.author, model="fal-ai/flux-realism")
    GenerationRequest.objects.update(status=Status.SUBMITTED, queue_position=1)

    page = press(mine, "request-cancel", waiting)

    waiting.refresh_from_db()
    assert waiting.status == Status.SUBMITTED
    assert "The provider was asked to drop it" in page
    assert "Cancelling" in page
    assert ledger.balance(team=studio.team).held == waiting.hold.amount


def test_what_is_sent_is_too_late_to_cancel(
    studio: Studio, mine: Client, queued: GenerationRequest
) -> None:
    factories.sent(queued)

    page = press(mine, "request-cancel", queued)

    queued.refresh_from_db()
    assert queued.status == Status.SENDING
    assert "can no longer be cancelled" in page
    assert "Rendering" in page
    assert ledger.balance(team=studio.team).held == queued.hold.amount


def test_cancelling_without_javascript_leads_back_and_says_so(
    mine: Client, queued: GenerationRequest
) -> None:
    response = mine.post(reverse("request-cancel", args=[queued.pk]), follow=True)

    assert response.redirect_chain == [("/", 302)]
    assert "Nothing was charged" in response.text


def test_nobody_else_cancels_or_repeats_a_request(
    studio: Studio, queued: GenerationRequest
) -> None:
    for user in (studio.colleague, studio.owner, studio.outsider, studio.staff):
        for name in ("request", "request-cancel", "request-retry"):
            address = reverse(name, args=[queued.pk])
            client = browser(user)
            answer = client.get(address) if name == "request" else client.post(address)
            assert answer.status_code == 404

    assert GenerationRequest.objects.count() == 1


def test_what_failed_is_tried_again_as_a_new_request(
    mine: Client, queued: GenerationRequest
) -> None:
    over = failed(queued, ErrorKind.UNAUTHORIZED)

    page = press(mine, "request-retry", over)

    again = GenerationRequest.objects.exclude(pk=over.pk).get()
    assert (again.prompt, again.params, again.model) == (over.prompt, over.params, over.model)
    assert f'id="batch-{again.pk}"' in page


def test_asking_again_without_javascript_leads_back(
    mine: Client, queued: GenerationRequest
) -> None:
    over = failed(queued, ErrorKind.UNAUTHORIZED)

    response = mine.post(reverse("request-retry", args=[over.pk]))

    assert (response.status_code, response.headers["Location"]) == (302, "/")
    assert GenerationRequest.objects.count() == 2


def test_asking_again_with_one_key_asks_once(mine: Client, queued: GenerationRequest) -> None:
    over = failed(queued, ErrorKind.UNAUTHORIZED)
    key = str(uuid4())

    for _ in range(2):
        press(mine, "request-retry", over, idempotency_key=key)

    assert GenerationRequest.objects.count() == 2


def test_the_button_carries_a_key_and_gets_another_once_it_was_pressed(
    mine: Client, queued: GenerationRequest
) -> None:
    over = failed(queued, ErrorKind.UNAUTHORIZED)
    field = f'name="idempotency_key" id="again-{over.pk}" value="'
    key = shown(mine, over).partition(field)[2][:36]

    page = press(mine, "request-retry", over, idempotency_key=key)

    assert field in page
    assert key not in page


def test_missing_credits_are_said_where_the_person_is_led(studio: Studio, mine: Client) -> None:
    poor = factories.team(owner=studio.author, amount=factories.PRICE)
    done = factories.succeeded(factories.request(of=poor, by=studio.author))
    address = reverse("request-retry", args=[done.pk])

    answer = mine.post(address, headers=HTMX)

    assert answer.headers["HX-Redirect"] == "/"
    assert "You need 3.3 credits and have 0." in mine.get("/").text
    assert "You need 3.3 credits and have 0." in mine.post(address, follow=True).text


def test_what_costs_more_by_now_is_asked_for_in_the_composer(
    mine: Client, queued: GenerationRequest
) -> None:
    over = failed(queued, ErrorKind.UNAUTHORIZED)
    prices.enter(50_000_000)
    address = reverse("request-retry", args=[over.pk])

    answer = mine.post(address, headers=HTMX)

    assert answer.headers["HX-Redirect"] == f"/?edit={over.pk}"
    page = mine.post(address, follow=True).text
    assert "It costs more than it did." in page
    assert over.prompt in page
    assert 'name="agreed" id="agreed" value="10000000"' in page
    assert GenerationRequest.objects.count() == 1


def test_who_became_a_viewer_may_not_ask_again(
    studio: Studio, mine: Client, queued: GenerationRequest
) -> None:
    over = failed(queued, ErrorKind.UNAUTHORIZED)
    Membership.objects.filter(user=studio.author, team=studio.team).update(role=Role.VIEWER)

    assert mine.post(reverse("request-retry", args=[over.pk])).status_code == 403
    assert GenerationRequest.objects.count() == 1


def test_who_left_the_team_finds_nothing(
    studio: Studio, mine: Client, queued: GenerationRequest
) -> None:
    Membership.objects.filter(user=studio.author, team=studio.team).delete()

    assert mine.get(reverse("request", args=[queued.pk])).status_code == 404


def test_a_hidden_image_leaves_its_tile_with_the_reason(
    studio: Studio, mine: Client, queued: GenerationRequest
) -> None:
    done = factories.succeeded(queued, pictures=[factories.picture(), factories.picture()])
    image = done.images.get(index=0)
    hide(studio, image, "Gore, says <b>staff</b>")

    page = shown(mine, done)

    assert "Gore, says &lt;b&gt;staff&lt;/b&gt;" in page
    assert str(image.pk) not in page


@pytest.mark.parametrize("name", ["request", "request-story", "receipt"])
def test_its_author_reads_what_happened_in_a_line(mine: Client, studio: Studio, name: str) -> None:
    done = factories.succeeded(factories.request(of=studio.team, by=studio.author))
    assert re.search(
        r"Sent \d\d:\d\d:\d\d UTC · arrived \d\d:\d\d:\d\d · charged 3\.3",
        mine.get(reverse(name, args=[done.pk])).text,
    )


def test_the_line_is_fetched_anew_while_the_request_is_open(mine: Client, studio: Studio) -> None:
    asked = factories.request(of=studio.team, by=studio.author)
    address = reverse("request-story", args=[asked.pk])
    assert f'hx-get="{address}"' in mine.get(address).text
    factories.succeeded(asked)
    assert "hx-get" not in mine.get(address).text
