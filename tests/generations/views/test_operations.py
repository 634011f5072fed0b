"""The operators' pages about requests: the list, the engine's state, one request's story."""

from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.db.models.expressions import CombinedExpression
from django.db.models.functions import Now
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from config.ids import first_uuid7
from generations import operations, operations_form
from generations.models import (
    Circuit,
    Gate,
    GenerationRequest,
    Status,
    WebhookInbox,
    WorkerBeat,
)
from generations.providers.errors import ErrorKind
from generations.services import beats, leases
from tests import factories
from tests.generations.views.studio import Studio, browser, failed, unclear

PAGE = "/operations/requests/"
PROMPT = "A secret heron of folded paper"
LONG_AGO = Now() - timedelta(minutes=5)


@pytest.fixture
def operator(studio: Studio) -> Client:
    return browser(studio.staff)


def asked(studio: Studio, **changes: object) -> GenerationRequest:
    return factories.request(**{"of": studio.team, "by": studio.author, "prompt": PROMPT} | changes)  # type: ignore[arg-type]  # any of its arguments


def listed(client: Client, **chosen: str) -> list[GenerationRequest]:
    return [line.request for line in client.get(PAGE, chosen).context["lines"]]


def story(request: GenerationRequest, do: str = "request") -> str:
    return reverse(f"operations-{do}", args=[request.pk])


def test_the_list_is_narrowed_by_each_filter(operator: Client, studio: Studio) -> None:
    refused = failed(asked(studio), ErrorKind.REFUSED)
    other = factories.request(model="flux/schnell")
    for chosen, found in (
        ({"status": "failed"}, refused),
        ({"model": "flux/schnell"}, other),
        ({"team": "northlight"}, refused),
        ({"team": other.team.slug}, other),
        ({"person": studio.author.email.upper()}, refused),
    ):
        assert listed(operator, **chosen) == [found]
    assert listed(operator) == [other, refused]
    assert listed(operator, age="hour", provider="aimlapi") == [other, refused]
    assert listed(operator, provider="fal") == []


def test_an_age_leaves_out_what_is_older(operator: Client, studio: Studio) -> None:
    old, new = asked(studio), asked(studio)
    hours_ago = first_uuid7(old.created_at - timedelta(hours=2))
    GenerationRequest.objects.filter(pk=old.pk).update(id=hours_ago)
    assert listed(operator, age="hour") == [new]
    assert len(listed(operator, age="day")) == 2


