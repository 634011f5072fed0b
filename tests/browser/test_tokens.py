"""The API tokens in a real browser: made, copied, used, revoked; themes, a phone, no script."""

import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.axe import SIZES, every_look, violations
from tests.instance import OWNER, Instance

pytestmark = [pytest.mark.browser, pytest.mark.process, pytest.mark.xdist_group("browser")]

PAGE = "/settings/tokens/"
SECRET = re.compile(r"^img_live_[0-9A-Za-z]{36}$")


@pytest.fixture(scope="module")
def state(browser: Browser, darkroom: Instance) -> Any:
    context = browser.new_context()
    page = context.new_page()
    page.goto(darkroom.manage("login_link", OWNER).stdout.strip())
    found = context.storage_state()
    context.close()
    return found


@pytest.fixture
def page(browser: Browser, darkroom: Instance, state: Any) -> Iterator[Page]:
    permissions = ["clipboard-read", "clipboard-write"]
    context = browser.new_context(storage_state=state, permissions=permissions)
    page = context.new_page()
    page.goto(darkroom.url + PAGE)
    yield page
    context.close()


def make(page: Page, name: str) -> str:
    page.get_by_label("What is it for?").fill(name)
    page.get_by_role("button", name="Make token").click()
    expect(page.get_by_role("heading", name=f"Copy “{name}” now")).to_be_visible()
    return page.locator("#new-token").inner_text()


def status_with(darkroom: Instance, secret: str) -> int:
    headers = {"Authorization": f"Bearer {secret}"}
    return httpx.get(f"{darkroom.url}/v1/models", headers=headers, timeout=20).status_code


@every_look
def test_the_page_has_no_accessibility_violation(
    browser: Browser, darkroom: Instance, state: Any, scheme: Any, size: str
) -> None:
    width, height = SIZES[size]
    context = browser.new_context(
        storage_state=state,
        color_scheme=scheme,
        viewport={"width": width, "height": height},
        reduced_motion="reduce",
    )
    page = context.new_page()
    page.goto(darkroom.url + PAGE)
    make(page, f"Look {scheme} {size}")
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.set_viewport_size({"width": 320, "height": 640})
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    context.close()


def test_a_token_is_copied_once_and_works_until_it_is_revoked(
    page: Page, darkroom: Instance
) -> None:
    secret = make(page, "Nightly")
    page.get_by_role("button", name="Copy", exact=True).click()
    expect(page.get_by_text("Copied.")).to_be_visible()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert SECRET.match(copied)
    assert copied == secret
    assert status_with(darkroom, secret) == 200

    page.goto(darkroom.url + PAGE)
    assert secret not in page.content()
    page.get_by_role("button", name="Revoke Nightly", exact=True).click()
    page.get_by_role("button", name="Revoke", exact=True).press("Enter")
    expect(page.get_by_text("“Nightly” no longer opens anything.")).to_be_visible()
    assert status_with(darkroom, secret) == 401


def test_it_works_without_script(browser: Browser, darkroom: Instance, state: Any) -> None:
    context = browser.new_context(storage_state=state, java_script_enabled=False)
    page = context.new_page()
    page.goto(darkroom.url + PAGE)
    secret = make(page, "Plain")
    assert status_with(darkroom, secret) == 200
    context.close()
