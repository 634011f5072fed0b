"""From the owner's switch to the receipt of an image that another provider made."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.axe import violations
from tests.instance import Instance

pytestmark = [pytest.mark.browser, pytest.mark.process, pytest.mark.xdist_group("browser")]

MADE = 20_000
PROMPT = "A heron that AIML API does not take"
MODEL = "flux/srpo"  # No other test in a browser asks for it: its circuit opens.
SWITCH = "let the other provider make it"


def allow(page: Page, darkroom: Instance, *, yes: bool) -> None:
    page.goto(f"{darkroom.url}/settings/")
    switch = page.get_by_label(re.compile(SWITCH))
    switch.set_checked(yes)
    page.locator("form", has=switch).get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    expect(page.get_by_label(re.compile(SWITCH))).to_be_checked(checked=yes)


def test_an_image_is_made_by_the_other_provider_and_its_pages_say_so(
    owner_page: Page, complaints: list[str], darkroom: Instance
) -> None:
    page = owner_page
    allow(page, darkroom, yes=True)
    assert violations(page) == []
    rule = {"fault": "status", "status": 403, "match": PROMPT}
    assert page.request.post(f"{darkroom.sandbox_url}/_sandbox/faults", data=[rule]).ok
    page.goto(darkroom.url)
    page.get_by_label("Prompt", exact=True).fill(PROMPT)
    page.get_by_role("button", name=re.compile("Model:")).click()
    page.locator(f"#model-menu button[value='{MODEL}']").click()
    expect(page.locator("#room")).to_contain_text("3.25 with AIML API, 2.5 if fal has to make it")
    page.get_by_role("button", name=re.compile("Generate")).click()
    batch = page.locator("article.batch", has_text=PROMPT).first
    expect(batch.locator("li.tile img")).to_be_visible(timeout=MADE)
    batch.locator("li.tile a").first.click()
    expect(page.locator("aside.inspector")).to_contain_text("fal instead of AIML API")
    page.get_by_role("link", name="2.5 credits").click()
    expect(
        page.get_by_text("fal instead of AIML API: 0.75 credits less than there")
    ).to_be_visible()
    assert violations(page) == []
    allow(page, darkroom, yes=False)
    assert complaints == []
