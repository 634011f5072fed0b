from datetime import timedelta

import pytest
from django.test import Client

from accounts.services import tokens
from generations import recipes
from generations.models import Image, Visibility
from tests import factories
from tests.generations.api.caller import Caller, error

pytestmark = pytest.mark.django_db


def address(image: Image) -> str:
    return f"/v1/images/{image.pk}/file"


def signed(caller: Caller) -> tuple[Image, str]:
    """An image of the caller's, and the address that the API gave for it."""
    factories.succeeded(caller.asked())
    image = Image.objects.get()
    body = caller.get(f"/v1/requests/{image.request_id}").json()
    return image, body["data"][0]["url"]


def test_a_token_opens_its_teams_images(caller: Caller) -> None:
    image = factories.stored_image(of=caller.team)

    answer = caller.get(address(image))

    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "image/png"
    assert answer.content == factories.picture()


def test_a_token_opens_no_image_of_another_team_of_its_person(caller: Caller) -> None:
    elsewhere = factories.team(owner=caller.token.user)
    image = factories.stored_image(of=elsewhere, by=caller.token.user)
    assert caller.get(address(image)).status_code == 404


def test_a_token_opens_no_private_image_of_somebody_else(caller: Caller) -> None:
    image = factories.stored_image(of=caller.team, visibility=Visibility.PRIVATE)
    assert caller.get(address(image)).status_code == 404


def test_without_token_and_signature_nothing_opens(caller: Caller) -> None:
    image = factories.stored_image(of=caller.team)
    assert Client().get(address(image)).status_code == 401


def test_a_token_reads_the_recipes_of_its_team(caller: Caller) -> None:
    image = factories.stored_image(of=caller.team)
    private = factories.stored_image(of=caller.team, visibility=Visibility.PRIVATE)

    answer = caller.get(f"/v1/images/{image.pk}/recipe")

    assert recipes.read(answer.text) == recipes.of(image)
    for other in (private, factories.stored_image()):
        assert caller.get(f"/v1/images/{other.pk}/recipe").status_code == 404


def test_a_signed_address_opens_one_image(caller: Caller) -> None:
    image, url = signed(caller)
    other = factories.stored_image(of=caller.team)

    assert Client().get(url).status_code == 200
    assert Client().get(url.replace(str(image.pk), str(other.pk))).status_code == 401


@pytest.mark.parametrize("wrong", ["", "x", "e30:1abcde:notasignature"])
def test_a_signature_that_is_not_ours_opens_nothing(caller: Caller, wrong: str) -> None:
    image, _ = signed(caller)
    answer = Client().get(f"{address(image)}?signed={wrong}")
    assert answer.status_code == 401
    assert "older than an hour" in error(answer)["message"]


def test_a_signed_address_ends_with_its_token(caller: Caller) -> None:
    _, url = signed(caller)
    tokens.revoke(by=caller.token.user, token=caller.token)
    assert Client().get(url).status_code == 401


def test_a_signed_address_ends_after_an_hour(
    caller: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, url = signed(caller)
    monkeypatch.setattr("generations.api.access.ADDRESS_SECONDS", timedelta(seconds=-1))
    assert Client().get(url).status_code == 401


def test_a_hidden_image_is_in_no_answer(caller: Caller) -> None:
    image, url = signed(caller)
    Image.objects.update(hidden_at=image.created_at)

    assert caller.get(f"/v1/requests/{image.request_id}").json()["data"] == []
    assert Client().get(url).status_code == 404
