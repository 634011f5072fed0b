"""A collection put in order with the mouse: what is dropped stays, and goes back if it may not."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, Route, expect

from tests.browser.axe import SIZES, every_look, violations
from tests.browser.people import session_of_newcomer
from tests.instance import Instance

pytestmark = [
    pytest.mark.browser,
    pytest.mark.process,
    pytest.mark.slow,
    pytest.mark.xdist_group("browser"),
]

TEAM = "hangers"
MANY = 65  # more than a page of a wall
SHIFTS = """window.moved = 0; new PerformanceObserver(list => {
    for (const one of list.getEntries()) window.moved += one.value
}).observe({type: "layout-shift", buffered: true})"""


@pytest.fixture(scope="module")
def state(browser: Browser, darkroom: Instance) -> Any:
    """Cookies of somebody with a collection that is longer than a page."""
    kept = session_of_newcomer(browser, darkroom, TEAM)
    darkroom.manage("seed_gallery", "--team", TEAM, "--images", str(MANY))
    context = browser.new_context(storage_state=kept)
    page = context.new_page()
    page.goto(f"{darkroom.url}/team/")
    to_the_end(page)
    page.keyboard.press("Control+a")
    page.get_by_role("button", name="Add to collection").click()
    page.get_by_label("Name of a new collection").fill("Herons")
    page.keyboard.press("Enter")
    expect(page.get_by_text(f"{MANY} images added to Herons.")).to_be_visible()
    context.close()
    return kept


@pytest.fixture
def wall(browser: Browser, darkroom: Instance, state: Any) -> Iterator[Page]:
    context = browser.new_context(storage_state=state, viewport={"width": 1440, "height": 900})
    page = context.new_page()
    opened(page, darkroom)
    yield page
    context.close()


def opened(page: Page, darkroom: Instance) -> None:
    page.goto(f"{darkroom.url}/collections/")
    page.get_by_role("main").get_by_role("link", name="Herons").click()
    expect(page.get_by_role("heading", name="Herons")).to_be_visible()
    page.wait_for_load_state()
    tiles(page).first.hover()


def to_the_end(page: Page) -> None:
    while page.locator(".more").count():
        page.evaluate("scrollTo(0, document.body.scrollHeight)")
        page.wait_for_timeout(100)
    expect(tiles(page)).to_have_count(MANY)


def tiles(page: Page) -> Locator:
    return page.locator(".wall > .tile")


def order(page: Page) -> list[str]:
    return [str(one.get_attribute("value")) for one in tiles(page).locator(".pick > input").all()]


def drag(page: Page, tile: int, *, beside: int, after: bool = False) -> None:
    """By its middle to a quarter of the other's width from its edge."""
    tiles(page).nth(tile).hover()
    page.mouse.down()
    box = tiles(page).nth(beside).bounding_box()
    assert box
    x = box["x"] + box["width"] * (0.75 if after else 0.25)
    page.mouse.move(x, box["y"] + box["height"] / 2, steps=5)
    page.mouse.move(x, box["y"] + box["height"] / 3)


def dropped(page: Page, tile: int, *, beside: int, after: bool = False) -> None:
    drag(page, tile, beside=beside, after=after)
    page.mouse.up()


def test_what_is_dropped_stays_where_it_was_dropped(wall: Page) -> None:
    before = order(wall)
    expected = [before[3], *before[:3], *before[4:]]

    drag(wall, 3, beside=0)
    place = tiles(wall).nth(0)
    expect(place).to_have_attribute("data-drop", "before")
    wall.mouse.up()

    expect(wall.get_by_text("1 image moved.")).to_be_visible()
    assert order(wall) == expected
    expect(tiles(wall).first.locator("> a")).to_be_focused()
    expect(wall.locator("[data-drop], .dragged")).to_have_count(0)
    wall.reload()
    assert order(wall) == expected


def test_what_is_ticked_goes_together(wall: Page) -> None:
    before = order(wall)
    for number in (0, 2):
        tiles(wall).nth(number).hover()
        tiles(wall).nth(number).get_by_role("checkbox").click()

    dropped(wall, 2, beside=4, after=True)

    expect(wall.get_by_text("2 images moved.")).to_be_visible()
    expected = [*(before[n] for n in (1, 3, 4, 0, 2)), *before[5:]]
    assert order(wall) == expected
    expect(wall.locator("[data-count]")).to_have_text("2")
    wall.reload()
    assert order(wall) == expected


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (500, "Something broke on our side."),
        (403, "Your role cannot do this. Nothing was changed."),
        (0, "The server cannot be reached."),
    ],
)
def test_what_is_refused_goes_back_and_that_is_said(wall: Page, status: int, words: str) -> None:
    before = order(wall)

    def refuse(route: Route) -> None:
        route.fulfill(status=status, body="No") if status else route.abort()

    wall.route(re.compile("/arrange/$"), refuse)
    for number in (1, 2):
        tiles(wall).nth(number).hover()
        tiles(wall).nth(number).get_by_role("checkbox").click()

    dropped(wall, 1, beside=5, after=True)

    expect(wall.get_by_text(words)).to_be_visible()
    assert order(wall) == before


