import re
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.people import session_of_newcomer
from tests.instance import PASSWORD, Instance

pytestmark = [pytest.mark.browser, pytest.mark.process, pytest.mark.xdist_group("browser")]
MADE = 15_000
NEWCOMER = "newcomer"


@pytest.fixture(scope="module")
def newcomer(browser: Browser, darkroom: Instance) -> Any:
    return session_of_newcomer(browser, darkroom, NEWCOMER)["cookies"]


@pytest.fixture
def newcomer_page(page: Page, context: BrowserContext, newcomer: Any) -> Page:
    context.add_cookies(newcomer)
    return page


def ask_for(page: Page, prompt: str) -> None:
    page.get_by_label("Prompt", exact=True).fill(prompt)
    page.get_by_role("button", name=re.compile("Generate")).click()


def test_an_image_develops_on_the_page_and_is_found_in_the_gallery(
    newcomer_page: Page, complaints: list[str], darkroom: Instance
) -> None:
    newcomer_page.goto(darkroom.url)
    price = newcomer_page.locator("#price").inner_text().split()[1]
    ask_for(newcomer_page, "A heron made of folded paper")
    batch = newcomer_page.locator("article.batch").first
    expect(batch.locator("li.tile.pending")).to_have_count(1, timeout=2_000)
    # The sandbox takes a second, the fallback polls after five: this arrives by the stream.
    expect(batch.locator("li.tile img")).to_be_visible(timeout=4_000)
    newcomer_page.goto(f"{darkroom.url}/gallery/")
    newcomer_page.locator("li.tile a").first.click()
    expect(newcomer_page.locator("#prompt")).to_have_text("A heron made of folded paper")
    expect(newcomer_page.get_by_text(f"{price} credits")).to_be_visible()
    assert complaints == []


def test_the_tile_develops_by_polling_when_the_stream_is_blocked(
    newcomer_page: Page, darkroom: Instance
) -> None:
    newcomer_page.route("**/events/", lambda route: route.abort())
    newcomer_page.goto(darkroom.url)
    ask_for(newcomer_page, "A quiet harbour at blue hour")
    expect(newcomer_page.locator("article.batch").first.locator("li.tile img")).to_be_visible(
        timeout=MADE
    )


def test_a_double_click_makes_one_request(newcomer_page: Page, darkroom: Instance) -> None:
    newcomer_page.goto(darkroom.url)
    newcomer_page.get_by_label("Prompt", exact=True).fill("Pressed twice")
    newcomer_page.get_by_role("button", name=re.compile("Generate")).dblclick()
    expect(newcomer_page.get_by_text("Pressed twice").first).to_be_visible()
    newcomer_page.goto(darkroom.url)
    expect(newcomer_page.locator("article.batch", has_text="Pressed twice")).to_have_count(1)


def test_ctrl_enter_generates_from_the_keyboard(newcomer_page: Page, darkroom: Instance) -> None:
    newcomer_page.goto(darkroom.url)
    newcomer_page.get_by_label("Prompt", exact=True).fill("From the keyboard")
    newcomer_page.keyboard.press("Control+Enter")
    expect(newcomer_page.locator("article.batch", has_text="From the keyboard")).to_be_visible()


def test_closing_the_tab_loses_nothing(newcomer_page: Page, darkroom: Instance) -> None:
    newcomer_page.goto(darkroom.url)
    ask_for(newcomer_page, "Left alone")
    expect(newcomer_page.locator("article.batch", has_text="Left alone")).to_be_visible()
    again = newcomer_page.context.new_page()
    newcomer_page.close()
    again.goto(darkroom.url)
    batch = again.locator("article.batch", has_text="Left alone")
    expect(batch.locator("li.tile img")).to_be_visible(timeout=MADE)


def test_the_cost_on_the_button_follows_the_form(newcomer_page: Page, darkroom: Instance) -> None:
    newcomer_page.goto(darkroom.url)
    newcomer_page.get_by_text("4", exact=True).click()
    expect(newcomer_page.get_by_role("button", name=re.compile("Generate"))).to_contain_text("18.4")


def test_an_empty_prompt_says_so_and_keeps_the_rest(
    newcomer_page: Page, darkroom: Instance
) -> None:
    newcomer_page.goto(darkroom.url)
    newcomer_page.get_by_text("2", exact=True).click()
    newcomer_page.get_by_role("button", name=re.compile("Generate")).click()
    expect(newcomer_page.get_by_text("Describe the image you want to make.")).to_be_visible()
    expect(newcomer_page.locator("input[name=num_images][value='2']")).to_be_checked()


def test_the_model_menu_keeps_what_was_typed(newcomer_page: Page, darkroom: Instance) -> None:
    newcomer_page.goto(darkroom.url)
    newcomer_page.get_by_label("Prompt", exact=True).fill("Kept across models")
    newcomer_page.get_by_role("button", name=re.compile("Model:")).click()
    newcomer_page.get_by_role("button", name=re.compile(r"FLUX\.2 ")).first.click()
    expect(newcomer_page.get_by_role("button", name=re.compile(r"Model: FLUX\.2"))).to_be_visible()
    expect(newcomer_page.get_by_label("Prompt", exact=True)).to_have_value("Kept across models")


def test_a_failed_request_keeps_its_slot_and_says_not_charged(
    newcomer_page: Page, darkroom: Instance
) -> None:
    rule = [{"match": "Refused by the provider", "fault": "status", "status": 400, "times": 1}]
    newcomer_page.request.post(f"{darkroom.sandbox_url}/_sandbox/faults", data=rule)
    newcomer_page.goto(darkroom.url)
    ask_for(newcomer_page, "Refused by the provider")
    batch = newcomer_page.locator("article.batch", has_text="Refused by the provider")
    expect(batch).to_contain_text("Not charged", timeout=MADE)
    expect(batch.get_by_role("button", name=re.compile("Retry|Run again"))).to_be_visible()


@pytest.mark.usefixtures("newcomer")
def test_the_main_path_works_without_javascript(browser: Browser, darkroom: Instance) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{darkroom.url}/signin/")
    page.get_by_label("E-mail").fill(f"{NEWCOMER}@example.com")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    ask_for(page, "Made without scripts")
    expect(page.locator("article.batch").first).to_contain_text("Made without scripts")
    page.wait_for_timeout(3_000)
    page.goto(f"{darkroom.url}/gallery/")
    page.locator("li.tile a").first.click()
    expect(page.locator("#prompt")).to_have_text("Made without scripts")
    context.close()
