"""Favourites, collections, the trash and ticking many images in a browser: by mouse, by keys
alone, and without a script."""

import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from generations import provenance
from tests.browser.axe import LOOKS, SETTLED, SIZES, SLOW, every_look, violations
from tests.instance import OWNER, Instance

pytestmark = [pytest.mark.browser, pytest.mark.process, pytest.mark.xdist_group("browser")]

WALL = "/gallery/?q=organised"


@pytest.fixture(scope="module")
def state(browser: Browser, darkroom: Instance) -> Any:
    """Cookies of an owner with one image in each place."""
    made = ("--prompt", "Organised boats", "--count", "6")
    darkroom.generate("--model", "flux-realism", *made)
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    page.goto(darkroom.manage("login_link", OWNER).stdout.strip())
    page.goto(darkroom.url + WALL)
    tick(page, 0)
    page.get_by_role("button", name="Add to collection").click()
    page.get_by_label("Name of a new collection").fill("Autumn boats")
    page.keyboard.press("Enter")
    expect(page.get_by_text("1 image added to Autumn boats.")).to_be_visible()
    tick(page, 0)
    bar(page).get_by_role("button", name="Favourite").click()
    expect(page.get_by_text("1 image added to your favourites.")).to_be_visible()
    tick(page, 5)
    bar(page).get_by_role("button", name="Trash").click()
    expect(page.get_by_text("1 image moved to the trash.")).to_be_visible()
    kept = context.storage_state()
    context.close()
    return kept


@pytest.fixture
def wall(browser: Browser, darkroom: Instance, state: Any) -> Iterator[Page]:
    context = browser.new_context(storage_state=state, viewport={"width": 1440, "height": 900})
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(f"{message.type}: {message.text}"))
    page.on("pageerror", lambda error: said.append(f"error: {error}"))
    page.goto(darkroom.url + WALL)
    yield page
    context.close()
    assert said == []


def tick(page: Page, number: int, **how: Any) -> None:
    tiles(page).nth(number).hover()
    tiles(page).nth(number).get_by_role("checkbox").click(**how)


def tiles(page: Page) -> Any:
    return page.locator("li.tile:visible")


def shown(page: Page) -> list[str]:
    values = tiles(page).locator(".pick > input").evaluate_all("all => all.map(one => one.value)")
    return [str(one) for one in values]


def bar(page: Page) -> Any:
    return page.get_by_role("form", name="Selected images")


def reuse(tile: Any) -> Any:
    return tile.get_by_role("link", name="Reuse the recipe of Organised boats")


def count(page: Page) -> Any:
    return page.locator("[data-count]")


def places(page: Page, darkroom: Instance) -> list[str]:
    page.goto(f"{darkroom.url}/collections/")
    collection = page.get_by_role("main").get_by_role("link", name="Autumn boats")
    own = [collection.get_attribute("href") or ""]
    page.goto(f"{darkroom.url}/trash/")
    own.append(page.locator("li.tile a").first.get_attribute("href") or "")
    return ["/favourites/", "/collections/", "/trash/", *own]


def look(browser: Browser, state: Any, scheme: Any, size: tuple[int, int]) -> BrowserContext:
    return browser.new_context(
        storage_state=state,
        color_scheme=scheme,
        viewport={"width": size[0], "height": size[1]},
        reduced_motion="reduce",
    )