def test_beside_what_somebody_took_out_meanwhile_nothing_is_dropped(
    wall: Page, browser: Browser, darkroom: Instance, state: Any
) -> None:
    before = order(wall)
    other = wall.context.new_page()
    opened(other, darkroom)
    to_the_end(other)
    tiles(other).nth(4).get_by_role("checkbox").check(force=True)
    other.get_by_role("button", name="Arrange").click()
    other.get_by_role("button", name="Take out of the collection").click()
    expect(other.get_by_text("1 image taken out")).to_be_visible()

    dropped(wall, 0, beside=4)

    expect(wall.get_by_text("Nothing was moved; load the page again.")).to_be_visible()
    assert order(wall) == before
    other.goto(f"{darkroom.url}/team/")
    to_the_end(other)
    other.locator(f'.pick > [value="{before[4]}"]').check(force=True)
    other.get_by_role("button", name="Add to collection").click()
    other.get_by_role("region", name="Add to collection").get_by_text("Herons").click()
    expect(other.get_by_text("1 image added to Herons.")).to_be_visible()


def test_several_drops_in_a_row_are_all_kept(wall: Page) -> None:
    unanswered = [5, 6, 7]
    # Not by their toasts: on a slow machine the first has gone when the last one comes.
    with wall.expect_response(lambda one: one.request.method == "POST" and unanswered.pop() == 5):
        for number in (5, 6, 7):
            dropped(wall, number, beside=0)

    after = order(wall)
    wall.reload()
    assert order(wall) == after


def test_what_is_loaded_later_is_dragged_and_nothing_is_shown_twice(
    wall: Page, darkroom: Instance
) -> None:
    first = order(wall)
    assert len(first) < MANY
    dropped(wall, 0, beside=2, after=True)
    expect(wall.get_by_text("1 image moved.")).to_be_visible()
    # To the end of what is loaded, so that it comes again with the rest.
    place = {"to": "after", "beside": first[-1], "image": first[0]}
    wall.evaluate(
        """async place => {
          const form = new FormData(document.getElementById("selection"));
          for (const [name, value] of Object.entries(place)) form.set(name, value);
          await fetch(document.getElementById("arrange").dataset.at, {method: "POST", body: form});
          const tile = one => document.querySelector(`.pick > [value="${one}"]`).closest(".tile");
          tile(place.beside).after(tile(place.image));
        }""",
        place,
    )
    to_the_end(wall)
    shown = order(wall)
    assert len(set(shown)) == MANY

    dropped(wall, MANY - 1, beside=MANY - 3)

    expected = [*shown[: MANY - 3], shown[-1], *shown[MANY - 3 : -1]]
    assert order(wall) == expected
    expect(wall.get_by_text("1 image moved.").last).to_be_visible()
    wall.reload()
    to_the_end(wall)
    assert order(wall) == expected


def test_what_was_dropped_goes_back_on_request(wall: Page) -> None:
    before = order(wall)

    dropped(wall, 3, beside=0)
    expect(wall.get_by_text("1 image moved.")).to_be_visible()
    wall.keyboard.press("u")

    expect(wall.get_by_text("1 image put back.")).to_be_visible()
    assert order(wall) == before
    wall.reload()
    assert order(wall) == before


def test_what_goes_to_the_end_of_more_than_is_loaded_comes_with_the_rest(wall: Page) -> None:
    before = order(wall)
    for _ in range(2):
        tiles(wall).first.hover()
        tiles(wall).first.get_by_role("checkbox").click()
        wall.get_by_role("button", name="Arrange").click()
        wall.get_by_role("button", name="To the end").click()
        expect(wall.get_by_text("1 image moved.").last).to_be_visible()
        expect(tiles(wall).first).to_be_hidden()
        wall.keyboard.press("u")
        expect(tiles(wall).first).to_be_visible()
        assert order(wall) == before
    tiles(wall).first.hover()
    tiles(wall).first.get_by_role("checkbox").click()
    wall.get_by_role("button", name="Arrange").click()
    wall.get_by_role("button", name="To the end").click()
    expect(tiles(wall).first).to_be_hidden()
    to_the_end(wall)
    assert order(wall)[-1] == before[0]


def test_nothing_moves_while_it_is_dragged(wall: Page) -> None:
    wall.evaluate(SHIFTS)

    drag(wall, 4, beside=1)
    wall.wait_for_timeout(700)

    assert wall.evaluate("window.moved") == 0
    wall.keyboard.press("Escape")
    wall.mouse.up()
    expect(wall.locator("[data-drop], .dragged")).to_have_count(0)


def test_on_a_wall_of_another_kind_nothing_is_dragged(wall: Page, darkroom: Instance) -> None:
    wall.goto(f"{darkroom.url}/team/")
    before = order(wall)

    dropped(wall, 3, beside=0)

    assert order(wall) == before


@every_look
def test_where_it_would_go_shows_in_every_look(
    browser: Browser, darkroom: Instance, state: Any, scheme: Any, size: str
) -> None:
    width, height = SIZES[size]
    context = browser.new_context(
        storage_state=state, color_scheme=scheme, viewport={"width": width, "height": height}
    )
    page = context.new_page()
    opened(page, darkroom)
    tiles(page).first.get_by_role("checkbox").check(force=True)
    page.get_by_role("button", name="Arrange").click()
    expect(page.get_by_text("Or drag images to their places.")).to_be_visible()
    found = violations(page)
    page.keyboard.press("Escape")
    context.close()
    assert found == []
