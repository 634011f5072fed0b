"""Comparison runs as pages: what it costs first, every model's cell, and the winner."""

import re
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from accounts.models import Team
from accounts.services import teams
from generations.models import Comparison, Favourite, GenerationRequest, Visibility
from generations.providers.errors import ErrorKind
from generations.services import trash
from generations.views import runs
from tests import factories
from tests.generations.runs import DEV, SCHNELL, finish, requests_of, start
from tests.generations.views.studio import HTMX, Studio, browser, failed, hide

BOTH = 3_700_000  # microcredits of DEV and SCHNELL


def form(team: Team, **changes: object) -> dict[str, object]:
    return {
        "team": team.slug,
        "idempotency_key": str(uuid4()),
        "prompt": "A heron",
        "models": [DEV, SCHNELL],
        "shape": "landscape_4_3",
        "seed": "",
        "visibility": "team",
        "agreed": str(BOTH),
        **changes,
    }


def ask(client: Client, team: Team, **changes: object) -> Any:
    return client.post("/compare/new/", form(team, **changes))


def address(run: Comparison) -> str:
    return reverse("comparison", args=[run.pk])


def cell(run: Comparison, position: int) -> str:
    return reverse("comparison-cell", args=[run.pk, position])


def pick(client: Client, run: Comparison, position: int) -> Any:
    return client.post(reverse("comparison-winner", args=[run.pk, position]), follow=True)


def test_the_price_stands_on_the_button_before_anything_is_asked(
    studio: Studio, mine: Client
) -> None:
    page = mine.get("/compare/new/?prompt=A+heron")

    total = page.context["preview"].amount
    assert f'value="{total}"' in page.text
    assert re.search(r"Compare\s+3\s+models", page.text)
    assert "A heron</textarea>" in page.text


def test_the_price_follows_what_is_ticked(studio: Studio, mine: Client) -> None:
    part = mine.post("/compare/new/price/", form(studio.team), headers=HTMX)

    assert "3.7" in part.text
    assert f'value="{BOTH}" hx-swap-oob="true"' in part.text
    assert "Compare 2 models" in part.text
    assert "<html" not in part.text


def test_the_price_of_a_shape_is_that_of_its_size(studio: Studio, mine: Client) -> None:
    def total(shape: str) -> int:
        asked = form(
            studio.team, models=["fal-ai/flux-realism", "flux-pro/v1.1-ultra"], shape=shape
        )
        price: int = mine.post("/compare/new/price/", asked, headers=HTMX).context["price"]
        return price

    assert "2368 × 1792" in mine.post("/compare/new/price/", form(studio.team)).text
    assert (
        "1792 × 2368"
        in mine.post("/compare/new/price/", form(studio.team, shape="portrait_4_3")).text
    )
    assert total("square_hd") >= total("landscape_16_9")


def test_without_a_script_the_page_works_the_price_out(studio: Studio, mine: Client) -> None:
    page = mine.post("/compare/new/price/", form(studio.team))

    assert f'value="{BOTH}"' in page.text
    assert "<html" in page.text
    assert not GenerationRequest.objects.exists()


def test_pressing_makes_the_run(studio: Studio, mine: Client) -> None:
    answer = ask(mine, studio.team, seed="42")

    run = Comparison.objects.get()
    assert answer["Location"] == address(run)
    assert (run.seed, run.prompt) == (42, "A heron")
    page = mine.get(address(run))
    assert page.text.count("sse:request-") == 2
    assert "3.7 credits at most" in page.text