def test_stuck_is_what_is_unclear_kept_from_the_store_or_open_too_long(
    operator: Client, studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    doubtful = unclear(asked(studio))
    kept = factories.answered(asked(studio)).request
    GenerationRequest.objects.filter(pk=kept.pk).update(error_code="storage")
    waiting = asked(studio)
    assert listed(operator, stuck="on") == [kept, doubtful]
    monkeypatch.setattr(operations_form, "TOO_LONG", -timedelta(minutes=1))
    assert listed(operator, stuck="on") == [waiting, kept, doubtful]


def test_each_filter_can_be_taken_away_by_its_link(operator: Client) -> None:
    chips = operator.get(PAGE, {"status": "failed", "team": "northlight"}).context["form"].chips
    assert [(one.words, one.without) for one in chips] == [
        ("Status: Failed", "?team=northlight"),
        ("Team: northlight", "?status=failed"),
    ]


def test_words_that_are_no_choice_narrow_nothing(operator: Client, studio: Studio) -> None:
    request = asked(studio)
    assert listed(operator, status="no such", before="no id", age="?") == [request]


def test_older_requests_follow_on_the_next_page(
    operator: Client, studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(operations, "PAGE", 2)
    first, second, third = asked(studio), asked(studio), asked(studio)
    page = operator.get(PAGE, {"model": factories.MODEL})
    assert [line.request for line in page.context["lines"]] == [third, second]
    assert f"model=flux%2Fdev&amp;before={second.pk}" in page.text
    assert listed(operator, before=str(second.pk)) == [first]


def test_a_line_says_why_and_not_what_was_asked_for(operator: Client, studio: Studio) -> None:
    unclear(asked(studio))
    page = operator.get(PAGE).text
    assert "what became of it is not known" in page
    assert "heron" not in page


def test_the_state_of_the_engine_stands_on_top(operator: Client, studio: Studio) -> None:
    attempt = factories.sent(asked(studio))
    WebhookInbox.objects.create(provider="fal", event_id="fal-1", attempt=attempt, body=b"{}")
    Gate.objects.create(provider="aimlapi", slowed_to=4, slowed_from=9, slowed_at=Now())
    Circuit.objects.create(provider="fal", because="no_credits", probe_at=Now())
    beats.beat(beats.GENERATE)
    page = operator.get(PAGE).text
    for words in (
        "Circuit open: fal",
        "the provider&#x27;s account is empty",
        "Slowed: AIML API",
        "to 4 calls at once",
        "1 webhook not read yet",
        f"Worker <code>{leases.OWNER}</code> (generate)",
        "lives and has 0 requests in hand",
        "Media stands still",
    ):
        assert words in page


@pytest.mark.parametrize(
    ("word", "words"),
    [
        ({"seen_at": LONG_AGO}, ["Generate stands still", "no worker is running", "fell silent"]),
        ({"cut_off_at": LONG_AGO}, ["Generate stands still", "cannot reach the broker"]),
        ({"heard_at": LONG_AGO}, ["Generate stands still", "takes no message"]),
    ],
)
def test_an_engine_that_stands_still_says_so_on_top(
    operator: Client, studio: Studio, word: dict[str, CombinedExpression], words: list[str]
) -> None:
    waiting = asked(studio)
    beats.beat(beats.GENERATE)
    WorkerBeat.objects.update(**word)
    for page in (operator.get(PAGE).text, operator.get(story(waiting)).text):
        assert "Nobody works on it: " in page
    page = operator.get(PAGE).text
    assert [one for one in words if one not in page] == []


def test_a_schedule_that_is_not_kept_stands_on_top_beside_the_workers(operator: Client) -> None:
    beats.beat(beats.GENERATE)
    beats.hear_schedule()
    page = operator.get(PAGE).text
    assert "The schedule (beat)" in page
    assert "lives; last heard of" in page
    assert "Beat stands still" not in page
    silent = Now() - timedelta(minutes=9)
    WorkerBeat.objects.filter(part=beats.SCHEDULE).update(seen_at=silent)
    page = operator.get(PAGE).text
    assert "Beat stands still" in page
    assert "nothing is begun at its hour" in page
    assert "fell silent" in page


def test_trying_a_circuit_brings_its_probe_forward(operator: Client) -> None:
    later = Now() + timedelta(hours=1)
    circuit = Circuit.objects.create(provider="fal", because="no_credits", probe_at=later)
    page = operator.post(reverse("circuit-try", args=[circuit.pk]), follow=True)
    assert "is sent as a probe" in page.text
    assert Circuit.objects.filter(probe_at__lte=Now()).exists()


def test_a_pause_for_want_of_room_is_not_ended_by_a_probe(operator: Client) -> None:
    later = Now() + timedelta(hours=1)
    pause = Circuit.objects.create(provider="", because="disk", probe_at=later)
    page = operator.post(reverse("circuit-try", args=[pause.pk]), follow=True)
    assert "is sent as a probe" not in page.text
    assert not Circuit.objects.filter(probe_at__lte=Now()).exists()


def test_the_story_shows_each_call_its_costs_and_why(operator: Client, studio: Studio) -> None:
    done = factories.succeeded(asked(studio))
    page = operator.get(story(done)).text
    for words in (
        "Its images are stored and its hold is settled.",
        f"{done.pk}.1",
        "HTTP status",
        "x-aimlapi-usd-spent",
        "Booked: capture",
        "charged 3.3",
        "$0.033",
    ):
        assert words in page


def test_the_prompt_is_shown_to_who_opens_it_and_the_look_is_kept(
    operator: Client, studio: Studio
) -> None:
    done = factories.succeeded(asked(studio))
    assert PROMPT not in operator.get(story(done)).text
    assert not LogEntry.objects.exists()
    assert PROMPT in operator.post(story(done, "read")).text
    look = LogEntry.objects.get()
    assert (look.user, look.object_id) == (studio.staff, str(done.pk))
    assert look.get_change_message() == "Read the prompt."


@pytest.mark.parametrize(
    ("deed", "words"),
    [
        ("cancel", "Cancelled. Its hold is released."),
        ("release", "It has moved on meanwhile"),
        ("dance", "Choose what to do."),
    ],
)
def test_what_is_done_is_said(operator: Client, studio: Studio, deed: str, words: str) -> None:
    page = operator.post(story(asked(studio), "do"), {"deed": deed}, follow=True)
    assert words in page.text


def test_only_what_may_be_done_has_a_button(operator: Client, studio: Studio) -> None:
    queued = operator.get(story(asked(studio))).text
    assert 'value="cancel"' in queued
    assert 'value="look"' not in queued
    GenerationRequest.objects.update(status=Status.CANCELLED, finished_at=Now())
    assert 'name="deed"' not in operator.get(story(GenerationRequest.objects.get())).text


def test_only_staff_find_the_page_and_its_link(operator: Client, mine: Client) -> None:
    assert PAGE in operator.get("/").text
    assert PAGE not in mine.get("/").text
    assert mine.get(PAGE).status_code == 404


def test_the_pages_ask_no_more_of_the_database_with_more_rows(
    operator: Client, studio: Studio, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    done = factories.succeeded(factories.request(params={"num_images": 2}))
    for _ in range(5):
        asked(studio)
    operator.get(PAGE)  # the first visit of all makes a personal team
    with django_assert_max_num_queries(16):
        operator.get(PAGE)
    with django_assert_max_num_queries(18):
        operator.get(story(done))
