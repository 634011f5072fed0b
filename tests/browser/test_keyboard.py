"""Everything on the wall and on an image's page by keyboard alone, and the switch that spares one
the single keys.
"""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.axe import SIZES, every_look, violations
from tests.instance import OWNER, Instance

pytestmark = [pytest.mark.browser, pytest.mark.process, pytest.mark.xdist_group("browser")]

WORD = "kestrel"


@pytest.fixture(scope="module")
def session(browser: Browser, darkroom: Instance) -> Any:
    """Cookies of an owner whose gallery holds four kestrels."""
    darkroom.generate("--model", "flux-realism", "--prompt", f"A {WORD} hovers", "--count", "4")
    context = browser.new_context()
    page = context.new_page()
    page.goto(darkroom.manage("login_link", OWNER).stdout.strip())
    state = context.storage_state()
    context.close()
    return state


@pytest.fixture
def wall(browser: Browser, session: Any, darkroom: Instance) -> Iterator[Page]:
    context = browser.new_context(storage_state=session)
    page = context.new_page()
    page.goto(f"{darkroom.url}/gallery/?q={WORD}")
    yield page
    context.close()


@pytest.fixture
def image(wall: Page) -> Page:
    """The page of the second of them."""
    wall.locator(".tile > a").nth(1).click()
    expect(wall.locator("#prompt")).to_be_visible()
    return wall


def ticked(page: Page) -> int:
    return page.locator(".pick :checked").count()


def test_a_wall_is_walked_ticked_and_let_go_of(wall: Page) -> None:
    wall.keyboard.press("ArrowRight")
    expect(wall.locator(".tile > a").first).to_be_focused()
    wall.keyboard.press("x")
    wall.keyboard.press("ArrowRight")
    wall.keyboard.press("x")
    assert ticked(wall) == 2

    wall.keyboard.press("Control+a")
    assert ticked(wall) == 4
    wall.keyboard.press("Escape")
    assert ticked(wall) == 0
    wall.keyboard.press("Enter")
    expect(wall.locator("#prompt")).to_have_text(f"A {WORD} hovers")


def test_what_is_ticked_is_marked_and_thrown_away(wall: Page) -> None:
    wall.locator(".tile > a").first.focus()
    wall.keyboard.press("f")
    expect(wall.locator(".tile .heart").first).to_have_attribute("aria-pressed", "true")
    wall.keyboard.press("f")
    expect(wall.locator(".tile .heart").first).to_have_attribute("aria-pressed", "false")

    wall.keyboard.press("Delete")
    expect(wall.locator(".tile:visible")).to_have_count(3)
    wall.keyboard.press("u")
    expect(wall.locator(".tile:visible")).to_have_count(4)
    expect(wall.locator(".toast", has_text="moved to the trash")).to_have_count(0)


def test_of_several_offers_the_newest_is_undone_first(wall: Page) -> None:
    wall.locator(".tile > a").first.focus()
    for left in (3, 2):
        wall.keyboard.press("Delete")
        expect(wall.locator(".tile:visible")).to_have_count(left)
    second = wall.locator(".undo").last.locator("[name=image]").get_attribute("value")
    wall.keyboard.press("u")
    expect(wall.locator(f".tile:visible [value='{second}']")).to_have_count(1)
    wall.keyboard.press("u")
    expect(wall.locator(".tile:visible")).to_have_count(4)


def test_a_key_that_is_held_down_throws_nothing_away(wall: Page) -> None:
    for key in ("Delete", "x", "f"):
        wall.locator(".tile > a").first.dispatch_event(
            "keydown", {"key": key, "repeat": True, "bubbles": True}
        )
    assert ticked(wall) == 0
    wall.locator(".tile > a").first.focus()
    for repeat in (False, True):
        wall.locator(".tile > a:focus").dispatch_event(
            "keydown", {"key": "ArrowRight", "repeat": repeat, "bubbles": True}
        )
    expect(wall.locator(".tile > a").nth(2)).to_be_focused()
    expect(wall.locator(".tile:visible")).to_have_count(4)
    expect(wall.locator(".toast")).to_have_count(0)


def test_enter_on_a_tick_presses_no_button(wall: Page) -> None:
    sent: list[str] = []
    wall.on("request", lambda request: sent.append(request.method))
    wall.locator(".pick > input").first.press("Enter")
    wall.locator(".pick > input").first.press("Space")
    wall.wait_for_timeout(300)
    assert "POST" not in sent
    assert ticked(wall) == 1


def test_what_is_ticked_goes_into_a_collection_or_a_file(wall: Page) -> None:
    wall.locator(".tile > a").first.focus()
    wall.keyboard.press("l")
    expect(wall.get_by_role("region", name="Add to collection")).to_be_focused()
    wall.keyboard.press("Tab")
    expect(wall.get_by_label("Name of a new collection")).to_be_focused()
    wall.keyboard.press("Escape")
    expect(wall.locator(".tile > a").first).to_be_focused()
    with wall.expect_download() as download:
        wall.keyboard.press("Shift+D")
    assert download.value.suggested_filename.endswith(".zip")


@pytest.mark.parametrize(("key", "address"), [("r", "[?]reuse="), ("v", "vary=seed")])
def test_a_recipe_is_reused_from_the_wall(wall: Page, key: str, address: str) -> None:
    wall.locator(".tile > a").first.focus()
    wall.keyboard.press(key)

    expect(wall).to_have_url(re.compile(address))
    expect(wall.locator("[name=prompt]")).to_have_value(f"A {WORD} hovers")