def test_more_than_the_button_said_is_not_taken(studio: Studio, mine: Client) -> None:
    page = ask(mine, studio.team, agreed=str(BOTH - 1))

    assert page.status_code == 422
    assert "It costs more than the button said before" in page.text
    assert f'value="{BOTH}"' in page.text
    assert not GenerationRequest.objects.exists()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"prompt": " "}, "Describe the image you want to make."),
        ({"models": [DEV]}, "Choose 2 to 6 models."),
        ({"models": ["none", DEV]}, "Select a valid choice"),
        ({"seed": "-3"}, "Seed must be a whole number of at least 1."),
        ({"seed": "many"}, "Seed must be a whole number of at least 1."),
        ({"idempotency_key": "x"}, "This form did not arrive whole."),
    ],
)
def test_what_is_wrong_is_said_beside_it(
    studio: Studio, mine: Client, changes: dict[str, object], words: str
) -> None:
    page = ask(mine, studio.team, **changes)

    assert page.status_code == 422
    assert words in page.text
    assert not GenerationRequest.objects.exists()


def test_seven_models_are_too_many(studio: Studio, mine: Client) -> None:
    offered = [one.model.id for one in mine.get("/compare/new/").context["entries"]]

    page = ask(mine, studio.team, models=offered[:7], agreed="999999999")

    assert "Choose at most 6 models." in page.text
    assert not GenerationRequest.objects.exists()


def test_a_limit_refuses_all_of_it_in_the_composers_words(studio: Studio, mine: Client) -> None:
    factories.limit(studio.team, amount=factories.PRICE)

    page = ask(mine, studio.team)

    assert page.status_code == 422
    assert "it leaves 3.3, and this needs 3.7" in page.text
    assert "Choose fewer models, or" in page.text
    assert not Comparison.objects.exists()


def test_what_waits_for_approval_says_so_before(studio: Studio, mine: Client) -> None:
    teams.set_approval(by=studio.owner, team=studio.team, above=factories.CREDIT)

    part = mine.post("/compare/new/price/", form(studio.team), headers=HTMX)

    assert "1 of 2 models waits" in part.text
    ask(mine, studio.team)
    page = mine.get(address(Comparison.objects.get()))
    assert "Waits for approval by" in page.text


def test_a_double_press_leads_to_one_run(studio: Studio, mine: Client) -> None:
    key = str(uuid4())

    places = {ask(mine, studio.team, idempotency_key=key)["Location"] for _ in range(2)}

    assert places == {address(Comparison.objects.get())}


def test_a_cell_says_what_it_cost_and_how_long_it_took(studio: Studio, mine: Client) -> None:
    run = start(studio.author, studio.team, DEV, SCHNELL)
    finish(run)

    part = mine.get(cell(run, 0), headers=HTMX)

    assert "3.3 credits" in part.text
    assert re.search(r"\d\.\d s<", part.text)
    assert "hx-trigger" not in part.text
    assert "Look closer" in part.text
    assert "1 image ready." in part.text


def test_what_it_cost_is_told_to_whom_its_receipts_are(studio: Studio) -> None:
    run = start(studio.author, studio.team, DEV, SCHNELL)
    finish(run)

    def costs(client: Client) -> list[bool]:
        page, part = client.get(address(run)).text, client.get(cell(run, 0), headers=HTMX).text
        return ["6.6 credits" in page, "3.3 credits" in page, "3.3 credits" in part]

    for person in (studio.author, studio.owner, studio.admin):
        assert costs(browser(person)) == [True] * 3
    assert '6.6<span class="spoken"> credits' in browser(studio.author).get("/compare/").text
    for person in (studio.colleague, studio.viewer):
        assert costs(browser(person)) == [False] * 3


def test_what_a_colleague_tried_again_is_theirs_in_the_costs_too(
    studio: Studio, mine: Client
) -> None:
    run = start(studio.author, studio.team, DEV, SCHNELL)
    failed(requests_of(run)[0], ErrorKind.SERVER)
    theirs = browser(studio.colleague)
    theirs.post(again(run, 0), {"agreed": str(factories.PRICE)})

    assert "3.3 credits" in theirs.get(address(run)).text
    assert "3.3 credits" not in mine.get(address(run)).text
    assert "0.4 credits" in mine.get(address(run)).text
    assert 'class="spoken"> credits' not in mine.get("/compare/").text


