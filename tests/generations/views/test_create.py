"""Asking for images on the Create page, with and without JavaScript."""

from uuid import uuid4

import pytest
from django.test import Client
from django.utils.html import escape

from accounts.services import ledger, teams
from generations.models import GenerationRequest, Visibility
from generations.services import failover
from tests import factories, prices
from tests.generations.views.studio import HTMX, Studio, browser, composed

LONG = "x" * 4001


def test_the_page_shows_the_composer_and_what_was_asked_for(studio: Studio, mine: Client) -> None:
    factories.request(of=studio.team, by=studio.author, prompt="A heron")
    factories.request(of=studio.team, by=studio.colleague, prompt="Not mine")

    page = mine.get("/").text

    assert 'id="composer"' in page
    assert "A heron" in page
    assert "Not mine" not in page


def test_the_first_page_suggests_what_to_ask_for(mine: Client) -> None:
    response = mine.get("/")

    assert "Make your first image" in response.text
    for example in response.context["examples"]:
        assert example in response.text


def test_an_example_fills_the_prompt(mine: Client) -> None:
    assert ">\nDawn &amp; mist</textarea>" in mine.get("/", {"prompt": "Dawn & mist"}).text


def test_what_is_queued_does_not_say_that_it_waits_for_approval(
    studio: Studio, mine: Client
) -> None:
    factories.request(of=studio.team, by=studio.author)
    assert "Waits for approval" not in mine.get("/").text
    factories.waiting(of=studio.team, by=studio.author)
    assert "Waits for approval" in mine.get("/").text


def test_the_button_names_the_price_of_either_provider(studio: Studio, mine: Client) -> None:
    prices.enter(50_000_000, model="fal-ai/flux/dev")
    words = "Up to 5 credits: 3.3 with AIML API, 5 if fal has to make it"
    assert words not in mine.get("/").text
    teams.set_failover(by=studio.owner, team=studio.team, allowed=True)
    sent = mine.post("/price/", composed(studio.team), headers=HTMX).text
    assert words in sent
    mine.post("/", composed(studio.team))
    assert GenerationRequest.objects.get().hold.amount == 5_000_000


def test_the_composer_goes_on_with_the_model_that_was_asked(studio: Studio, mine: Client) -> None:
    teams.set_failover(by=studio.owner, team=studio.team, allowed=True)
    asked = factories.request(of=studio.team, by=studio.author)
    GenerationRequest.objects.update(tries=3)
    failover.move_over()
    page = mine.get("/")
    assert page.context["model"].id == asked.model
    assert "AIML API is not taking requests, so fal makes it." in page.text


def test_a_form_without_javascript_leads_back_to_the_page(studio: Studio, mine: Client) -> None:
    response = mine.post("/", composed(studio.team, prompt=" A heron "))

    assert (response.status_code, response.headers["Location"]) == (302, "/")
    made = GenerationRequest.objects.get()
    assert (made.prompt, made.user, made.team) == ("A heron", studio.author, studio.team)
    assert made.hold.amount == factories.PRICE


def test_htmx_gets_the_pending_tiles_and_a_fresh_key(studio: Studio, mine: Client) -> None:
    form = composed(studio.team, num_images="3")

    page = mine.post("/", form, headers=HTMX).text

    made = GenerationRequest.objects.get()
    assert f'id="batch-{made.pk}"' in page
    assert page.count("tile pending") == 3
    assert "hx-swap-oob" in page
    assert str(form["idempotency_key"]) not in page
    assert "<html" not in page


