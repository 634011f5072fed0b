"""The picture on its page: larger and smaller, moved, kept as one likes it, and copied."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.axe import SIZES, every_look, violations
from tests.instance import OWNER, Instance

pytestmark = [
    pytest.mark.browser,
    pytest.mark.process,
    pytest.mark.slow,
    pytest.mark.xdist_group("browser"),
]

WORD = "gannet"


@pytest.fixture(scope="module")
def session(browser: Browser, darkroom: Instance) -> Any:
    """Cookies of an owner whose gallery holds two gannets."""
    darkroom.generate("--model", "flux-realism", "--prompt", f"A {WORD} dives", "--count", "2")
    context = browser.new_context()
    page = context.new_page()
    page.goto(darkroom.manage("login_link", OWNER).stdout.strip())
    state = context.storage_state()
    context.close()
    return state


def opened(page: Page, darkroom: Instance) -> Page:
    page.goto(f"{darkroom.url}/gallery/?q={WORD}")
    page.locator(".tile > a").first.click()
    expect(page.locator("#prompt")).to_be_visible()
    return page


@pytest.fixture
def viewer(browser: Browser, session: Any, darkroom: Instance) -> Iterator[Page]:
    context = browser.new_context(
        storage_state=session, permissions=["clipboard-read", "clipboard-write"]
    )
    page = opened(context.new_page(), darkroom)
    # While one page fades into the next, a pointer reaches neither; this waits until it does.
    page.locator(".picture").hover()
    yield page
    context.close()


def width(page: Page) -> float:
    box = page.locator(".picture img").bounding_box()
    assert box
    return box["width"]


def shown(page: Page) -> Locator:
    return page.locator("[data-zoom=toggle] output")


def test_a_click_or_two_makes_it_larger_and_another_fits_it(viewer: Page) -> None:
    fitting = width(viewer)
    viewer.locator(".picture").dblclick()
    assert width(viewer) > 1.04 * fitting
    viewer.locator(".picture").click()
    assert width(viewer) == fitting
    expect(shown(viewer)).to_have_text("Fit")


def test_keys_and_buttons_make_it_larger_and_smaller(viewer: Page) -> None:
    fitting = width(viewer)
    viewer.keyboard.press("z")
    larger = width(viewer)
    tools = viewer.get_by_role("group", name="View")
    tools.get_by_role("button", name="Larger").click()
    assert width(viewer) > larger > fitting
    viewer.keyboard.press("-")
    assert width(viewer) == pytest.approx(larger, abs=1)
    viewer.keyboard.press("0")
    assert width(viewer) == fitting


def test_the_wheel_keeps_what_it_points_at(viewer: Page) -> None:
    box = viewer.locator(".picture img").bounding_box()
    assert box
    viewer.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    viewer.mouse.wheel(0, -200)
    expect(shown(viewer)).not_to_have_text("Fit")
    larger = viewer.locator(".picture img").bounding_box()
    assert larger
    assert larger["width"] > box["width"]
    middle = larger["x"] + larger["width"] / 2
    assert middle == pytest.approx(box["x"] + box["width"] / 2, abs=2)


def test_arrows_and_dragging_move_it_only_while_it_is_larger(viewer: Page) -> None:
    here = viewer.url
    for _ in range(4):
        viewer.keyboard.press("+")
    before = viewer.locator(".picture img").bounding_box()
    viewer.keyboard.press("ArrowRight")
    after = viewer.locator(".picture img").bounding_box()
    assert before
    assert after
    assert after["x"] < before["x"]

    viewer.mouse.move(500, 400)
    viewer.mouse.down()
    viewer.mouse.move(560, 400, steps=4)
    viewer.mouse.up()
    dragged = viewer.locator(".picture img").bounding_box()
    assert dragged
    assert dragged["x"] == pytest.approx(after["x"] + 60, abs=2)
    viewer.keyboard.press("Escape")
    expect(viewer).to_have_url(here)
    viewer.keyboard.press("ArrowRight")
    expect(viewer).not_to_have_url(here)


def test_a_button_that_was_let_go_of_elsewhere_drags_nothing(viewer: Page) -> None:
    viewer.mouse.move(500, 400)
    viewer.mouse.down()
    viewer.mouse.move(500, 5)
    viewer.mouse.up()
    viewer.keyboard.press("z")
    before = viewer.locator(".picture img").bounding_box()

    viewer.mouse.move(500, 400)
    viewer.mouse.move(560, 460, steps=4)

    assert viewer.locator(".picture img").bounding_box() == before


def test_the_original_is_fetched_once_there_is_more_to_see(viewer: Page) -> None:
    picture = viewer.locator(".picture img")
    viewer.wait_for_load_state("networkidle")
    assert "original" not in picture.evaluate("image => image.currentSrc")
    for _ in range(6):
        viewer.keyboard.press("+")
    expect(picture).to_have_attribute("src", re.compile("/file/original/$"))


def test_nothing_moves_but_the_picture(viewer: Page) -> None:
    viewer.evaluate(
        "window.moved = 0; new PerformanceObserver(list => { for (const one of list.getEntries())"
        " window.moved += one.value }).observe({type: 'layout-shift', buffered: true})"
    )
    for key in ("z", "+", "ArrowLeft", "0"):
        viewer.keyboard.press(key)
    viewer.wait_for_timeout(300)
    assert viewer.evaluate("window.moved") == 0


def test_surround_and_details_stay_as_they_are_liked(viewer: Page) -> None:
    viewer.keyboard.press("b")
    viewer.keyboard.press("i")
    expect(viewer.locator(".inspector")).to_be_hidden()
    expect(viewer.locator("#live")).to_have_text("Details: off")
    viewer.keyboard.press("ArrowRight")
    expect(viewer.locator(".viewer")).to_have_attribute("data-surround", "black")
    expect(viewer.get_by_role("button", name="Details")).to_have_attribute("aria-expanded", "false")
    viewer.get_by_role("button", name="Details").click()
    expect(viewer.locator(".inspector")).to_be_visible()


def test_link_and_picture_are_copied(viewer: Page) -> None:
    viewer.get_by_role("button", name="More to do").click()
    viewer.get_by_role("button", name="Copy link").click()
    expect(viewer.locator(".toast")).to_contain_text("Copied.")
    link = viewer.evaluate("navigator.clipboard.readText()")
    assert link == viewer.url.partition("?")[0]

    # The original may lie on another server, which a page must not ask.
    viewer.route("**/file/original/", lambda route: route.abort())
    viewer.get_by_role("button", name="More to do").click()
    viewer.get_by_role("button", name="Copy image").click()
    expect(viewer.get_by_text("Copied.")).to_have_count(2)
    kinds = viewer.evaluate("navigator.clipboard.read().then(items => items[0].types)")
    assert kinds == ["image/png"]


def test_without_javascript_the_picture_leads_to_the_original(
    browser: Browser, session: Any, darkroom: Instance
) -> None:
    context = browser.new_context(storage_state=session, java_script_enabled=False)
    page = opened(context.new_page(), darkroom)
    page.locator(".picture").click()
    expect(page).to_have_url(re.compile("/file/original/$"))
    context.close()


@every_look
def test_no_state_of_the_viewer_has_an_accessibility_violation(
    browser: Browser, session: Any, darkroom: Instance, scheme: Any, size: str
) -> None:
    wide, high = SIZES[size]
    context = browser.new_context(
        storage_state=session, color_scheme=scheme, viewport={"width": wide, "height": high}
    )
    page = opened(context.new_page(), darkroom)
    found: dict[str, list[str]] = {}
    for key in ("z", "b", "b"):
        page.keyboard.press(key)
        found[f"{key}, {len(found)}"] = violations(page)
    page.get_by_role("button", name="More to do").click()
    found["menu"] = violations(page)
    context.close()
    assert {state: bad for state, bad in found.items() if bad} == {}
