"""The queue of reports by keys: offered where single keys are on, as everywhere."""

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from generations.models import Image, Report
from tests.generations.admin.desk import address

pytestmark = pytest.mark.django_db

HINT = "<strong>j</strong> <strong>k</strong> next and previous"


def look(desk: Client, image: Image) -> str:
    return desk.post(
        reverse("admin:generations_image_preview", args=[image.pk]), {"why": "Reported"}
    ).text


def test_the_queue_says_its_keys_and_the_picture_has_them(desk: Client, report: Report) -> None:
    queue = desk.get(address(Report, "changelist")).text
    picture = look(desk, report.image)

    assert HINT in queue
    assert "staff/queue" in queue
    assert "staff/queue" in picture
    assert 'value="hide" data-key="x"' in picture
    assert 'value="leave" data-key="a"' in picture


def test_whoever_turned_single_keys_off_has_none_here(
    desk: Client, root: User, report: Report
) -> None:
    root.shortcuts = False
    root.save()

    pages = desk.get(address(Report, "changelist")).text + look(desk, report.image)

    assert HINT not in pages
    assert "staff/queue" not in pages
