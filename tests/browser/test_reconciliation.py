"""The operators' page in a real browser: themes, a phone, and a case from start to end."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.axe import SIZES, every_look, violations
from tests.instance import OWNER, Instance

pytestmark = [pytest.mark.browser, pytest.mark.process, pytest.mark.xdist_group("browser")]

PAGE = "/operations/reconciliation/"


def charge_by_hand(darkroom: Instance, client_request_id: str) -> None:
    """A charge at the provider that no request of ours asked for."""
    answer = httpx.post(
        f"{darkroom.sandbox_url}/v1/images/generations",
        headers={"Authorization": "Bearer sandbox", "X-Client-Request-Id": client_request_id},
        json={"model": "flux/dev", "prompt": "By hand"},
        timeout=20,
    )
    assert answer.status_code == 200


@pytest.fixture(scope="module")
def state(browser: Browser, darkroom: Instance) -> Any:
    """Cookies of a signed-in operator, some images, and some charges that are not ours."""
    darkroom.generate("--model", "flux-realism", "--prompt", "To be compared", "--count", "2")
    for number in range(3):
        charge_by_hand(darkroom, f"a-script-of-somebodys-{number}")
    assert darkroom.manage("reconcile", check=False).returncode == 1
    context = browser.new_context()
    page = context.new_page()
    page.goto(darkroom.manage("login_link", OWNER).stdout.strip())
    found = context.storage_state()
    context.close()
    return found


@pytest.fixture
def page(browser: Browser, darkroom: Instance, state: Any) -> Iterator[Page]:
    context = browser.new_context(storage_state=state)
    page = context.new_page()
    page.goto(darkroom.url + PAGE)
    yield page
    context.close()


def look(browser: Browser, state: Any, scheme: Any, size: str) -> BrowserContext:
    width, height = SIZES[size]
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
    context = look(browser, state, scheme, size)
    page = context.new_page()
    page.goto(darkroom.url + PAGE)
    expect(page.get_by_role("heading", name="Day by day")).to_be_visible()
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= SIZES[size][0]
    context.close()


def test_a_case_is_resolved_with_a_note(page: Page) -> None:
    cases = page.get_by_role("checkbox")
    before = cases.count()
    cases.first.check()
    page.get_by_label("Note").fill("Our own load test")
    page.get_by_role("button", name="Resolve", exact=True).click()
    expect(page.get_by_text("1 resolved.")).to_be_visible()
    expect(page.get_by_text("Our own load test")).to_be_visible()
    expect(page.get_by_role("checkbox")).to_have_count(before - 1)


def test_a_case_without_a_note_stays_and_says_why(page: Page) -> None:
    page.get_by_role("checkbox").first.check()
    page.locator("textarea[name=note]").evaluate("note => note.removeAttribute('required')")
    page.get_by_role("button", name="Resolve", exact=True).click()
    expect(page.get_by_text("This field is required.")).to_be_visible()
    expect(page.get_by_role("checkbox").first).to_be_checked()


def test_run_now_brings_the_day_up_to_date(page: Page, darkroom: Instance) -> None:
    matched = page.locator("tbody tr").first.locator("td").nth(6)
    before = int(matched.inner_text())
    darkroom.generate("--model", "flux-realism", "--prompt", "One more")
    page.get_by_role("button", name="Run now").click()
    for _ in range(20):
        page.wait_for_timeout(500)
        page.reload()
        if int(matched.inner_text()) > before:
            break
    assert int(matched.inner_text()) == before + 1
