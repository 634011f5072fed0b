import base64
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from accounts.models import Membership, Role
from accounts.services import ledger, tokens
from generations.models import GenerationRequest, Source, Visibility
from generations.providers.errors import ErrorKind
from generations.services import circuits, space
from tests import factories
from tests.generations.api.caller import ASK, GENERATE, Caller, error
from tests.generations.views.studio import failed

pytestmark = pytest.mark.django_db

KEY = {"Idempotency-Key": "order 17"}


def made(caller: Caller, **fields: object) -> dict[str, Any]:
    """The answer to a call whose images are there."""
    factories.succeeded(caller.asked(KEY, **fields))
    answer = caller.ask(KEY, **fields)
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert isinstance(body, dict)
    return body


def test_who_waits_hears_what_happens_and_what_is_waited_for(caller: Caller) -> None:
    body = caller.ask(KEY).json()
    assert (body["status"], body["stage"]) == ("queued", "Queued")
    circuits.pause_everything(because=space.DISK, lasts=timedelta(seconds=9))
    paused = caller.get(body["look"]).json()
    assert (paused["status"], paused["credits"]["charged"]) == ("queued", "0")
    assert paused["stage"].startswith("Paused: there is no room to keep pictures; nothing was")
    circuits.resume_everything()
    assert "stage" not in made(caller)


def test_what_is_not_done_in_time_is_answered_with_an_id_to_look_at(caller: Caller) -> None:
    answer = caller.ask()

    body = answer.json()
    assert answer.status_code == 202
    assert body["status"] == "queued"
    assert body["data"] == []
    assert body["credits"] == {"held": "3.3", "charged": "0", "refunded": "0"}
    assert answer.headers["Retry-After"] == "2"
    assert caller.get(body["look"]).json() == body


def test_the_request_is_its_persons_in_its_team_and_names_the_token(caller: Caller) -> None:
    request = caller.asked()

    assert (request.user, request.team) == (caller.token.user, caller.team)
    assert (request.token, request.source) == (caller.token, Source.API)


def test_done_it_is_answered_with_images_and_what_they_cost(caller: Caller) -> None:
    body = made(caller)

    [image] = body["data"]
    assert body["status"] == "succeeded"
    assert body["credits"] == {"held": "3.3", "charged": "3.3", "refunded": "0"}
    assert body["meta"] == {"usage": {"credits_used": 3.3}}
    assert (image["width"], image["height"], image["seed"]) == (64, 48, 7)
    assert image["content_type"] == "image/png"


def test_the_address_of_an_image_opens_without_a_header(caller: Caller) -> None:
    [image] = made(caller)["data"]

    answer = Client().get(image["url"])

    assert answer.status_code == 200
    assert answer.content == factories.picture()


def test_images_come_inside_the_answer_when_asked_for(caller: Caller) -> None:
    [image] = made(caller, response_format="b64_json")["data"]

    assert base64.b64decode(image["b64_json"]) == factories.picture()
    assert "url" not in image


def test_openais_words_are_understood(caller: Caller) -> None:
    request = caller.asked(n=2, size="512x768", user="somebody")

    assert request.num_images == 2
    assert request.params["image_size"] == {"width": 512, "height": 768}


def test_aimls_words_are_understood(caller: Caller) -> None:
    request = caller.asked(num_images=2, image_size="square_hd", seed=11, guidance_scale=4)

    assert request.num_images == 2
    assert request.params["image_size"] == "square_hd"
    assert request.params["seed"] == 11


def test_a_client_that_always_says_one_image_may_use_a_model_that_makes_one(
    caller: Caller,
) -> None:
    request = caller.asked(model="blackforestlabs/flux-2-pro", n=1, size="auto")
    assert "num_images" not in request.params


def test_an_image_may_be_private(caller: Caller) -> None:
    assert caller.asked(visibility="private").visibility == Visibility.PRIVATE


def test_the_same_key_is_the_same_request(caller: Caller) -> None:
    first, second = caller.asked(KEY), caller.asked(KEY)

    assert first.pk == second.pk
    assert ledger.balance(team=caller.team).held == factories.PRICE


def test_another_key_or_none_is_another_request(caller: Caller) -> None:
    asked = [caller.asked(KEY), caller.asked({"Idempotency-Key": "18"}), caller.asked()]
    assert len({request.pk for request in asked}) == 3


def test_two_tokens_of_one_person_do_not_share_keys(caller: Caller) -> None:
    other = Caller.of(caller.token.user, caller.team)
    assert caller.asked(KEY).pk != other.asked(KEY).pk


def test_a_key_with_other_content_is_refused_and_holds_nothing(caller: Caller) -> None:
    caller.asked(KEY)

    answer = caller.ask(KEY, prompt="Something else")

    assert answer.status_code == 409
    assert error(answer)["code"] == "idempotency_key_reused"
    assert "Not charged." in error(answer)["message"]
    assert GenerationRequest.objects.count() == 1


def test_a_key_has_to_fit(caller: Caller) -> None:
    answer = caller.ask({"Idempotency-Key": "x" * 256})
    assert answer.status_code == 400
    assert error(answer)["param"] == "Idempotency-Key"


