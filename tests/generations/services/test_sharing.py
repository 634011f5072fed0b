"""Links to people outside: what they show, until when, and to how many."""

import time
from contextlib import AbstractContextManager
from datetime import timedelta
from unittest import mock

import pytest
from django.utils import timezone
from pytest_django import Settings

from accounts.errors import NotAllowed
from accounts.models import Membership, Role, User
from generations.errors import TooManyTries, UsedUp, WrongPassword
from generations.models import DecisionAction, Image, ReportReason, ShareLink, Visibility
from generations.services import collecting, moderation, sharing, trash
from generations.services.sharing import Terms
from tests import factories
from tests.generations.views.studio import Studio, hide, open_studio, restore

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture
def studio() -> Studio:
    return open_studio()


@pytest.fixture
def image(studio: Studio) -> Image:
    return factories.stored_image(of=studio.team, by=studio.author)


def shared(image: Image, by: User | None = None, **terms: object) -> tuple[ShareLink, str]:
    made = Terms(**terms)  # type: ignore[arg-type]  # as each test names them
    return sharing.share(by=by or image.author, what=image, terms=made)


def after(passed: timedelta) -> AbstractContextManager[object]:
    """The clock moved on by so much."""
    then = timezone.now() + passed
    return mock.patch.object(timezone, "now", return_value=then)


def test_a_link_is_found_by_its_secret_alone_and_does_not_keep_it(image: Image) -> None:
    link, secret = shared(image)

    assert sharing.find(secret) == link
    assert list(sharing.images_of(link)) == [image]
    assert sharing.find(secret[:-1]) is None
    assert sharing.find(link.secret_hash) is None
    assert secret not in str(vars(link))


def test_it_lasts_thirty_days_if_nothing_else_is_said(image: Image) -> None:
    _, secret = shared(image)

    with after(timedelta(days=30) - HOUR):
        assert sharing.find(secret)
    with after(timedelta(days=30) + HOUR):
        assert sharing.find(secret) is None


def test_the_end_that_was_chosen_counts(image: Image) -> None:
    _, secret = shared(image, days=1)

    with after(timedelta(hours=23)):
        assert sharing.find(secret)
    with after(timedelta(hours=25)):
        assert sharing.find(secret) is None


def test_a_link_that_is_taken_back_shows_nothing_at_once(image: Image) -> None:
    link, secret = shared(image)

    sharing.revoke(by=image.author, link=link)

    assert sharing.find(secret) is None


def test_an_owner_takes_back_a_members_link_and_nobody_else_does(
    studio: Studio, image: Image
) -> None:
    link, secret = shared(image)

    for other in (studio.colleague, studio.admin, studio.outsider):
        with pytest.raises(NotAllowed):
            sharing.revoke(by=other, link=link)
    assert sharing.find(secret)

    sharing.revoke(by=studio.owner, link=link)
    assert sharing.find(secret) is None


def test_a_viewer_does_not_share(studio: Studio, image: Image) -> None:
    for other in (studio.viewer, studio.outsider):
        with pytest.raises(NotAllowed):
            shared(image, by=other)


def test_a_reported_image_is_shown_no_more_until_it_is_decided(
    studio: Studio, image: Image
) -> None:
    link, secret = shared(image)

    moderation.report(by=studio.viewer, image=image, reason=ReportReason.RIGHTS)
    assert sharing.find(secret) is None

    moderation.decide(by=studio.staff, image=image, action=DecisionAction.DISMISS, reason="Fine")
    assert sharing.find(secret) == link


def test_a_report_through_the_link_stops_it_too(image: Image) -> None:
    link, secret = shared(image)

    report = moderation.report_through(link, image=image, reason=ReportReason.PERSON, words=" Me ")

    assert (report.reporter, report.link, report.words) == (None, link, "Me")
    assert sharing.find(secret) is None
    again = moderation.report_through(link, image=image, reason=ReportReason.OTHER)
    assert again == report


def test_a_hidden_image_is_not_shown(studio: Studio, image: Image) -> None:
    _, secret = shared(image)

    hide(studio, image)
    assert sharing.find(secret) is None

    restore(studio, image)
    assert sharing.find(secret)


