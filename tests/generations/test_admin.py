"""What operators see and do in the admin, and what is written down about it."""

from uuid import uuid4

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.core.mail import EmailMessage
from django.test import Client
from django.urls import reverse
from pytest_django import (
    DjangoAssertNumQueries,
    DjangoCaptureOnCommitCallbacks,
    Settings,
)

from accounts.models import CreditAccount, Hold, LedgerEntry, User
from generations.models import (
    Attempt,
    Decision,
    DecisionAction,
    GenerationRequest,
    Image,
    Report,
    ReportReason,
)
from generations.providers.base import RawAnswer
from generations.services import moderation
from tests import factories

PROMPT = "A secret heron of folded paper"
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


@pytest.fixture
def root() -> User:
    return User.objects.create_superuser("root@example.com")


@pytest.fixture
def desk(client: Client, root: User) -> Client:
    """The admin as somebody who may everything."""
    client.force_login(root)
    return client


@pytest.fixture
def image() -> Image:
    return factories.stored_image(of=factories.team(name="Northlight"), prompt=PROMPT)


@pytest.fixture
def report(image: Image) -> Report:
    return complain(image)


def complain(image: Image) -> Report:
    someone = factories.member(image.team)
    return moderation.report(
        by=someone, image=image, reason=ReportReason.VIOLENCE, words="Not for us"
    )


def staff(*rights: str) -> User:
    """Somebody of the staff who has these rights alone."""
    user = factories.user()
    user.is_staff = True
    user.save()
    user.user_permissions.set(Permission.objects.filter(codename__in=rights))
    return user


def address(row: type | object, page: str) -> str:
    model = row if isinstance(row, type) else type(row)
    args = [] if isinstance(row, type) else [row.pk]  # type: ignore[attr-defined]
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)  # type: ignore[attr-defined]


def one_of_each(root: User) -> None:
    image = factories.stored_image(prompt=PROMPT)
    complain(image)
    moderation.decide(by=root, image=image, action=DecisionAction.DISMISS, reason="Fine")
    LogEntry.objects.log_actions(root.pk, [image], 2, change_message="Looked")


def decide(desk: Client, row: Report | Image, action: str, **form: str) -> str:
    chosen = {"action": action, "_selected_action": str(row.pk), **form}
    return desk.post(address(type(row), "changelist"), chosen, follow=True).text


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


def test_the_queue_begins_with_what_waits_longest(desk: Client, root: User) -> None:
    decided, first, second = (complain(factories.stored_image()) for _ in range(3))
    decide(desk, decided, "leave", reason="Nothing wrong with it")

    listing = desk.get(address(Report, "changelist"))
    waiting = desk.get(address(Report, "changelist"), {"state": "waiting"})

    assert list(listing.context["cl"].result_list) == [first, second, decided]
    assert list(waiting.context["cl"].result_list) == [first, second]


@pytest.mark.parametrize("form", [{}, {"reason": ""}, {"reason": "   "}, {"reason": "x" * 1001}])
def test_a_decision_asks_for_a_reason_first(
    desk: Client, report: Report, form: dict[str, str]
) -> None:
    page = decide(desk, report, "hide", **form)

    assert "<textarea" in page
    assert not Decision.objects.exists()
    assert not Image.objects.filter(hidden_at__isnull=False).exists()


def test_hiding_is_recorded_with_its_reason_and_ends_the_report(
    desk: Client, root: User, report: Report
) -> None:
    decide(desk, report, "hide", reason="Gore")

    report.refresh_from_db()
    decision = Decision.objects.get()
    assert report.decision == decision
    assert (decision.by, decision.reason, decision.image) == (root, "Gore", report.image)
    assert decision.image.hidden_at


def test_a_hidden_image_is_restored(desk: Client, image: Image) -> None:
    decide(desk, image, "hide", reason="Gore")
    decide(desk, image, "restore", reason="A painting, after all")

    image.refresh_from_db()
    assert image.hidden_at is None
    assert [one.action for one in Decision.objects.order_by("id")] == ["hide", "restore"]


def test_leaving_an_image_as_it_is_ends_the_report(desk: Client, report: Report) -> None:
    decide(desk, report, "leave", reason="Nothing wrong with it")

    report.refresh_from_db()
    assert report.decision
    assert report.decision.action == DecisionAction.DISMISS
    assert report.image.hidden_at is None


@pytest.mark.parametrize(("action", "words"), [("restore", "hidden"), ("hide", "hidden already")])
def test_what_is_so_already_is_not_decided_again(
    desk: Client, image: Image, action: str, words: str
) -> None:
    if action == "hide":
        decide(desk, image, "hide", reason="Gore")
    before = Decision.objects.count()

    assert words in decide(desk, image, action, reason="Once more")
    assert Decision.objects.count() == before


def test_who_may_not_decide_is_not_offered_to(client: Client, report: Report) -> None:
    client.force_login(staff("view_report", "view_image"))

    page = decide(client, report, "hide", reason="Gore")

    assert "Hide…" not in page
    assert not Decision.objects.exists()


def test_a_moderator_needs_three_rights(client: Client, report: Report) -> None:
    client.force_login(staff("view_report", "view_image", "add_decision"))

    decide(client, report, "hide", reason="Gore")

    assert Decision.objects.exists()


def test_an_author_is_told_that_and_why_an_image_is_hidden(
    desk: Client,
    image: Image,
    mailoutbox: list[EmailMessage],
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        decide(desk, image, "hide", reason="It's <b>theirs</b> & ours")

    [mail] = mailoutbox
    assert mail.to == [image.author.email]
    assert "It's <b>theirs</b> & ours" in mail.body
    assert "Nobody can see it now" in mail.body
    assert PROMPT not in f"{mail.subject}{mail.body}"


def test_an_author_is_told_where_a_restored_image_is(
    desk: Client,
    image: Image,
    mailoutbox: list[EmailMessage],
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    decide(desk, image, "hide", reason="Gore")
    with django_capture_on_commit_callbacks(execute=True):
        decide(desk, image, "restore", reason="A painting, after all")

    [mail] = mailoutbox
    assert "A painting, after all" in mail.body
    assert reverse("image", args=[image.pk]) in mail.body


def test_an_author_hears_nothing_of_a_report_that_led_to_nothing(
    desk: Client,
    report: Report,
    mailoutbox: list[EmailMessage],
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        decide(desk, report, "leave", reason="Nothing wrong with it")

    assert not mailoutbox


def test_many_are_decided_at_once_but_not_everything(
    desk: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("generations.admin.deciding.MOST_AT_ONCE", 2)
    images = [factories.stored_image() for _ in range(3)]
    chosen = {"action": "hide", "reason": "Gore"}
    listing = address(Image, "changelist")

    desk.post(listing, {**chosen, "_selected_action": [str(one.pk) for one in images]})
    assert not Decision.objects.exists()
    desk.post(listing, {**chosen, "_selected_action": [str(one.pk) for one in images[:2]]})
    assert Decision.objects.count() == 2


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