@pytest.mark.parametrize(("sent", "echoed"), [("order-17", "order-17"), ("two words", None)])
def test_the_clients_own_id_comes_back(caller: Caller, sent: str, echoed: str | None) -> None:
    for answer in (caller.ask({"X-Client-Request-Id": sent}), caller.get("/v1/models")):
        expected = echoed if answer.status_code == 202 else None
        assert answer.headers.get("X-Client-Request-Id") == expected


def test_credits_that_are_missing_are_said_to_be(caller: Caller) -> None:
    poor = Caller.of(caller.token.user, factories.team(owner=caller.token.user, amount=1))

    answer = poor.ask()

    assert answer.status_code == 402
    assert error(answer)["code"] == "insufficient_credits"
    assert error(answer)["message"].startswith("You need 3.3 credits and have 0.000001.")
    assert "Not charged. Ask an owner for more" in error(answer)["message"]
    assert not GenerationRequest.objects.exists()


@pytest.mark.parametrize(
    ("fields", "param", "words"),
    [
        ({"prompt": ""}, "prompt", "Describe the image"),
        ({"prompt": 7}, "prompt", "Is text."),
        ({"model": "flux/dve"}, "model", "Did you mean flux/dev?"),
        ({"n": 9}, "n", "between 1 and 4"),
        ({"n": "many"}, "n", "Is a whole number."),
        ({"num_images": 9}, "num_images", "between 1 and 4"),
        ({"n": 2, "num_images": 2}, "n", "not both"),
        ({"size": "9x9"}, "size", "between"),
        ({"quality": "hd"}, "quality", "has no parameter"),
        ({"response_format": "png"}, "response_format", "'url' or 'b64_json'"),
        ({"visibility": "everyone"}, "visibility", "'team' or 'private'"),
        ({"dry_run": "perhaps"}, "dry_run", "Is true or false."),
    ],
)
def test_what_is_wrong_is_said_by_its_name(
    caller: Caller, fields: dict[str, object], param: str, words: str
) -> None:
    answer = caller.ask(**fields)

    assert answer.status_code == 400
    assert error(answer)["param"] == param
    assert words in error(answer)["fields"][param]
    assert "Not charged." in error(answer)["message"]
    assert not GenerationRequest.objects.exists()


def test_everything_that_is_wrong_is_said_at_once(caller: Caller) -> None:
    assert set(error(caller.ask(prompt="", n=9))["fields"]) == {"prompt", "n"}


@pytest.mark.parametrize("body", ["", "{", "[]", '"prompt"', "null"])
def test_a_body_that_is_no_object_is_refused(caller: Caller, body: str) -> None:
    answer = Client().post(
        GENERATE,
        body,
        content_type="application/json",
        headers={"Authorization": f"Bearer {caller.secret}"},
    )
    assert answer.status_code == 400
    assert error(answer)["message"]


def test_a_failed_request_says_so_and_that_it_was_not_charged(caller: Caller) -> None:
    failed(caller.asked(KEY), ErrorKind.REFUSED)

    answer = caller.ask(KEY)

    assert answer.status_code == 400
    assert error(answer)["code"] == "refused"
    assert "Not charged." in error(answer)["message"]
    assert answer.headers["X-Should-Retry"] == "false"


def test_without_a_token_nothing_opens(caller: Caller) -> None:
    for client in (Client(), Client(headers={"Authorization": caller.secret})):
        answer = client.post(GENERATE, ASK, content_type="application/json")
        assert answer.status_code == 401
        assert error(answer)["code"] == "token_missing"
        assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_a_session_is_no_token(caller: Caller) -> None:
    client = Client()
    client.force_login(caller.token.user)
    answer = client.post(GENERATE, ASK, content_type="application/json")
    assert answer.status_code == 401


def test_an_answer_sets_no_cookie(caller: Caller) -> None:
    assert not caller.ask().cookies


def test_a_revoked_token_is_refused_with_the_reason(caller: Caller) -> None:
    tokens.revoke(by=caller.token.user, token=caller.token)

    answer = caller.ask()

    assert answer.status_code == 401
    assert "This token was revoked." in error(answer)["message"]
    assert caller.secret not in answer.text


def test_who_became_a_viewer_makes_nothing_more(caller: Caller) -> None:
    Membership.objects.filter(user=caller.token.user).update(role=Role.VIEWER)
    assert caller.ask().status_code == 401


def test_our_own_mistake_is_told_in_the_same_shape(
    caller: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledger, "hold", None)

    answer = caller.ask()

    assert answer.status_code == 500
    assert error(answer)["code"] == "our_mistake"
    assert "TypeError" not in answer.text


def test_requests_of_others_and_of_other_teams_are_not_found(caller: Caller) -> None:
    colleague = factories.request(of=caller.team)
    elsewhere = factories.request(of=factories.team(owner=caller.token.user), by=caller.token.user)
    for missing in (colleague.pk, elsewhere.pk, uuid4()):
        answer = caller.get(f"/v1/requests/{missing}")
        assert answer.status_code == 404
        assert error(answer)["code"] == "not_found"
