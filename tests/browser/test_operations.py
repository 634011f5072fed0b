"""The operators' pages about requests in a real browser: themes, a phone, and what went wrong."""

import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.axe import every_look, violations
from tests.browser.test_reconciliation import look
from tests.instance import OWNER, Instance

pytestmark = [pytest.mark.browser, pytest.mark.process, pytest.mark.xdist_group("browser")]

PAGE = "/operations/requests/"


def fault(darkroom: Instance, **rule: object) -> None:
    faults = f"{darkroom.sandbox_url}/_sandbox/faults"
    assert httpx.post(faults, json=[rule]).status_code == 204


@pytest.fixture(scope="module")
def state(browser: Browser, darkroom: Instance) -> Any:
    """Cookies of a signed-in operator, and requests that went well, had to wait, and failed."""
    darkroom.generate("--model", "flux-realism", "--prompt", "Went well")
    fault(darkroom, fault="status", status=429, match="Had to wait", times=1)
    darkroom.generate("--model", "flux-realism", "--prompt", "Had to wait")
    fault(darkroom, fault="status", status=400, match="Was refused", times=1)
    darkroom.generate("--model", "flux-realism", "--prompt", "Was refused")
    context = browser.new_context()
    page = context.new_page()
    page.goto(darkroom.manage("login_link", OWNER).stdout.strip())
    found = context.storage_state()
    context.close()
    return found


@pytest.fixture
def page(browser: Browser, darkroom: Instance, state: Any) -> Iterator[Page]:
    context = look(browser, state, "light", "desktop")
    page = context.new_page()
    page.goto(darkroom.url + PAGE)
    yield page
    context.close()


def too_wide(page: Page) -> list[str]:
    """Whether something makes the page scroll sideways."""
    width = "document.documentElement"
    wide = page.evaluate(f"{width}.scrollWidth > {width}.clientWidth")
    return [f"{page.url} scrolls sideways"] if wide else []


@every_look
def test_no_page_has_an_accessibility_violation(
    browser: Browser, darkroom: Instance, state: Any, scheme: Any, size: str
) -> None:
    context = look(browser, state, scheme, size)
    page = context.new_page()
    page.goto(f"{darkroom.url}{PAGE}?age=day&provider=aimlapi")
    found = [*violations(page), *too_wide(page)]
    page.locator("tbody a").first.click()
    for closed in page.locator("summary").all():
        closed.click()
    found += [*violations(page), *too_wide(page)]
    context.close()
    assert found == []


def test_a_filter_is_set_by_the_form_and_taken_away_by_its_link(page: Page) -> None:
    page.get_by_label("Status").select_option("Failed")
    page.get_by_role("button", name="Show").click()
    without = page.get_by_role("link", name="Without Status: Failed")
    expect(without).to_be_visible()
    states = page.locator("tbody .badge")
    assert set(states.all_inner_texts()) == {"Failed"}
    without.click()
    expect(states.filter(has_text="Succeeded").first).to_be_visible()


def test_the_story_of_a_call_that_was_sent_twice_is_read_from_top_to_bottom(page: Page) -> None:
    page.locator("tr", has=page.locator("td", has_text=re.compile("^2$"))).first.get_by_role(
        "link"
    ).click()
    expect(page.get_by_role("heading", name="Its images are stored")).to_be_visible()
    steps = page.locator(".step h3").all_inner_texts()
    assert steps[:5] == [
        "Asked for",
        "Claimed and sent, call 1",
        "Provably never ran",
        "Claimed and sent, call 2",
        "Answered",
    ]
    expect(page.get_by_text("Had to wait")).to_have_count(0)
    page.get_by_role("button", name="Open prompt and answers").click()
    expect(page.get_by_text("Had to wait", exact=True)).to_be_visible()


def test_who_asked_reads_the_same_in_a_line(page: Page, darkroom: Instance) -> None:
    page.goto(f"{darkroom.url}/gallery/?q=Had+to+wait")
    page.locator("li.tile a").first.click()
    page.locator("summary", has_text="How it went").click()
    expect(
        page.get_by_text(re.compile(r"Sent \d\d:\d\d:\d\d UTC · .*arrived .* · charged"))
    ).to_be_visible()