def test_what_was_chosen_is_what_is_asked_for(studio: Studio, mine: Client) -> None:
    chosen = {
        "image_size": "custom",
        "width": "768",
        "height": "1024",
        "seed": str(2**63 - 1),
        "num_images": "2",
        "visibility": "private",
    }

    mine.post("/", composed(studio.team, **chosen))

    made = GenerationRequest.objects.get()
    assert made.params["image_size"] == {"width": 768, "height": 1024}
    assert made.params["seed"] == 2**63 - 1
    assert made.num_images == 2
    assert made.visibility == Visibility.PRIVATE


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"prompt": "  "}, "prompt"),
        ({"prompt": LONG}, "prompt"),
        ({"prompt": "nul \0"}, "prompt"),
        ({"seed": "0"}, "seed"),
        ({"seed": "-1"}, "seed"),
        ({"seed": str(2**63)}, "seed"),
        ({"seed": "seven"}, "seed"),
        ({"num_images": "99"}, "num_images"),
        ({"image_size": "custom", "width": "700", "height": "700"}, "width"),
        ({"image_size": "custom", "width": "64", "height": "9999"}, "height"),
        ({"image_size": "huge"}, "image_size"),
        ({"visibility": "world"}, "visibility"),
    ],
)
@pytest.mark.parametrize("headers", [{}, HTMX], ids=["page", "fragment"])
def test_a_mistake_is_said_next_to_its_field_and_nothing_typed_is_lost(
    studio: Studio, wrong: dict[str, str], field: str, headers: dict[str, str]
) -> None:
    form = composed(studio.team, prompt="A heron of paper", guidance_scale="7") | wrong

    response = browser(studio.author).post("/", form, headers=headers)

    assert response.status_code == 422
    assert field in response.context["form"].errors
    assert response.context["form"]["prompt"].value() == form["prompt"]
    assert 'value="7"' in response.text
    assert not GenerationRequest.objects.exists()


def test_the_words_of_every_mistake_are_tied_to_their_field(studio: Studio, mine: Client) -> None:
    wrong = {"prompt": "", "seed": "0", "num_images": "99", "image_size": "huge"}

    response = mine.post("/", composed(studio.team, **wrong))

    assert set(response.context["form"].errors) == set(wrong)
    for field, [words] in response.context["form"].errors.items():
        assert f'id="id_{field}_error"' in response.text
        assert escape(words) in response.text


def test_a_forged_key_is_refused(studio: Studio, mine: Client) -> None:
    response = mine.post("/", composed(studio.team, idempotency_key="again"))

    assert response.status_code == 422
    assert not GenerationRequest.objects.exists()


def test_a_refused_fragment_replaces_the_composer(studio: Studio, mine: Client) -> None:
    response = mine.post("/", composed(studio.team, prompt=""), headers=HTMX)

    assert response.headers["HX-Retarget"] == "#composer"
    assert response.headers["HX-Reswap"] == "outerHTML"
    assert response.text.lstrip().startswith("<form")


@pytest.mark.parametrize("model", ["", "gpt-image", "fal-ai/gpt-image", "flux/dev\0"])
def test_a_model_that_cannot_be_asked_is_refused_in_words(
    studio: Studio, mine: Client, model: str
) -> None:
    response = mine.post("/", composed(studio.team, model=model, prompt="A heron"))

    assert response.status_code == 422
    assert response.context["form"].non_field_errors()
    assert "A heron</textarea>" in response.text


def test_a_forged_team_is_not_found(studio: Studio, mine: Client) -> None:
    foreign = factories.team()
    for slug in (foreign.slug, "no-such-team", "%", "a" * 300, "nul\0"):
        assert mine.post("/", composed(studio.team, team=slug)).status_code == 404

    assert not GenerationRequest.objects.exists()


def test_a_form_goes_to_the_team_it_was_drawn_for(studio: Studio, mine: Client) -> None:
    """Another tab may have switched the session's team meanwhile."""
    other = factories.team(owner=studio.author)
    mine.post("/teams/switch/", {"team": other.slug})

    mine.post("/", composed(studio.team))

    assert GenerationRequest.objects.get().team == studio.team


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["page", "fragment"])
def test_a_double_click_makes_one_request(
    studio: Studio, mine: Client, headers: dict[str, str]
) -> None:
    form = composed(studio.team)

    answers = [mine.post("/", form, headers=headers) for _ in range(2)]

    assert GenerationRequest.objects.count() == 1
    assert answers[0].status_code == answers[1].status_code
    assert ledger.balance(team=studio.team).held == factories.PRICE


