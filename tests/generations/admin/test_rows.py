"""What operators see in the admin, and what is written down about it."""

from uuid import uuid4

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries, Settings

from accounts.models import CreditAccount, Hold, LedgerEntry, User
from generations.models import Attempt, Decision, DecisionAction, GenerationRequest, Image, Report
from generations.providers.base import RawAnswer
from generations.services import moderation
from tests import factories
from tests.generations.admin.desk import PROMPT, address, complain, decide, staff

ROWS = [
    CreditAccount,
    Hold,
    LedgerEntry,
    GenerationRequest,
    Attempt,
    Image,
    Report,
    Decision,
    LogEntry,
]

pytestmark = pytest.mark.django_db


def one_of_each(root: User) -> None:
    image = factories.stored_image(prompt=PROMPT)
    complain(image)
    moderation.decide(by=root, image=image, action=DecisionAction.DISMISS, reason="Fine")
    LogEntry.objects.log_actions(root.pk, [image], 2, change_message="Looked")


@pytest.mark.parametrize("model", ROWS)
def test_a_list_takes_as_many_queries_for_many_rows_as_for_one(
    model: type, desk: Client, root: User, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    one_of_each(root)
    desk.get(address(model, "changelist"))
    with django_assert_max_num_queries(10) as first:
        assert desk.get(address(model, "changelist")).context["cl"].result_list
    for _ in range(3):
        one_of_each(root)

    with django_assert_max_num_queries(len(first)):
        assert len(desk.get(address(model, "changelist")).context["cl"].result_list) >= 4


@pytest.mark.parametrize("model", ROWS)
def test_a_row_has_a_page_and_is_not_changed_there(model: type, desk: Client, root: User) -> None:
    one_of_each(root)
    row = model._default_manager.first()  # type: ignore[attr-defined]

    assert desk.get(address(row, "change")).status_code == 200
    for page in ("change", "delete"):
        assert desk.post(address(row, page), {"post": "yes"}).status_code == 403
    assert desk.get(address(model, "add")).status_code == 403


@pytest.mark.parametrize("model", ROWS)
def test_a_list_opens_only_with_the_right_to_see_its_rows(model: type, client: Client) -> None:
    client.force_login(staff())

    assert client.get(address(model, "changelist")).status_code == 403


@pytest.mark.parametrize("model", ROWS)
def test_no_list_shows_a_prompt_or_an_answer(model: type, desk: Client, root: User) -> None:
    one_of_each(root)

    page = desk.get(address(model, "changelist")).text

    assert PROMPT not in page
    assert "base64" not in page


@pytest.mark.parametrize("words", ["id", "e-mail", "team"])
def test_a_request_is_found(desk: Client, image: Image, words: str) -> None:
    factories.stored_image()
    found = {"id": str(image.request_id), "e-mail": image.author.email, "team": "northlight"}

    response = desk.get(address(GenerationRequest, "changelist"), {"q": found[words]})

    assert [row.pk for row in response.context["cl"].result_list] == [image.request_id]


@pytest.mark.parametrize("words", ["heron", "no such words", "' OR 1=1", "%"])
def test_a_request_is_not_found_by_what_was_asked_for(
    desk: Client, image: Image, words: str
) -> None:
    response = desk.get(address(GenerationRequest, "changelist"), {"q": words})

    assert not response.context["cl"].result_list


def test_requests_are_filtered_by_their_model(desk: Client, image: Image) -> None:
    listing = address(GenerationRequest, "changelist")

    assert desk.get(listing, {"model": "flux/dev"}).context["cl"].result_list
    assert not desk.get(listing, {"model": "flux-pro"}).context["cl"].result_list


@pytest.mark.parametrize("model", [GenerationRequest, Attempt])
def test_opening_what_is_private_is_recorded(
    model: type[GenerationRequest | Attempt], desk: Client, root: User, image: Image
) -> None:
    row = model._default_manager.get()

    desk.get(address(row, "change"))

    look = LogEntry.objects.get(object_id=str(row.pk))
    assert (look.user, look.object_repr) == (root, str(row))
    assert look.change_message.startswith("Read the p")


def test_a_request_shows_its_prompt_and_its_credits(desk: Client, image: Image) -> None:
    page = desk.get(address(image.request, "change")).text

    assert PROMPT in page
    assert "Captured 3.3" in page
    assert "$0.033<" in page
    assert "3300000" not in page


def test_the_bytes_of_a_reference_image_are_not_shown(desk: Client) -> None:
    uri = "data:image/png;base64," + "A" * 5000
    asked = factories.request()
    GenerationRequest.objects.filter(pk=asked.pk).update(params={"image_urls": [uri]})

    page = desk.get(address(asked, "change")).text

    assert "data:image/png;base64,AAA" in page
    assert "A" * 300 not in page


def test_an_answer_is_shown_without_our_key_and_cut(desk: Client, settings: Settings) -> None:
    settings.AIMLAPI_KEY = "sk-live-1234567890"
    body = '{"error": "sk-live-1234567890 is unknown"}' + "x" * 5000
    attempt = factories.answered(raw=RawAnswer(200, {}, body, 0.5))

    page = desk.get(address(attempt, "change")).text

    assert "is unknown" in page
    assert "sk-live" not in page
    assert "more characters" in page


def test_amounts_are_shown_in_credits(desk: Client, image: Image) -> None:
    for model in (CreditAccount, Hold, LedgerEntry):
        page = desk.get(address(model, "changelist")).text
        assert "3.3" in page or "996.7" in page
        assert "3300000" not in page


def test_a_picture_is_shown_once_it_is_written_down_who_looks_and_why(
    desk: Client, root: User, image: Image
) -> None:
    preview = reverse("admin:generations_image_preview", args=[image.pk])

    asked = desk.get(preview).text
    refused = desk.post(preview, {"why": "  "}).text
    assert "base64" not in asked + refused
    assert not LogEntry.objects.exists()

    response = desk.post(preview, {"why": "A complaint by mail"})

    assert "data:image/png;base64," in response.text
    assert "no-store" in response.headers["Cache-Control"]
    look = LogEntry.objects.get()
    assert (look.user, look.object_id) == (root, str(image.pk))
    assert look.change_message == "Looked at the picture: A complaint by mail"


def test_a_picture_that_cannot_be_read_says_so(desk: Client, image: Image) -> None:
    Image.objects.update(folder="images/away")
    preview = reverse("admin:generations_image_preview", args=[image.pk])

    assert "cannot be read at the moment" in desk.post(preview, {"why": "A report"}).text


def test_only_staff_with_the_right_look_at_a_picture(client: Client, image: Image) -> None:
    preview = reverse("admin:generations_image_preview", args=[image.pk])

    assert client.get(preview).status_code == 302
    client.force_login(image.author)
    assert client.get(preview).status_code == 302
    client.force_login(staff("view_report"))
    assert client.post(preview, {"why": "Curious"}).status_code == 403
    client.force_login(staff("view_image"))
    assert "base64" in client.post(preview, {"why": "A report"}).text


def test_a_picture_that_is_not_stored_has_no_preview(desk: Client) -> None:
    assert desk.get(reverse("admin:generations_image_preview", args=[uuid4()])).status_code == 404


def test_a_name_is_text_in_every_page_of_the_admin(desk: Client, root: User) -> None:
    owner = factories.user()
    owner.name = "<script>alert(1)</script>"
    owner.save()
    made = factories.team(owner=owner, name="<img src=x onerror=alert(1)>")
    report = complain(factories.stored_image(of=made, prompt="<svg onload=alert(1)>"))
    preview = reverse("admin:generations_image_preview", args=[report.image_id])

    pages = [
        *(desk.get(address(model, "changelist")).text for model in ROWS),
        desk.get(address(report.image.request, "change")).text,
        desk.post(preview, {"why": "<script>alert(2)</script>"}).text,
        decide(desk, report, "hide"),
    ]

    for page in pages:
        for attack in ("<script>alert", "<img src=x", "<svg onload"):
            assert attack not in page
