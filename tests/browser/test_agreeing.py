"""What the composer's button says is reserved, no more; what was refused is forgotten in time."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.axe import violations
from tests.browser.people import session_of_newcomer
from tests.instance import Instance

pytestmark = [pytest.mark.browser, pytest.mark.process, pytest.mark.xdist_group("browser")]

DEARER = "It costs more than the button said before. Press it again"
# Before the button says what four cost.
FOUR_AT_ONCE = """() => {
  document.querySelector('#composer [name=num_images][value="4"]').click();
  document.querySelector("#composer .generate").click();
}"""


@pytest.fixture(scope="module")
def state(browser: Browser, darkroom: Instance) -> Any:
    return session_of_newcomer(browser, darkroom, "agreeing")


@pytest.fixture
def composer(browser: Browser, darkroom: Instance, state: Any) -> Iterator[Page]:
    context = browser.new_context(storage_state=state, viewport={"width": 1440, "height": 900})
    page = context.new_page()
    page.goto(darkroom.url)
    yield page
    context.close()


def test_who_presses_before_the_new_price_is_told_it_first(composer: Page) -> None:
    generate = composer.locator(".generate")
    composer.get_by_label("Prompt", exact=True).fill("A heron of paper")
    expect(generate).to_contain_text("4.6")
    composer.evaluate(FOUR_AT_ONCE)

    expect(composer.get_by_text(DEARER)).to_be_visible()
    expect(generate).to_contain_text("18.4")
    expect(generate).to_be_focused()
    expect(composer.locator("article.batch")).to_have_count(0)
    schemes: tuple[Any, ...] = ("dark", "light")
    for scheme in schemes:
        composer.emulate_media(color_scheme=scheme)
        assert violations(composer) == []

    generate.press("Enter")
    expect(composer.locator("article.batch")).to_have_count(1)
    expect(composer.locator("article.batch").first).to_contain_text("18.4")
    expect(composer.get_by_text(DEARER)).to_be_hidden()


def test_without_javascript_the_second_press_agrees(
    browser: Browser, darkroom: Instance, state: Any
) -> None:
    context = browser.new_context(storage_state=state, java_script_enabled=False)
    page = context.new_page()
    page.goto(darkroom.url)
    for count, price in (("1", "4.6"), ("4", "18.4")):
        page.get_by_label("Prompt", exact=True).fill(f"Herons: {count}")
        page.locator(f"[name=num_images][value='{count}']").check(force=True)
        page.locator(".generate").click()
        if count == "4":
            expect(page.get_by_text(DEARER)).to_be_visible()
            page.locator(".generate").click()
        expect(page.locator("article.batch").first).to_contain_text(price)
    context.close()


def test_what_was_refused_is_forgotten_once_it_is_taken(composer: Page) -> None:
    prompt = composer.get_by_label("Prompt", exact=True)
    composer.locator(".generate").click()
    expect(prompt).to_have_attribute("aria-invalid", "true")
    prompt.fill("A crane")

    composer.locator(".generate").click()

    expect(composer.get_by_role("article").filter(has_text="A crane").first).to_be_visible()
    expect(prompt).not_to_have_attribute("aria-invalid", "true")
    expect(composer.locator("#composer .error")).to_have_count(0)
    assert violations(composer) == []