def test_a_key_used_for_something_else_is_refused(studio: Studio, mine: Client) -> None:
    key = str(uuid4())
    mine.post("/", composed(studio.team, idempotency_key=key))

    response = mine.post("/", composed(studio.team, idempotency_key=key, prompt="A heron"))

    assert response.status_code == 422
    assert "This form was sent before" in response.text
    assert GenerationRequest.objects.count() == 1


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["page", "fragment"])
def test_missing_credits_are_said_in_numbers(headers: dict[str, str], studio: Studio) -> None:
    poor = factories.team(owner=studio.author, amount=2 * factories.CREDIT)

    response = browser(studio.author).post(
        "/", composed(poor, prompt="A heron", num_images="2"), headers=headers
    )

    assert response.status_code == 422
    assert "You need 6.6 credits and have 2." in response.text
    assert "4.6 more" in response.text
    assert "A heron</textarea>" in response.text
    assert not GenerationRequest.objects.exists()


@pytest.mark.parametrize("prompt", ["A heron", ""])
def test_a_viewer_may_not_ask(studio: Studio, prompt: str) -> None:
    watching = browser(studio.viewer)

    assert watching.post("/", composed(studio.team, prompt=prompt)).status_code == 403
    assert 'id="composer"' not in watching.get("/").text
    assert not GenerationRequest.objects.exists()


def test_a_member_of_several_teams_may_not_where_only_a_viewer(studio: Studio) -> None:
    """The role in the team that is named counts, not the one in the current team."""
    own = factories.team(owner=studio.viewer)

    response = browser(studio.viewer).post("/", composed(studio.team))

    assert response.status_code == 403
    assert browser(studio.viewer).post("/", composed(own)).status_code == 302


def test_a_form_without_a_token_is_refused(studio: Studio) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(studio.author)

    assert strict.post("/", composed(studio.team)).status_code == 403
    assert not GenerationRequest.objects.exists()


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["plain", "htmx"])
def test_no_more_is_reserved_than_the_button_said(
    studio: Studio, mine: Client, headers: dict[str, str]
) -> None:
    prices.enter(50_000_000)
    form = composed(studio.team, prompt="A heron in reeds", agreed=factories.PRICE)

    answer = mine.post("/", form, headers=headers)

    assert answer.status_code == 422
    assert "It costs more than the button said before. Press it again" in answer.text
    assert "A heron in reeds" in answer.text
    assert not GenerationRequest.objects.exists()
    assert ledger.balance(team=studio.team).held == 0

    assert 'name="agreed" id="agreed" value="5000000"' in answer.text
    mine.post("/", form | {"agreed": "5000000"}, headers=headers)
    assert GenerationRequest.objects.get().hold.amount == 5_000_000


def test_less_than_the_button_said_is_reserved_at_once(studio: Studio, mine: Client) -> None:
    prices.enter(10_000_000)

    mine.post("/", composed(studio.team, agreed=factories.PRICE))

    assert GenerationRequest.objects.get().hold.amount == 1_000_000


def test_what_was_sent_at_another_price_is_not_asked_for_again(
    studio: Studio, mine: Client
) -> None:
    form = composed(studio.team, agreed=factories.PRICE)
    mine.post("/", form)
    prices.enter(50_000_000)

    assert mine.post("/", form).status_code == 302
    assert GenerationRequest.objects.get().hold.amount == factories.PRICE


@pytest.mark.parametrize("said", ["", "free", "9" * 400])
def test_a_price_that_is_none_agrees_to_nothing(studio: Studio, mine: Client, said: str) -> None:
    assert mine.post("/", composed(studio.team, agreed=said)).status_code == 422
    assert not GenerationRequest.objects.exists()


def test_the_price_that_is_asked_for_anew_goes_with_the_form(studio: Studio, mine: Client) -> None:
    four = mine.post("/price/", composed(studio.team, num_images=4), headers=HTMX).text

    said = f'name="agreed" id="agreed" value="{4 * factories.PRICE}" hx-swap-oob="true"'
    assert said in four
