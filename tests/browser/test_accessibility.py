from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.axe import SIZES, every_look, violations
from tests.browser.people import session_of
from tests.instance import Instance

pytestmark = [pytest.mark.browser, pytest.mark.process, pytest.mark.xdist_group("browser")]

PLACES = ("/", "/gallery/", "/team/", "/settings/", "/teams/new/", "/keyboard/", "/no-such-page/")
OPEN_PLACES = ("/signin/", "/signup/", "/password/reset/")


@pytest.fixture(scope="module")
def session(browser: Browser, darkroom: Instance) -> Any:
    """Cookies of a signed-in owner whose gallery holds images."""
    darkroom.generate("--model", "flux-realism", "--prompt", "A wall to look at", "--count", "3")
    return session_of(browser, darkroom)


@every_look
def test_no_page_has_an_accessibility_violation(
    browser: Browser, darkroom: Instance, session: Any, scheme: Any, size: str
) -> None:
    width, height = SIZES[size]
    context = browser.new_context(
        storage_state=session,
        color_scheme=scheme,
        viewport={"width": width, "height": height},
        reduced_motion="reduce",
    )
    page = context.new_page()
    found = {}
    for place in [*PLACES, image_place(page, darkroom)]:
        page.goto(darkroom.url + place)
        found[place] = violations(page)
    context.close()
    assert {place: bad for place, bad in found.items() if bad} == {}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_page_before_sign_in_has_an_accessibility_violation(
    browser: Browser, darkroom: Instance, scheme: Any
) -> None:
    context = browser.new_context(color_scheme=scheme, reduced_motion="reduce")
    page = context.new_page()
    found = {}
    for place in OPEN_PLACES:
        page.goto(darkroom.url + place)
        found[place] = violations(page)
    context.close()
    assert {place: bad for place, bad in found.items() if bad} == {}


def test_nothing_scrolls_sideways_at_320_pixels(
    browser: Browser, darkroom: Instance, session: Any
) -> None:
    context = browser.new_context(
        storage_state=session, viewport={"width": 320, "height": 640}, reduced_motion="reduce"
    )
    page = context.new_page()
    wide = {}
    for place in [*PLACES, image_place(page, darkroom)]:
        page.goto(darkroom.url + place)
        wide[place] = page.evaluate("document.documentElement.scrollWidth")
    context.close()
    assert {place: width for place, width in wide.items() if width > 320} == {}


def image_place(page: Page, darkroom: Instance) -> str:
    page.goto(f"{darkroom.url}/gallery/")
    return page.locator("li.tile a").first.get_attribute("href") or ""
