"""The operators' page of prices in a real browser: from the provider's list to the button."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, FilePayload, Page, expect

from tests.browser.axe import SIZES, every_look, violations
from tests.browser.people import session_of_newcomer
from tests.browser.test_reconciliation import look
from tests.factories import picture
from tests.instance import Instance

pytestmark = [pytest.mark.browser, pytest.mark.process, pytest.mark.xdist_group("browser")]

PAGE = "/operations/prices/"
LISTED = {
    "flux-pro": {"price": 0.0715, "per": "image"},
    "flux/srpo": {"price": 0.026, "per": "megapixel"},
    "flux-pro/v1.1": None,
    "flux/schnell": {"kind": "variable"},
}


@pytest.fixture(scope="module")
def state(browser: Browser, darkroom: Instance) -> Iterator[Any]:
    """Cookies of a signed-in operator, after the provider has changed some prices."""
    prices = f"{darkroom.sandbox_url}/_sandbox/prices"
    assert httpx.post(prices, json=LISTED, timeout=20).status_code == 204
    assert darkroom.manage("refresh_prices", check=False).returncode == 1
    yield session_of_newcomer(browser, darkroom, "bookkeeper")
    httpx.delete(prices, timeout=20)


@pytest.fixture
def page(browser: Browser, darkroom: Instance, state: Any) -> Iterator[Page]:
    context = browser.new_context(storage_state=state)
    page = context.new_page()
    page.goto(darkroom.url + PAGE)
    yield page
    context.close()


@every_look
def test_the_page_has_no_accessibility_violation(
    browser: Browser, darkroom: Instance, state: Any, scheme: Any, size: str
) -> None:
    context = look(browser, state, scheme, size)
    page = context.new_page()
    page.goto(darkroom.url + PAGE)
    expect(page.get_by_role("heading", name="prices to decide on")).to_be_visible()
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= SIZES[size][0]
    context.close()


def test_a_price_that_cannot_be_read_is_told_with_the_reason(page: Page) -> None:
    expect(page.get_by_text("the provider quotes no price before a request")).to_be_visible()


def test_an_accepted_price_is_on_the_button(page: Page, darkroom: Instance) -> None:
    proposal = page.get_by_role("article", name="FLUX.1 [pro]", exact=True)
    expect(proposal.get_by_text("6.5 → 7.15 credits")).to_be_visible()
    expect(proposal.get_by_text("+10 %")).to_be_visible()
    proposal.get_by_role("button", name="Accept").click()
    expect(page.get_by_text("The new price counts for what is asked from now on.")).to_be_visible()
    page.goto(darkroom.url)
    page.get_by_role("button", name="Model:").click()
    page.get_by_role("button", name="FLUX.1 [pro]", exact=False).first.click()
    expect(page.locator("#price")).to_contain_text("7.15")


def test_the_button_counts_the_pictures_that_are_chosen(page: Page, darkroom: Instance) -> None:
    page.goto(darkroom.url)
    page.get_by_role("button", name="Model:").click()
    page.locator("button.model[value='blackforestlabs/flux-2-edit']").click()
    expect(page.locator("#price")).to_contain_text("3.12")
    png: FilePayload = {"name": "one.png", "mimeType": "image/png", "buffer": picture()}
    page.get_by_label("Reference images").set_input_files([png, png])
    expect(page.locator("#price")).to_contain_text("4.68")


def test_a_declined_price_leaves_the_old_one(page: Page) -> None:
    proposal = page.get_by_role("article", name="FLUX.1 SRPO", exact=True)
    proposal.get_by_role("button", name="Keep the old one").click()
    expect(page.get_by_text("The price stays as it is.")).to_be_visible()
    expect(proposal).to_have_count(0)


def test_a_mark_up_is_set_and_ended(page: Page) -> None:
    form = page.locator("form", has=page.get_by_role("button", name="Set mark-up"))
    form.get_by_label("On").select_option(label="FLUX.1 Kontext [max]")
    form.get_by_label("Percent").fill("12.5")
    form.get_by_role("button", name="Set mark-up").click()
    row = page.get_by_role("row", name="Every team FLUX.1 Kontext [max] 12.5 %")
    expect(row).to_be_visible()
    expect(page.get_by_role("row", name="FLUX.1 Kontext [max] AIML API")).to_contain_text("11.7")
    row.get_by_role("button", name="End").click()
    expect(page.get_by_text("The mark-up is gone.")).to_be_visible()


def test_a_price_entered_by_hand_is_in_force_and_the_one_before_can_be_read(page: Page) -> None:
    form = page.locator("form", has=page.get_by_role("button", name="Put into force"))
    form.get_by_label("Model").select_option(label="FLUX.1 [schnell]")
    form.get_by_label("US dollars").fill("0.005")
    form.get_by_label("Where it is from").fill("Their letter")
    form.get_by_role("button", name="Put into force").click()
    row = page.get_by_role("row", name="FLUX.1 [schnell] AIML API")
    expect(row).to_contain_text("$0.005 per image")
    row.get_by_text("1 earlier").click()
    expect(row.get_by_text("$0.004 per image")).to_be_visible()
