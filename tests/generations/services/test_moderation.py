import pytest
from django.core import mail
from django.db import IntegrityError
from pytest_django import DjangoCaptureOnCommitCallbacks

from accounts.errors import NotAllowed
from accounts.models import User
from generations.models import Decision, DecisionAction, Image, Report, ReportReason
from generations.services import moderation
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def image() -> Image:
    return factories.stored_image()


@pytest.fixture
def staff() -> User:
    return factories.staff()


def decide(staff: User, image: Image, action: DecisionAction, reason: str = "A reason") -> Decision:
    return moderation.decide(by=staff, image=image, action=action, reason=reason)


def test_a_report_says_who_and_why(image: Image) -> None:
    reporter = factories.user()
    report = moderation.report(
        by=reporter, image=image, reason=ReportReason.RIGHTS, words="  My photo "
    )
    assert (report.reporter, report.reason, report.words) == (reporter, "rights", "My photo")
    assert report.decision is None


def test_a_person_reports_an_image_once(image: Image) -> None:
    reporter = factories.user()
    first = moderation.report(by=reporter, image=image, reason=ReportReason.RIGHTS)
    again = moderation.report(by=reporter, image=image, reason=ReportReason.OTHER)
    assert again == first
    assert Report.objects.get().reason == "rights"


def test_a_person_reports_it_again_after_a_decision(image: Image, staff: User) -> None:
    reporter = factories.user()
    first = moderation.report(by=reporter, image=image, reason=ReportReason.RIGHTS)
    decide(staff, image, DecisionAction.DISMISS)

    again = moderation.report(by=reporter, image=image, reason=ReportReason.VIOLENCE)

    assert again != first
    assert Report.objects.get(decision=None).reason == "violence"


@pytest.mark.parametrize("is_member", [True, False])
def test_the_database_keeps_one_open_report_of_a_person_and_of_all_outside(
    image: Image, *, is_member: bool
) -> None:
    reporter = factories.user() if is_member else None
    Report.objects.create(image=image, reporter=reporter, reason=ReportReason.OTHER)
    with pytest.raises(IntegrityError, match="report_open_once_per_person"):
        Report.objects.create(image=image, reporter=reporter, reason=ReportReason.RIGHTS)


def test_a_hidden_image_is_seen_by_nobody_and_a_restored_one_again(
    image: Image, staff: User
) -> None:
    decide(staff, image, DecisionAction.HIDE)
    assert not Image.objects.visible_to(image.author).exists()
    decide(staff, image, DecisionAction.RESTORE)
    assert Image.objects.visible_to(image.author).get() == image


def test_a_decision_answers_the_open_reports(image: Image, staff: User) -> None:
    moderation.report(by=factories.user(), image=image, reason=ReportReason.OTHER)
    decision = decide(staff, image, DecisionAction.DISMISS)
    moderation.report(by=factories.user(), image=image, reason=ReportReason.OTHER)
    assert list(decision.reports.values_list("decision", flat=True)) == [decision.pk]
    assert Report.objects.filter(decision=None).count() == 1


def test_a_decision_is_recorded_with_who_and_why(image: Image, staff: User) -> None:
    decision = decide(staff, image, DecisionAction.HIDE, "  Shows a real person ")
    assert (decision.by, decision.reason) == (staff, "Shows a real person")


@pytest.mark.parametrize(
    ("action", "told"),
    [(DecisionAction.HIDE, 1), (DecisionAction.RESTORE, 1), (DecisionAction.DISMISS, 0)],
)
def test_the_author_is_told_what_changes_their_image(
    image: Image,
    staff: User,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
    action: DecisionAction,
    told: int,
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        decide(staff, image, action, "Shows a real person")
    assert len(mail.outbox) == told
    for message in mail.outbox:
        assert message.to == [image.author.email]
        assert "Shows a real person" in message.body


def test_only_active_staff_decide(image: Image) -> None:
    for person in (image.author, factories.staff(is_active=False)):
        with pytest.raises(NotAllowed):
            decide(person, image, DecisionAction.HIDE)
    assert Decision.objects.count() == 0


@pytest.mark.parametrize("reason", ["", "   "])
def test_a_decision_needs_a_reason(image: Image, staff: User, reason: str) -> None:
    with pytest.raises(ValueError, match="reason"):
        decide(staff, image, DecisionAction.HIDE, reason)


def test_the_database_refuses_a_decision_without_a_reason(image: Image, staff: User) -> None:
    with pytest.raises(IntegrityError, match="decision_has_a_reason"):
        Decision.objects.create(image=image, action="hide", reason="", by=staff)