def test_a_cell_that_failed_says_why_and_that_it_cost_nothing(studio: Studio, mine: Client) -> None:
    run = start(studio.author, studio.team, DEV, SCHNELL)
    failed(requests_of(run)[0], ErrorKind.INVALID)

    page = mine.get(address(run))

    assert "Not charged" in page.text
    assert "0.4 credits at most" in page.text
    assert "Look closer" not in page.text


def again(run: Comparison, position: int) -> str:
    return reverse("comparison-retry", args=[run.pk, requests_of(run)[position].pk])


def test_a_cell_that_failed_offers_another_try_at_its_price(studio: Studio, mine: Client) -> None:
    run = start(studio.author, studio.team, DEV, SCHNELL)
    failed(requests_of(run)[0], ErrorKind.SERVER)
    retry = again(run, 0)

    page = mine.get(address(run)).text
    part = mine.post(retry, {"agreed": str(factories.PRICE)}, headers=HTMX).text

    assert page.count("/retry/") == 2  # with a script and without
    assert f'name="agreed" value="{factories.PRICE}"' in page
    assert "Trying again; 3.3 credits reserved." in part
    assert "Try 2" in part
    assert "sse:request-" in part
    assert "/retry/" not in part


def test_without_a_script_another_try_leads_back_to_its_cell(studio: Studio, mine: Client) -> None:
    run = start(studio.author, studio.team, DEV, SCHNELL)
    failed(requests_of(run)[0], ErrorKind.SERVER)

    answer = mine.post(again(run, 0), {"agreed": str(factories.PRICE)})

    assert answer.headers["Location"] == f"{address(run)}#cell-0"
    assert requests_of(run)[0].is_open


@pytest.mark.parametrize("agreed", [{}, {"agreed": "1"}, {"agreed": "-1"}, {"agreed": "9" * 30}])
def test_another_try_at_a_price_nobody_saw_is_refused(
    studio: Studio, mine: Client, agreed: dict[str, str]
) -> None:
    run = start(studio.author, studio.team, DEV, SCHNELL)
    failed(requests_of(run)[0], ErrorKind.SERVER)

    part = mine.post(again(run, 0), agreed, headers=HTMX).text

    assert "Nothing was sent or charged. It costs more than the button said before." in part
    assert 'id="retry-0"' in part
    assert not requests_of(run)[0].is_open


def test_what_the_provider_no_longer_offers_is_not_tried_again(
    studio: Studio, mine: Client
) -> None:
    run = start(studio.author, studio.team, DEV, SCHNELL)
    failed(requests_of(run)[0], ErrorKind.MODEL_GONE)

    assert "/retry/" not in mine.get(address(run)).text


def test_a_colleague_tries_again_and_whoever_only_looks_does_not(studio: Studio) -> None:
    run = start(studio.author, studio.team, DEV, SCHNELL)
    failed(requests_of(run)[0], ErrorKind.SERVER)
    retry = again(run, 0)

    assert "/retry/" not in browser(studio.viewer).get(address(run)).text
    assert browser(studio.viewer).post(retry).status_code == 403
    colleague = browser(studio.colleague)
    part = colleague.post(retry, {"agreed": str(factories.PRICE)}, headers=HTMX).text

    assert "Details of A" in part
    assert requests_of(run)[0].user == studio.colleague


def test_another_runs_request_is_not_found_here(studio: Studio, mine: Client) -> None:
    run = start(studio.author, studio.team, DEV, SCHNELL)
    other = requests_of(start(studio.author, studio.team, DEV, SCHNELL))[0]

    assert mine.post(reverse("comparison-retry", args=[run.pk, other.pk])).status_code == 404


