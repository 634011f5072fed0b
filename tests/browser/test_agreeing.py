"""What the composer's button says is reserved, no more; what was refused is forgotten in time."""

from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.axe import violations
from tests.instance import Instance

pytestmark = [pytest.mark.browser, pytest.mark.process, pytest.mark.xdist_group("browser")]

DEARER = "It costs more than the button said before. Press it again"
# Before the button says what four cost.
FOUR_AT_ONCE = """() => {
  document.querySelector('#composer [name=num_images][value="4"]').click();
  document.querySelector("#composer .generate").click();
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_who_presses_before_the_new_price_is_told_it_first(
    owner_page: Page, darkroom: Instance, scheme: Any
) -> None:
    owner_page.emulate_media(color_scheme=scheme)
    owner_page.goto(darkroom.url)
    generate, before = owner_page.locator(".generate"), owner_page.locator("article.batch").count()
    owner_page.get_by_label("Prompt", exact=True).fill("A heron of paper")
    owner_page.locator("[name=num_images][value='1']").check(force=True)
    expect(generate).to_contain_text("4.6")
    owner_page.evaluate(FOUR_AT_ONCE)

    expect(owner_page.get_by_text(DEARER)).to_be_visible()
    expect(generate).to_contain_text("18.4")
    expect(generate).to_be_focused()
    assert violations(owner_page) == []
    expect(owner_page.locator("article.batch")).to_have_count(before)

    generate.press("Enter")
    expect(owner_page.locator("article.batch")).to_have_count(before + 1)
    expect(owner_page.locator("article.batch").first).to_contain_text("18.4")
    expect(owner_page.get_by_text(DEARER)).to_be_hidden()


def test_without_javascript_the_second_press_agrees(
    browser: Browser, owner_page: Page, darkroom: Instance
) -> None:
    state: Any = owner_page.context.storage_state()
    context = browser.new_context(storage_state=state, java_script_enabled=False)
    page = context.new_page()
    page.goto(darkroom.url)
    page.get_by_label("Prompt", exact=True).fill("A heron")
    page.locator("[name=num_images][value='1']").check(force=True)
    page.locator(".generate").click()
    expect(page.locator(".generate")).to_contain_text("4.6")
    page.get_by_label("Prompt", exact=True).fill("Four herons")
    page.locator("[name=num_images][value='4']").check(force=True)
    page.locator(".generate").click()
    expect(page.get_by_text(DEARER)).to_be_visible()

    page.locator(".generate").click()

    expect(page.locator("article.batch").first).to_contain_text("18.4")
    context.close()


def test_what_was_refused_is_forgotten_once_it_is_taken(
    owner_page: Page, darkroom: Instance
) -> None:
    owner_page.goto(darkroom.url)
    prompt = owner_page.get_by_label("Prompt", exact=True)
    owner_page.locator(".generate").click()
    expect(prompt).to_have_attribute("aria-invalid", "true")
    prompt.fill("A crane")

    owner_page.locator(".generate").click()

    expect(owner_page.get_by_role("article").filter(has_text="A crane").first).to_be_visible()
    expect(prompt).not_to_have_attribute("aria-invalid", "true")
    expect(owner_page.locator("#composer .error")).to_have_count(0)
    assert violations(owner_page) == []
