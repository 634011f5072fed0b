"""From an image deep in a wall back to where it hangs there, and up from that."""

import re
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.axe import SIZES, every_look, violations
from tests.browser.people import session_of_newcomer
from tests.instance import Instance

pytestmark = [
    pytest.mark.browser,
    pytest.mark.process,
    pytest.mark.slow,
    pytest.mark.xdist_group("browser"),
]

TEAM = "ramblers"
MANY = 160  # nearly three pages


@pytest.fixture(scope="module")
def state(browser: Browser, darkroom: Instance) -> Any:
    """Cookies of somebody whose team has more than a page or two of images."""
    kept = session_of_newcomer(browser, darkroom, TEAM)
    darkroom.manage("seed_gallery", "--team", TEAM, "--images", str(MANY))
    return kept


def deep(context: BrowserContext, darkroom: Instance) -> tuple[Page, str]:
    """A page of an image that is not on the first page of its wall, and the image."""
    page = context.new_page()
    page.goto(f"{darkroom.url}/team/")
    page.goto(darkroom.url + str(page.locator(".more > a").get_attribute("href")))
    tile = page.locator(".tile > a").nth(40)
    image = str(tile.get_attribute("id"))
    page.goto(darkroom.url + str(tile.get_attribute("href")))
    return page, image


@every_look
def test_one_comes_back_to_the_very_image(
    browser: Browser, darkroom: Instance, state: Any, scheme: Any, size: str
) -> None:
    width, height = SIZES[size]
    looks = {"color_scheme": scheme, "viewport": {"width": width, "height": height}}
    context = browser.new_context(storage_state=state, **looks)
    page, image = deep(context, darkroom)

    page.keyboard.press("Escape")

    expect(page).to_have_url(re.compile(f"/team/[?]around={image}#{image}$"))
    tile = page.locator(f".tile > a[id='{image}']")
    expect(tile).to_be_focused()
    expect(tile).to_be_in_viewport(ratio=0.9)
    found = violations(page)
    page.set_viewport_size({"width": 320, "height": 640})
    wide = page.evaluate("document.documentElement.scrollWidth")
    context.close()
    assert found == []
    assert wide <= 320


def test_and_goes_on_from_there_up_to_the_newest(
    browser: Browser, darkroom: Instance, state: Any
) -> None:
    context = browser.new_context(storage_state=state, java_script_enabled=False)
    page, _ = deep(context, darkroom)
    page.locator("[data-back]").click()
    first = page.locator(".tile > a").first.get_attribute("id")

    page.get_by_role("link", name="Newer images").click()
    expect(page.locator(f".tile > a[id='{first}']")).to_be_in_viewport()
    assert page.locator(".tile > a").first.get_attribute("id") != first

    page.get_by_role("link", name="Newest").click()
    expect(page).to_have_url(f"{darkroom.url}/team/")
    expect(page.get_by_role("link", name="Newer images")).to_have_count(0)
    context.close()
