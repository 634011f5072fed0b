"""Staff and owners change what a team has, in a real browser: themes, a phone, two people."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.axe import SIZES, every_look, violations
from tests.browser.people import session_of
from tests.instance import OWNER, TEAM, Instance

pytestmark = [
    pytest.mark.browser,
    pytest.mark.process,
    pytest.mark.slow,
    pytest.mark.xdist_group("browser"),
]

LIST, PLACE, MOVE = "/operations/teams/", f"/operations/teams/{TEAM}/", "/usage/credits/move/"
SECOND = "second@example.com"
PREPARE = f"""
from accounts.models import ChangeKind, Team, User
from accounts.services import changes, teams, users
from config.ids import uuid7
team, owner = Team.objects.get(slug="{TEAM}"), User.objects.get(email="{OWNER}")
teams.create_team(by=owner, name="Southlight")
second = users.create(email="{SECOND}", name="Sam Second")
User.objects.filter(pk=second.pk).update(is_staff=True, is_superuser=True)
second = User.objects.get(email="{SECOND}")
changes.make(by=second, draft=changes.Draft(
    key=uuid7(), team=team, kind=ChangeKind.ADJUST, amount=4000_000_000, reason="Paid twice"))
"""


@pytest.fixture(scope="module")
def request_id(browser: Browser, darkroom: Instance) -> str:
    darkroom.manage("shell", "--command", PREPARE)
    made = darkroom.generate("--model", "flux-realism", "--prompt", "To be given back")
    return str(made[0]["id"])


@pytest.fixture(scope="module")
def session(browser: Browser, darkroom: Instance, request_id: str) -> Any:
    """Cookies of the studio's owner, who is staff."""
    return session_of(browser, darkroom)


@pytest.fixture
def page(browser: Browser, session: Any) -> Iterator[Page]:
    context = browser.new_context(storage_state=session)
    yield context.new_page()
    context.close()


def look_up(page: Page, darkroom: Instance, amount: str) -> None:
    """Write a correction, and see what it does."""
    page.goto(darkroom.url + PLACE)
    page.get_by_label("Credits to add").fill(amount)
    page.get_by_label("Reason").first.fill("Counted twice")
    page.get_by_role("button", name="See what it does").first.click()
    expect(page.get_by_role("columnheader", name="After")).to_be_visible()


@every_look
def test_the_pages_have_no_accessibility_violation(
    browser: Browser, darkroom: Instance, session: Any, scheme: Any, size: str
) -> None:
    width, height = SIZES[size]
    context = browser.new_context(
        storage_state=session, color_scheme=scheme, viewport={"width": width, "height": height}
    )
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(f"{message.text} {message.location}"))
    found = {}
    page.goto(darkroom.url + "/operations/requests/")
    stories = page.locator("main a[href^='/operations/requests/']")
    for place in (LIST, PLACE, MOVE, str(stories.first.get_attribute("href"))):
        page.goto(darkroom.url + place)
        found[place] = violations(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, place
    look_up(page, darkroom, "-5")
    found["check"] = violations(page)
    context.close()
    assert not any(found.values()), found
    assert said == []


def test_the_pages_fit_320_pixels(browser: Browser, darkroom: Instance, session: Any) -> None:
    context = browser.new_context(storage_state=session, viewport={"width": 320, "height": 640})
    page = context.new_page()
    for place in (LIST, PLACE, MOVE):
        page.goto(darkroom.url + place)
        assert page.evaluate("document.documentElement.scrollWidth") <= 320, place
    context.close()


def test_a_correction_is_looked_at_then_booked(page: Page, darkroom: Instance) -> None:
    look_up(page, darkroom, "-12.5")
    page.get_by_role("button", name="Change it").click()
    expect(page.get_by_label("Credits to add")).to_have_value("-12.5")
    page.get_by_role("button", name="See what it does").first.click()
    page.get_by_role("button", name="Book it").click()
    expect(page.get_by_text("Done, and booked.")).to_be_visible()
    expect(page.get_by_role("list", name="Done or declined last")).to_contain_text(
        f"Take 12.5 credits from {TEAM.replace('-', ' ').capitalize()}", ignore_case=True
    )


def test_a_large_one_is_asked_for_by_one_and_agreed_to_by_another(
    browser: Browser, page: Page, darkroom: Instance
) -> None:
    look_up(page, darkroom, "1500")
    page.get_by_role("button", name="Ask a second person").click()
    own = page.get_by_role("article").filter(has_text="1,500 credits")
    expect(own.get_by_role("button", name="Take back")).to_be_visible()
    expect(own.get_by_role("button", name="Agree")).to_have_count(0)
    context = browser.new_context(storage_state=session_of(browser, darkroom, SECOND))
    other = context.new_page()
    other.goto(darkroom.url + LIST)
    card = other.get_by_role("article").filter(has_text="1,500 credits")
    card.get_by_role("button", name="Decline").click()
    expect(other.get_by_text("Say why: whoever asked is told.")).to_be_visible()
    card.get_by_role("button", name="Agree").click()
    expect(other.get_by_text("Done, and booked.")).to_be_visible()
    expect(other.get_by_role("list", name="Done or declined last")).to_contain_text(
        "agreed by Sam Second"
    )
    context.close()


def test_an_overdraft_is_set_by_keyboard_alone(page: Page, darkroom: Instance) -> None:
    page.goto(darkroom.url + PLACE)
    page.get_by_label("Overdraft in credits").focus()
    page.keyboard.type("50")
    page.keyboard.press("Tab")
    page.keyboard.type("Pays by invoice")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Set it").press("Enter")
    expect(page.get_by_text("The overdraft is set.")).to_be_visible()
    expect(page.locator("main")).to_contain_text("it may spend so far below zero")


def test_a_request_is_given_back_and_its_receipt_says_why(
    page: Page, darkroom: Instance, request_id: str
) -> None:
    page.goto(f"{darkroom.url}/requests/{request_id}/receipt/")
    page.get_by_role("link", name="Give credits back").click()
    page.get_by_label("Credits to give back").fill("1")
    page.get_by_label("Reason").fill("The hands have six fingers")
    page.get_by_role("button", name="Give back").click()
    expect(page.get_by_text("Done, and booked.")).to_be_visible()
    page.goto(f"{darkroom.url}/requests/{request_id}/receipt/")
    expect(page.locator("main")).to_contain_text("Refunded later: 1.")
    expect(page.locator("main")).to_contain_text("The hands have six fingers")


def test_an_owner_moves_credits_to_another_team(page: Page, darkroom: Instance) -> None:
    page.goto(darkroom.url + "/usage/credits/")
    page.get_by_role("link", name="Move to another team").click()
    page.get_by_label("To", exact=True).select_option(label="Southlight")
    page.get_by_label("Credits", exact=True).fill("7")
    page.get_by_label("What for").fill("For the campaign")
    page.get_by_role("button", name="Move", exact=True).click()
    expect(page.get_by_text("7 credits moved to Southlight.")).to_be_visible()
    darkroom.check_books()
