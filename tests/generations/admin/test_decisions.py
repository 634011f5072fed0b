"""What moderators decide in the admin, what is written down about it, and who is told."""

import pytest
from django.core.mail import EmailMessage
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoCaptureOnCommitCallbacks

from accounts.models import User
from generations.models import Decision, DecisionAction, Image, Report
from tests import factories
from tests.generations.admin.desk import PROMPT, address, complain, decide, staff

pytestmark = pytest.mark.django_db


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
