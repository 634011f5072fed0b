"""Do the books balance, and do they match the bill: found by who never read a manual."""

from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.axe import SIZES, every_look, violations
from tests.instance import OWNER, Instance

pytestmark = [pytest.mark.browser, pytest.mark.process, pytest.mark.xdist_group("browser")]

PAGE = "/usage/books/"


@pytest.fixture(scope="module")
def session(browser: Browser, darkroom: Instance) -> Any:
    """Cookies of an owner whose charges were compared, and whose books were checked."""
    darkroom.generate("--model", "flux-realism", "--prompt", "To be balanced", "--count", "2")
    darkroom.manage("reconcile", check=False)
    context = browser.new_context()
    page = context.new_page()
    page.goto(darkroom.manage("login_link", OWNER).stdout.strip())
    page.goto(darkroom.url + PAGE)
    page.get_by_role("button", name="Check now").click()
    expect(page.get_by_text("The books are being checked")).to_be_visible()
    for _ in range(40):
        if page.get_by_text("Books balance: yes").is_visible():
            break
        page.wait_for_timeout(250)
        page.reload()
    state = context.storage_state()
    context.close()
    return state


@pytest.fixture
def page(browser: Browser, darkroom: Instance, session: Any) -> Any:
    context = browser.new_context(storage_state=session)
    yield context.new_page()
    context.close()


@every_look
def test_the_page_has_no_accessibility_violation(
    browser: Browser, darkroom: Instance, session: Any, scheme: Any, size: str
) -> None:
    width, height = SIZES[size]
    context = browser.new_context(
        storage_state=session, color_scheme=scheme, viewport={"width": width, "height": height}
    )
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.goto(darkroom.url + PAGE)
    expect(page.get_by_role("heading", name="Books balance: yes")).to_be_visible()
    assert violations(page) == []
    assert said == []
    context.close()


def test_nothing_scrolls_sideways_at_320_pixels(page: Page, darkroom: Instance) -> None:
    page.set_viewport_size({"width": 320, "height": 640})
    page.goto(darkroom.url + PAGE)
    assert page.evaluate("document.documentElement.scrollWidth") <= 320


def test_whether_it_matches_the_bill_is_two_clicks_away(page: Page, darkroom: Instance) -> None:
    page.goto(darkroom.url)
    page.locator(".rail").get_by_role("link", name="Usage").click()
    page.get_by_role("link", name="Books balance: yes").click()
    expect(page.get_by_role("heading", name="Matches the provider’s bill: yes")).to_be_visible()
    expect(page.get_by_role("listitem").filter(has_text="In order:")).to_have_count(14)


def test_the_books_are_checked_without_javascript(
    browser: Browser, darkroom: Instance, session: Any
) -> None:
    context = browser.new_context(storage_state=session, java_script_enabled=False)
    page = context.new_page()
    page.goto(darkroom.url + PAGE)
    page.get_by_role("button", name="Check now").click()
    expect(page.get_by_text("The books are being checked")).to_be_visible()
    context.close()
