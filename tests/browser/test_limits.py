"""Limits in a browser: set, seen as bars, said in the composer before anybody presses."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.axe import SIZES, every_look, violations
from tests.browser.people import session_of_newcomer
from tests.instance import OWNER, TEAM, Instance

pytestmark = [pytest.mark.browser, pytest.mark.process, pytest.mark.xdist_group("browser")]

PAGE = "/settings/limits/"
AMOUNT = "1000000"  # more than the other tests of this instance can use


@pytest.fixture(scope="module")
def state(browser: Browser, darkroom: Instance) -> Iterator[Any]:
    """Cookies of an owner who limited the team and a token, and will lift what roles may not."""
    darkroom.manage("create_token", OWNER, TEAM, "--name", "Nightly job")
    context = browser.new_context()
    page = context.new_page()
    page.goto(darkroom.manage("login_link", OWNER).stdout.strip())
    for whom in ("The whole team", re.compile("Nightly job")):
        page.goto(darkroom.url + PAGE)
        choose(page, "For", whom)
        page.get_by_label("Credits", exact=True).fill(AMOUNT)
        page.get_by_label("In", exact=True).select_option("week")
        page.get_by_role("button", name="Set limit").click()
        expect(page.get_by_text("The limit is set.")).to_be_visible()
    yield context.storage_state()
    page.goto(darkroom.url + PAGE)
    for label in ("Megapixels an image", "Images a request"):
        owners(page).get_by_label(label).fill("")
    page.get_by_role("button", name="Save").click()
    while page.get_by_role("button", name=re.compile("^End")).count():
        page.get_by_role("button", name=re.compile("^End")).first.click()
    context.close()


def choose(page: Page, label: str, words: Any) -> None:
    """The option of a select whose words these are, or match."""
    select = page.get_by_label(label, exact=True)
    value = select.locator("option", has_text=words).first.get_attribute("value")
    select.select_option(value)


def owners(page: Page) -> Any:
    return page.get_by_role("group", name="Owners")


def look(browser: Browser, state: Any, *, scheme: Any = "light", size: Any) -> BrowserContext:
    width, height = size
    return browser.new_context(
        storage_state=state,
        color_scheme=scheme,
        viewport={"width": width, "height": height},
        reduced_motion="reduce",
    )


@every_look
def test_the_page_has_no_accessibility_violation(
    browser: Browser, darkroom: Instance, state: Any, scheme: Any, size: str
) -> None:
    context = look(browser, state, scheme=scheme, size=SIZES[size])
    page = context.new_page()
    page.goto(darkroom.url + PAGE)
    expect(page.get_by_role("heading", name="By role")).to_be_visible()
    expect(page.get_by_role("progressbar")).to_have_count(2)
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= SIZES[size][0]
    context.close()


def test_nothing_scrolls_sideways_at_320_pixels(
    browser: Browser, darkroom: Instance, state: Any
) -> None:
    context = look(browser, state, size=(320, 640))
    page = context.new_page()
    for place in (PAGE, "/"):
        page.goto(darkroom.url + place)
        assert page.evaluate("document.documentElement.scrollWidth") <= 320
    context.close()


def test_what_is_left_stands_by_the_button_and_follows_the_model(
    browser: Browser, darkroom: Instance, state: Any
) -> None:
    context = look(browser, state, size=(1440, 900))
    page = context.new_page()
    page.goto(darkroom.url)
    room = page.locator("#room")
    expect(room).to_contain_text("The team's weekly limit leaves")
    expect(room).to_contain_text(re.compile(r"Usually \d+ s"))
    described = page.get_by_role("button", name="Generate")
    expect(described).to_have_accessible_description(re.compile("weekly limit leaves"))
    page.goto(darkroom.url + PAGE)
    page.get_by_label("Credits", exact=True).fill("1")
    page.get_by_label("In", exact=True).select_option("day")
    page.get_by_role("button", name="Set limit").click()
    page.goto(darkroom.url)
    page.get_by_text("4", exact=True).click()
    expect(page.locator("#shortage")).to_contain_text("limit is 1 credit a day")
    page.goto(darkroom.url + PAGE)
    row = page.get_by_role("row", name=re.compile("1 a day"))
    row.get_by_role("button", name="End the limit of the whole team").click()
    expect(page.get_by_text("The limit is gone.")).to_be_visible()
    context.close()


def test_what_a_role_may_not_ask_for_cannot_be_chosen(browser: Browser, darkroom: Instance) -> None:
    newcomer = session_of_newcomer(browser, darkroom, "narrow")
    context = look(browser, newcomer, size=(1440, 900))
    page = context.new_page()
    page.goto(darkroom.url + PAGE)
    owners(page).get_by_label("Megapixels an image").fill("0.6")
    owners(page).get_by_label("Images a request").fill("2")
    page.get_by_role("button", name="Save").click()
    page.goto(darkroom.url)
    expect(page.get_by_role("radio", name="3", exact=True)).to_be_disabled()
    expect(page.get_by_role("radio", name="1:1")).to_be_disabled()
    expect(page.get_by_role("radio", name="16:9", exact=True)).to_be_checked()
    expect(page.get_by_text("Owners of this team may ask for up to 2 images")).to_be_visible()
    assert violations(page) == []
    context.close()