@pytest.mark.parametrize(("key", "address"), [("r", "[?]reuse="), ("v", "vary=seed")])
def test_a_recipe_is_reused_from_an_images_page(image: Page, key: str, address: str) -> None:
    image.keyboard.press(key)

    expect(image).to_have_url(re.compile(address))


def test_an_images_page_is_left_either_way(image: Page) -> None:
    here = image.url
    image.keyboard.press("ArrowRight")
    expect(image).not_to_have_url(here)
    image.keyboard.press("ArrowLeft")
    expect(image).to_have_url(here)
    shown = re.search(r"/i/([0-9a-f-]{36})/", here)
    image.keyboard.press("Escape")
    expect(image).to_have_url(re.compile(rf"/gallery/[?]q={WORD}&around="))
    assert shown
    expect(image.locator(".tile > a:focus")).to_have_attribute("href", re.compile(shown[1]))


def test_an_image_is_put_into_a_new_collection_from_its_page(image: Page) -> None:
    menu = image.locator("#collect")
    image.keyboard.press("l")
    expect(menu).to_be_focused()
    menu.get_by_label("Name of a new collection").fill("Falcons")
    image.keyboard.press("Enter")
    expect(image.get_by_text("1 image added to Falcons.")).to_be_visible()
    expect(menu).to_be_hidden()
    expect(image.locator(".inspector").get_by_role("link", name="Falcons")).to_be_visible()

    image.keyboard.press("l")
    expect(menu.get_by_role("button", name="Create")).to_be_visible()
    menu.get_by_role("button", name="Falcons").click()
    expect(image.get_by_text("Already in Falcons.")).to_be_visible()
    expect(image.locator(".inspector").get_by_role("link", name="Falcons")).to_have_count(1)


def test_an_image_is_marked_downloaded_and_thrown_away(image: Page) -> None:
    heart = image.locator(".topbar .heart")
    image.keyboard.press("f")
    expect(heart).to_have_attribute("aria-pressed", "true")
    image.keyboard.press("f")
    expect(heart).to_have_attribute("aria-pressed", "false")
    with image.expect_download():
        image.keyboard.press("Shift+D")
    image.keyboard.press("l")
    expect(image.get_by_role("region", name="Add to collection")).to_be_visible()
    image.keyboard.press("Escape")

    image.keyboard.press("Delete")
    image.get_by_role("button", name="Undo").click()


def test_the_search_field_takes_what_is_typed(wall: Page, darkroom: Instance) -> None:
    wall.keyboard.press("/")
    field = wall.get_by_role("searchbox", name="Search prompts")
    expect(field).to_be_focused()
    wall.keyboard.type("fx/?")
    expect(field).to_have_value("fx/?")
    wall.goto(darkroom.url)
    wall.keyboard.press("/")
    expect(wall.locator("[name=prompt]")).to_be_focused()


@pytest.mark.parametrize("held", ["ctrlKey", "altKey", "metaKey", "shiftKey"])
def test_keys_with_a_modifier_are_the_browsers(image: Page, held: str) -> None:
    here = image.url
    for key in ("r", "v", "f"):
        image.evaluate(
            "init => document.body.dispatchEvent(new KeyboardEvent('keydown', init))",
            {"key": key.upper() if held == "shiftKey" else key, "bubbles": True, held: True},
        )
    expect(image).to_have_url(here)
    expect(image.locator(".topbar .heart")).to_have_attribute("aria-pressed", "false")


@every_look
def test_the_sheet_opens_above_the_page(
    browser: Browser, session: Any, darkroom: Instance, scheme: Any, size: str
) -> None:
    width, height = SIZES[size]
    context = browser.new_context(
        storage_state=session, color_scheme=scheme, viewport={"width": width, "height": height}
    )
    page = context.new_page()
    page.goto(f"{darkroom.url}/gallery/")
    page.keyboard.press("?")
    sheet = page.get_by_role("dialog", name="Keyboard")
    expect(sheet).to_be_visible()
    found = violations(page)
    page.keyboard.press("x")
    chosen = ticked(page)
    page.keyboard.press("Escape")
    expect(sheet).to_have_count(0)
    context.close()
    assert found == []
    assert chosen == 0


def test_single_keys_are_turned_off_and_on(wall: Page, darkroom: Instance) -> None:
    wall.keyboard.press("?")
    wall.get_by_role("button", name="Turn single keys off").click()
    expect(wall).to_have_url(f"{darkroom.url}/keyboard/")
    wall.goto(f"{darkroom.url}/gallery/?q={WORD}")
    wall.keyboard.press("?")
    wall.keyboard.press("ArrowRight")
    wall.keyboard.press("x")
    silent = ticked(wall) == 0 and not wall.get_by_role("dialog").count()
    expect(wall.locator(".tile > a").first).to_be_focused()

    wall.goto(f"{darkroom.url}/keyboard/")
    wall.get_by_role("button", name="Turn single keys on").click()
    expect(wall.locator("#toasts")).to_contain_text("Single keys are on.")
    wall.keyboard.press("?")
    expect(wall.get_by_role("dialog", name="Keyboard")).to_be_visible()
    assert silent


def test_the_list_is_a_page_without_javascript(
    browser: Browser, session: Any, darkroom: Instance
) -> None:
    context = browser.new_context(storage_state=session, java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{darkroom.url}/gallery/")
    page.locator(".rail [popovertarget=account-menu]").click()
    page.get_by_role("link", name="Keyboard").click()
    expect(page.get_by_role("heading", name="On a wall")).to_be_visible()
    context.close()