def test_the_winner_is_picked_and_may_be_changed(studio: Studio, mine: Client) -> None:
    run = start(studio.author, studio.team, DEV, SCHNELL)
    images = finish(run)

    pick(mine, run, 0)
    page = pick(mine, run, 1)

    assert page.text.count("Winner</span>") == 1
    assert 'id="pick-0"' in page.text
    assert 'id="pick-1"' not in page.text
    assert Favourite.objects.filter(user=studio.author).count() == len(images)


def test_of_more_than_four_the_winner_is_among_those_to_look_closer_at(
    studio: Studio, mine: Client
) -> None:
    more = ("flux-pro", "flux-realism", "flux/srpo")
    run = start(studio.author, studio.team, DEV, SCHNELL, *more)
    images = finish(run)
    assert mine.get(address(run)).context["contest"].closer == images[:4]

    page = pick(mine, run, 4)

    assert page.context["contest"].closer == [*images[:3], images[4]]


def test_nothing_is_picked_that_is_not_there(studio: Studio, mine: Client) -> None:
    run = start(studio.author, studio.team, DEV, SCHNELL)
    images = finish(run)
    hide(studio, images[0])
    trash.throw_away(by=studio.author, images=[images[1].pk])

    assert [pick(mine, run, position).status_code for position in range(3)] == [404] * 3


def test_a_colleague_sees_the_teams_run_and_picks(studio: Studio) -> None:
    run = start(studio.author, studio.team, DEV, SCHNELL)
    images = finish(run)
    hide(studio, images[0], "Gore")
    client = browser(studio.colleague)

    page = client.get(address(run))

    assert "Hidden by a moderator" in page.text
    assert "Gore" not in page.text
    assert "Details" not in page.text
    assert pick(client, run, 1).status_code == 200


def test_whoever_only_looks_is_offered_no_pick(studio: Studio) -> None:
    run = start(studio.author, studio.team, DEV, SCHNELL)
    finish(run)
    client = browser(studio.viewer)

    assert "Pick this one" not in client.get(address(run)).text
    assert pick(client, run, 0).status_code == 403
    assert client.get("/compare/new/").status_code == 403
    assert "New comparison" not in client.get("/compare/").text


def test_a_private_run_is_its_authors_alone(studio: Studio) -> None:
    run = start(studio.author, studio.team, DEV, SCHNELL, visibility=Visibility.PRIVATE)

    assert browser(studio.author).get(address(run)).status_code == 200
    assert browser(studio.owner).get(address(run)).status_code == 404
    assert browser(studio.owner).get(cell(run, 0)).status_code == 404


def test_a_cell_beyond_the_last_is_not_there(studio: Studio, mine: Client) -> None:
    run = start(studio.author, studio.team, DEV, SCHNELL)

    assert mine.get(cell(run, 2)).status_code == 404


def test_ones_own_runs_are_listed_newest_first_page_by_page(
    studio: Studio, mine: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runs, "PAGE", 2)
    for number in range(3):
        start(studio.author, studio.team, DEV, SCHNELL, prompt=f"Heron {number}")
    start(studio.colleague, studio.team, DEV, SCHNELL, prompt="Another's")

    first = mine.get("/compare/")
    second = mine.get(f"/compare/?before={first.context['before']}")

    assert [shown.comparison.prompt for shown in first.context["contests"]] == [
        "Heron 2",
        "Heron 1",
    ]
    assert [shown.comparison.prompt for shown in second.context["contests"]] == ["Heron 0"]
    assert "Older comparisons" not in second.text


def test_with_none_yet_the_list_says_what_it_is_for(mine: Client) -> None:
    assert "Nothing compared yet" in mine.get("/compare/").text


def test_pages_of_runs_take_few_queries(
    studio: Studio, mine: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(3):
        run = start(studio.author, studio.team)
        finish(run)

    with django_assert_max_num_queries(8):
        mine.get(address(run))
    with django_assert_max_num_queries(8):
        mine.get("/compare/")