def test_an_image_in_the_trash_is_not_shown(image: Image) -> None:
    _, secret = shared(image)

    trash.throw_away(by=image.author, images=[image.pk])
    assert sharing.find(secret) is None

    trash.restore(by=image.author, images=[image.pk])
    assert sharing.find(secret)


def test_a_link_and_what_was_downloaded_go_with_an_image_that_is_deleted(image: Image) -> None:
    shared(image)
    trash.throw_away(by=image.author, images=[image.pk])

    trash.delete(by=image.author, images=[image.pk])

    assert not ShareLink.objects.exists()


def test_a_link_shows_no_more_than_its_maker_may_see(studio: Studio, image: Image) -> None:
    _, secret = shared(image, by=studio.colleague)
    assert sharing.find(secret)

    Image.objects.filter(pk=image.pk).update(visibility=Visibility.PRIVATE)
    assert sharing.find(secret) is None


@pytest.mark.parametrize("what", ["left", "viewer", "disabled"])
def test_a_link_ends_with_its_makers_right_to_share(image: Image, what: str) -> None:
    _, secret = shared(image)
    mine = Membership.objects.filter(user=image.author, team=image.team)

    if what == "left":
        mine.delete()
    elif what == "viewer":
        mine.update(role=Role.VIEWER)
    else:
        User.objects.filter(pk=image.author.pk).update(is_active=False)

    assert sharing.find(secret) is None


def test_a_collection_shows_what_is_in_it_now_and_in_its_order(
    studio: Studio, image: Image
) -> None:
    collection = collecting.create(by=studio.author, team=studio.team, name="Autumn")
    reported, private, later = (
        factories.stored_image(of=studio.team, by=studio.colleague) for _ in range(3)
    )
    collecting.add(by=studio.author, collection=collection, images=[image.pk, reported.pk])
    link, _ = sharing.share(by=studio.author, what=collection, terms=Terms())
    collecting.add(by=studio.author, collection=collection, images=[private.pk, later.pk])
    other = collecting.create(by=studio.author, team=studio.team, name="The other way round")
    collecting.add(by=studio.author, collection=other, images=[later.pk, image.pk])
    moderation.report(by=studio.viewer, image=reported, reason=ReportReason.RIGHTS)
    Image.objects.filter(pk=private.pk).update(visibility=Visibility.PRIVATE)

    assert list(sharing.images_of(link)) == [image, later]


def test_views_are_counted_and_end_at_their_limit(image: Image) -> None:
    link, secret = shared(image, max_views=2)

    for _ in range(2):
        sharing.enter(link)
    with pytest.raises(UsedUp):
        sharing.enter(link)

    link.refresh_from_db()
    assert (link.views, link.is_used_up) == (2, True)
    assert sharing.find(secret) == link


def test_a_pass_is_for_one_link_and_an_hour(image: Image) -> None:
    link, _ = shared(image)
    other, _ = shared(image)
    given = sharing.enter(link)

    assert sharing.admits(link, given)
    assert not sharing.admits(other, given)
    assert not sharing.admits(link, given[:-1])
    assert not sharing.admits(link, "")
    later = time.time() + 3700
    with mock.patch("time.time", return_value=later):
        assert not sharing.admits(link, given)


def test_a_password_is_asked_for_and_kept_as_an_argon2_hash(
    image: Image, settings: Settings
) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
    link, _ = shared(image, password="open sesame")

    assert link.password.startswith("argon2$")
    for wrong in ("", "open", link.password):
        with pytest.raises(WrongPassword):
            sharing.enter(link, password=wrong)
    sharing.enter(link, password="open sesame")
    link.refresh_from_db()
    assert link.views == 1


def test_passwords_cannot_be_guessed(image: Image) -> None:
    link, _ = shared(image, password="open sesame")
    for _ in range(10):
        with pytest.raises(WrongPassword):
            sharing.enter(link, password="a guess")

    with pytest.raises(TooManyTries):
        sharing.enter(link, password="open sesame")
    with after(timedelta(minutes=14)), pytest.raises(TooManyTries):
        sharing.enter(link, password="open sesame")
    with after(timedelta(minutes=16)):
        sharing.enter(link, password="open sesame")


def test_the_right_password_costs_no_try(image: Image) -> None:
    link, _ = shared(image, password="open sesame")

    for _ in range(12):
        sharing.enter(link, password="open sesame")