@pytest.mark.parametrize(
    ("scheme", "size"), [*LOOKS, ("light", "narrow"), pytest.param("dark", "narrow", marks=SLOW)]
)
def test_no_place_has_an_accessibility_violation_or_scrolls_sideways(
    browser: Browser, darkroom: Instance, state: Any, scheme: Any, size: str
) -> None:
    width, height = SIZES.get(size, (320, 640))
    context = look(browser, state, scheme, (width, height))
    page = context.new_page()
    found: dict[str, list[str]] = {}
    for place in places(page, darkroom):
        page.goto(darkroom.url + place)
        found[place] = violations(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, place
    page.goto(darkroom.url + WALL)
    tiles(page).first.hover()
    expect(reuse(page)).to_be_visible()
    found["pointed at"] = violations(page)
    tiles(page).first.get_by_role("checkbox").check(force=True)
    expect(bar(page)).to_be_visible()
    found["ticked"] = violations(page)
    bar(page).get_by_role("button", name="Add to collection").click()
    found["choosing a collection"] = violations(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.keyboard.press("Escape")
    bar(page).get_by_role("button", name="Download").click()
    found["choosing a format"] = violations(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.keyboard.press("Escape")
    tiles(page).nth(1).get_by_role("checkbox").check(force=True)
    bar(page).get_by_role("button", name="Share").click()
    expect(page.get_by_role("heading", name="Make a link to 2 images")).to_be_visible()
    found["sharing several"] = violations(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    context.close()
    assert {place: bad for place, bad in found.items() if bad} == {}


@every_look
def test_no_question_or_refusal_has_an_accessibility_violation(
    browser: Browser, darkroom: Instance, state: Any, scheme: Any, size: str
) -> None:
    width, height = SIZES[size]
    context = look(browser, state, scheme, (width, height))
    page = context.new_page()
    page.goto(f"{darkroom.url}/trash/")
    tiles(page).first.get_by_role("checkbox").check(force=True)
    bar(page).get_by_role("button", name="Delete for good").click()
    expect(page.get_by_role("heading", name="Delete 1 image for good?")).to_be_visible()
    found = {"deleting": violations(page)}
    page.goto(f"{darkroom.url}/collections/")
    page.get_by_role("main").get_by_role("link", name="Autumn boats").click()
    page.get_by_role("button", name="Settings of the collection").click()
    page.get_by_label("Name", exact=True).fill(" ")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("This field is required.")).to_be_visible()
    found["refused settings"] = violations(page)
    context.close()
    assert {place: bad for place, bad in found.items() if bad} == {}


def test_a_recipe_is_reused_by_pointing_at_its_image(wall: Page) -> None:
    stops = wall.evaluate("document.querySelectorAll('.wall :is(a, button, input)').length")
    for number in (0, 2):
        tiles(wall).nth(number).hover()
        expect(reuse(tiles(wall).nth(number))).to_be_visible()
    expect(reuse(wall)).to_have_count(1)
    assert (
        wall.evaluate(
            "[...document.querySelectorAll('.wall *')].filter(one => one.tabIndex >= 0).length"
        )
        == stops
    )
    wall.locator(".tile > a").nth(1).focus()
    wall.mouse.move(0, 0)
    expect(reuse(tiles(wall).nth(1))).to_be_visible()
    tiles(wall).nth(3).hover()
    chosen = shown(wall)[3]

    reuse(tiles(wall).nth(3)).click()

    expect(wall).to_have_url(re.compile(f"[?]reuse={chosen}$"))
    expect(wall.locator("[name=prompt]")).to_have_value("Organised boats")


def test_the_recipe_of_one_ticked_image_is_reused_by_touch(
    browser: Browser, darkroom: Instance, state: Any
) -> None:
    context = browser.new_context(
        storage_state=state, viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True
    )
    page = context.new_page()
    page.goto(darkroom.url + WALL)
    offered = bar(page).get_by_role("link", name="Reuse")
    for number in (0, 1):
        tiles(page).nth(number).get_by_role("checkbox").tap()
        expect(reuse(page)).to_be_hidden()
        expect(offered).to_be_visible(visible=number == 0)
        expect(bar(page).get_by_role("button", name="Compare")).to_be_visible(visible=number == 1)
    tiles(page).nth(0).get_by_role("checkbox").tap()
    chosen = shown(page)[1]

    offered.tap()

    expect(page).to_have_url(re.compile(f"[?]reuse={chosen}$"))
    context.close()


def test_the_key_reuses_the_recipe_of_the_one_ticked_image(wall: Page) -> None:
    tick(wall, 1)
    wall.evaluate("document.activeElement.blur()")
    chosen = shown(wall)[1]

    wall.keyboard.press("r")

    expect(wall).to_have_url(re.compile(f"[?]reuse={chosen}$"))


def test_shift_takes_all_between_and_escape_lets_go(wall: Page) -> None:
    tick(wall, 1)
    tick(wall, 3, modifiers=["Shift"])
    expect(count(wall)).to_have_text("3")
    wall.keyboard.press("Escape")
    expect(bar(wall)).to_be_hidden()


def test_keys_alone_tick_mark_and_throw_away_and_undo_brings_back(wall: Page) -> None:
    wall.get_by_role("link", name="Organised boats").first.focus()
    wall.keyboard.press("x")
    expect(count(wall)).to_have_text("1")
    wall.keyboard.press("Shift+ArrowRight")
    wall.keyboard.press("Shift+ArrowRight")
    expect(count(wall)).to_have_text("3")
    wall.keyboard.press("Shift+ArrowLeft")
    expect(count(wall)).to_have_text("2")
    wall.keyboard.press("Delete")
    expect(wall.get_by_text("2 images moved to the trash.")).to_be_visible()
    expect(tiles(wall)).to_have_count(3)
    expect(wall.locator("li.tile a:focus")).to_have_count(1)
    wall.get_by_role("button", name="Undo").press("Enter")
    expect(tiles(wall)).to_have_count(5)
    wall.get_by_role("link", name="Organised boats").first.focus()
    wall.keyboard.press("Control+a")
    expect(count(wall)).to_have_text("5")


def test_a_heart_is_kept_and_the_focus_stays_on_it(wall: Page) -> None:
    heart = tiles(wall).nth(2).get_by_role("button", name="Favourite")
    heart.press("Enter")
    expect(heart).to_have_attribute("aria-pressed", "true")
    expect(heart).to_be_focused()
    wall.reload()
    expect(heart).to_have_attribute("aria-pressed", "true")
    heart.press("Enter")
    expect(heart).to_have_attribute("aria-pressed", "false")


def test_what_is_ticked_is_downloaded_in_the_format_that_is_chosen(wall: Page) -> None:
    tick(wall, 0)
    tick(wall, 1)
    bar(wall).get_by_role("button", name="Download").click()
    menu = wall.get_by_role("region", name="Download")
    menu.get_by_label("Without metadata").check()
    with wall.expect_download() as download:
        menu.get_by_role("button", name="JPEG").click()
    expect(menu).to_be_hidden()
    expect(count(wall)).to_have_text("2")
    archive = zipfile.ZipFile(download.value.path())
    assert [Path(name).suffix for name in archive.namelist()] == [".jpg", ".jpg"]
    assert not any(provenance.read(archive.read(name)).any for name in archive.namelist())


def test_a_collection_is_put_in_order_and_leads_from_image_to_image(
    wall: Page, darkroom: Instance
) -> None:
    tick(wall, 2)
    tick(wall, 3)
    wall.get_by_role("button", name="Add to collection").click()
    wall.get_by_role("region", name="Add to collection").get_by_text("Autumn boats").click()
    expect(wall.get_by_text("2 images added to Autumn boats.")).to_be_visible()
    wall.get_by_role("navigation", name="Main").get_by_role("link", name="Autumn boats").click()
    last = tiles(wall).nth(2).locator("input").get_attribute("value") or ""
    tick(wall, 2)
    for _ in range(2):
        bar(wall).get_by_role("button", name="Arrange").click()
        wall.get_by_role("button", name="Earlier").click()
        expect(wall.get_by_text("1 image moved.").last).to_be_visible()
        wall.locator(".toast [data-dismiss]").last.click()
    wall.reload()
    assert tiles(wall).first.locator("input").get_attribute("value") == last
    tiles(wall).first.locator("> a").click()
    expect(wall).to_have_url(re.compile(f"{last}.*wall="))
    wall.keyboard.press("ArrowRight")
    expect(wall.get_by_role("link", name="Previous image")).to_be_visible()
    wall.keyboard.press("Escape")
    expect(wall.get_by_role("heading", name="Autumn boats")).to_be_visible()


def test_what_was_taken_out_of_a_collection_is_put_back(wall: Page) -> None:
    wall.get_by_role("navigation", name="Main").get_by_role("link", name="Autumn boats").click()
    expect(wall.get_by_role("heading", name="Autumn boats")).to_be_visible()
    before = tiles(wall).locator("input").evaluate_all("all => all.map(one => one.value)")
    tick(wall, 0)
    bar(wall).get_by_role("button", name="Arrange").click()
    wall.get_by_role("button", name="Take out of the collection").click()
    expect(tiles(wall)).to_have_count(len(before) - 1)
    wall.keyboard.press("u")
    expect(wall.get_by_text("1 image put back.")).to_be_visible()
    expect(tiles(wall)).to_have_count(len(before))
    wall.reload()
    after = tiles(wall).locator("input").evaluate_all("all => all.map(one => one.value)")
    assert after == before


def test_what_was_moved_goes_back_to_where_it_stood(wall: Page) -> None:
    wall.get_by_role("navigation", name="Main").get_by_role("link", name="Autumn boats").click()
    expect(wall.get_by_role("heading", name="Autumn boats")).to_be_visible()
    before = shown(wall)
    tick(wall, len(before) - 1)
    for number, step in enumerate(("Earlier", "To the front"), start=1):
        bar(wall).get_by_role("button", name="Arrange").click()
        wall.get_by_role("button", name=step).click()
        expect(wall.get_by_text("1 image moved.")).to_have_count(number)
    assert shown(wall) == [before[-1], *before[:-1]]
    bar(wall).get_by_role("button", name="Clear selection").click()
    for number in (1, 2):
        wall.keyboard.press("u")
        expect(wall.get_by_text("1 image put back.")).to_have_count(number)
    assert shown(wall) == before
    wall.reload()
    assert shown(wall) == before


def test_the_number_beside_the_heading_follows_what_goes_and_comes_back(wall: Page) -> None:
    number = len(shown(wall))
    expect(wall.locator("#count")).to_have_text(f"{number} images")
    tick(wall, 0)
    wall.keyboard.press("Delete")
    expect(wall.locator("#count")).to_have_text(f"{number - 1} images")
    wall.keyboard.press("u")
    expect(wall.locator("#count")).to_have_text(f"{number} images")


def test_a_day_of_which_nothing_is_left_has_no_heading_and_a_wall_says_so(wall: Page) -> None:
    day, none_left = wall.locator(".day"), wall.get_by_text("Nothing is left here")
    expect(day).to_be_visible()
    expect(none_left).to_be_hidden()
    wall.keyboard.press("Control+a")
    wall.keyboard.press("Delete")
    expect(day).to_be_hidden()
    expect(none_left).to_be_visible()
    wall.keyboard.press("u")
    expect(day).to_be_visible()
    expect(none_left).to_be_hidden()


@pytest.mark.parametrize("size", [(1440, 900), (1241, 900), (830, 900), (320, 640)])
def test_news_covers_nothing_of_the_bar_which_fits_the_window(
    wall: Page, size: tuple[int, int]
) -> None:
    width, height = size
    wall.set_viewport_size({"width": width, "height": height})
    heart = bar(wall).get_by_role("button", name="Favourite")
    tiles(wall).first.get_by_role("checkbox").check(force=True)
    heart.click()
    expect(wall.locator(".toast")).to_be_visible()
    tiles(wall).first.get_by_role("checkbox").check(force=True)
    wall.evaluate(SETTLED)
    news, below = wall.locator(".toast").bounding_box(), bar(wall).bounding_box()
    assert news
    assert below
    assert news["y"] + news["height"] <= below["y"]
    assert below["x"] + below["width"] <= width


def test_a_collection_is_found_by_typing_and_leads_to_itself(wall: Page) -> None:
    tick(wall, 1)
    bar(wall).get_by_role("button", name="Add to collection").click()
    menu = wall.get_by_role("region", name="Add to collection")
    menu.get_by_role("textbox").fill("no such")
    expect(menu.get_by_text("No collection has that in its name.")).to_be_visible()
    menu.get_by_role("textbox").fill("BOAT")
    expect(wall.locator("#live")).to_have_text("1 collection")
    menu.get_by_role("button", name="Autumn boats").click()
    expect(wall.locator("#collect-name")).to_have_value("")
    wall.get_by_role("status").get_by_role("link", name="Autumn boats").click()
    expect(wall.get_by_role("heading", name="Autumn boats")).to_be_visible()


def test_the_name_of_a_collection_can_be_read_on_a_phone(wall: Page) -> None:
    wall.get_by_role("navigation", name="Main").get_by_role("link", name="Autumn boats").click()
    wall.set_viewport_size({"width": 320, "height": 640})
    name = wall.get_by_role("heading", name="Autumn boats")
    assert name.evaluate("one => one.scrollWidth <= one.clientWidth")


def test_what_others_make_is_offered_and_pushes_nothing(wall: Page, darkroom: Instance) -> None:
    wall.wait_for_load_state("networkidle")
    top = tiles(wall).first.bounding_box()
    darkroom.generate("--model", "flux-realism", "--prompt", "Organised boats, new")
    pill = wall.get_by_role("link", name="1 new image")
    expect(pill).to_be_visible()
    assert tiles(wall).first.bounding_box() == top
    pill.click()
    expect(tiles(wall)).to_have_count(6)


def test_without_a_script_images_are_thrown_away_restored_and_deleted(
    browser: Browser, darkroom: Instance, state: Any
) -> None:
    darkroom.generate("--model", "flux-realism", "--prompt", "Plainly gone", "--count", "2")
    context = browser.new_context(storage_state=state, java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{darkroom.url}/gallery/?q=plainly")
    for number in (0, 1):
        tiles(page).nth(number).get_by_role("checkbox").check(force=True)
    bar(page).get_by_role("button", name="Trash").click()
    expect(page.get_by_text("2 images moved to the trash.")).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    expect(tiles(page)).to_have_count(2)
    tiles(page).first.locator("a").first.click()
    page.get_by_role("button", name="Move to trash").click()
    page.goto(f"{darkroom.url}/trash/?q=plainly")
    expect(page.get_by_text("Gone for good on")).to_be_visible()
    tiles(page).first.get_by_role("checkbox").check(force=True)
    bar(page).get_by_role("button", name="Delete for good").click()
    page.get_by_role("button", name="Delete 1 image").click()
    expect(page.get_by_text("1 image deleted for good.")).to_be_visible()
    context.close()
