"""Comparing in a browser: the slider by mouse and by keys alone, a run of several models from its
price to its winner, in every theme and size, and without a script."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.axe import SIZES, every_look, violations
from tests.instance import OWNER, Instance

pytestmark = [
    pytest.mark.browser,
    pytest.mark.process,
    pytest.mark.slow,
    pytest.mark.xdist_group("browser"),
]

RUN = re.compile(r"/compare/[0-9a-f-]{36}/$")
WALL = "/gallery/?q=compared"


@pytest.fixture(scope="module")
def state(browser: Browser, darkroom: Instance) -> Any:
    """Cookies of an owner with a batch of four, a tall image, and a run of three models."""
    four = ("--prompt", "Compared boats", "--num-images", "4")
    darkroom.generate("--model", "flux-realism", *four)
    darkroom.generate(
        "--model", "flux/schnell", "--prompt", "Tall boats", "--set", "image_size=portrait_16_9"
    )
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    page.goto(darkroom.manage("login_link", OWNER).stdout.strip())
    start_run(page, darkroom)
    expect(page.get_by_role("button", name=re.compile("^Pick this one"))).to_have_count(3)
    kept = context.storage_state()
    context.close()
    return kept


@pytest.fixture
def studio(browser: Browser, state: Any) -> Iterator[Page]:
    """A page that says nothing in its console."""
    context = browser.new_context(storage_state=state, viewport={"width": 1440, "height": 900})
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(f"{message.type}: {message.text}"))
    page.on("pageerror", lambda error: said.append(f"error: {error}"))
    yield page
    context.close()
    assert said == []


@pytest.fixture
def plain(browser: Browser, state: Any) -> Iterator[Page]:
    """A page without JavaScript, as narrow as they get."""
    size: Any = {"width": 320, "height": 640}
    context = browser.new_context(storage_state=state, viewport=size, java_script_enabled=False)
    yield context.new_page()
    context.close()


def start_run(page: Page, darkroom: Instance, prompt: str = "A stone bridge in autumn") -> None:
    page.goto(f"{darkroom.url}/compare/new/")
    page.get_by_label("Prompt").fill(prompt)
    page.get_by_role("button", name=re.compile("^Compare 3 models")).click()
    expect(page).to_have_url(RUN)


def ids(page: Page, darkroom: Instance, query: str = "compared") -> list[str]:
    page.goto(f"{darkroom.url}/gallery/?q={query}")
    found = page.locator(".pick > input").all()
    return [str(box.get_attribute("value")) for box in found]


def places(page: Page, darkroom: Instance) -> dict[str, str]:
    a, b, c, d = ids(page, darkroom)
    (tall,) = ids(page, darkroom, "tall")
    page.goto(f"{darkroom.url}/compare/")
    run = page.get_by_role("heading", level=2).get_by_role("link").first.get_attribute("href")
    return {
        "list": "/compare/",
        "new": "/compare/new/",
        "run": str(run),
        "slider": f"/compare/?a={a}&b={b}",
        "side by side": f"/compare/?a={a}&b={b}&mode=side",
        "other shapes": f"/compare/?a={a}&b={tall}",
        "grid": f"/compare/?a={a}&b={b}&c={c}&d={d}",
        "choose": f"/compare/?a={a}",
    }


def shown_of_a(page: Page) -> float:
    """How much of the picture above is left by its clip, in percent."""
    clip: str = page.locator(".slider img").first.evaluate("one => getComputedStyle(one).clipPath")
    found = re.search(r"calc\(100% - ([\d.]+)%\)|inset\(0px ([\d.]+)%", clip)
    assert found, clip
    return float(found[1]) if found[1] else 100 - float(found[2])


def test_two_recipes_are_read_on_a_phone_without_scrolling_sideways(
    studio: Page, darkroom: Instance
) -> None:
    (a, *_), (tall,) = ids(studio, darkroom), ids(studio, darkroom, "tall")
    studio.set_viewport_size({"width": 320, "height": 640})
    studio.goto(f"{darkroom.url}/compare/?a={a}&b={tall}")
    recipes = studio.get_by_role("region", name="Recipes")
    assert recipes.evaluate("one => one.scrollWidth <= one.clientWidth")


@every_look
def test_no_page_has_an_accessibility_violation(
    browser: Browser, darkroom: Instance, state: Any, scheme: Any, size: str
) -> None:
    width, height = SIZES[size]
    context = browser.new_context(
        storage_state=state, color_scheme=scheme, viewport={"width": width, "height": height}
    )
    page = context.new_page()
    found = {}
    for place, address in places(page, darkroom).items():
        page.goto(darkroom.url + address)
        found[place] = violations(page)
    context.close()
    assert {place: bad for place, bad in found.items() if bad} == {}


def test_nothing_scrolls_sideways_at_320_pixels(
    browser: Browser, darkroom: Instance, state: Any
) -> None:
    context = browser.new_context(storage_state=state, viewport={"width": 320, "height": 640})
    page = context.new_page()
    wide = {}
    for place, address in places(page, darkroom).items():
        page.goto(darkroom.url + address)
        wide[place] = page.evaluate("document.documentElement.scrollWidth")
    context.close()
    assert {place: width for place, width in wide.items() if width > 320} == {}


def test_the_slider_moves_by_keys_alone(studio: Page, darkroom: Instance) -> None:
    studio.goto(darkroom.url + places(studio, darkroom)["slider"])
    slider = studio.get_by_role("slider", name="How much of A lies over B")
    while not slider.evaluate("one => one === document.activeElement"):
        studio.keyboard.press("Tab")
    assert shown_of_a(studio) == pytest.approx(50)

    for _ in range(10):
        studio.keyboard.press("ArrowRight")
    assert shown_of_a(studio) == pytest.approx(60)
    expect(slider).to_have_attribute("aria-valuetext", "60 % of A")
    studio.keyboard.press("Home")
    assert shown_of_a(studio) == pytest.approx(0)
    studio.keyboard.press("End")
    assert shown_of_a(studio) == pytest.approx(100)


def test_the_slider_follows_the_mouse(studio: Page, darkroom: Instance) -> None:
    studio.goto(darkroom.url + places(studio, darkroom)["slider"])
    box = studio.locator(".slider").bounding_box()
    assert box

    studio.mouse.click(box["x"] + box["width"] / 4, box["y"] + box["height"] / 2)

    assert shown_of_a(studio) == pytest.approx(25, abs=1)


def test_one_is_kept_without_leaving_the_page(studio: Page, darkroom: Instance) -> None:
    studio.goto(darkroom.url + places(studio, darkroom)["slider"])
    studio.get_by_role("slider").fill("70")

    studio.get_by_role("button", name="Keep B").click()

    expect(studio.get_by_role("button", name="Keep B", pressed=True)).to_be_visible()
    assert shown_of_a(studio) == pytest.approx(70)
    studio.get_by_role("link", name="Side by side").click()
    expect(studio.get_by_role("button", name="Keep B", pressed=True)).to_be_visible()
    studio.get_by_role("button", name="Keep B").click()
    expect(studio.get_by_role("button", name="Keep B", pressed=False)).to_be_visible()


def test_images_of_other_shapes_have_no_slider(studio: Page, darkroom: Instance) -> None:
    studio.goto(darkroom.url + places(studio, darkroom)["other shapes"])

    expect(studio.get_by_role("figure")).to_have_count(2)
    expect(studio.get_by_role("slider")).to_have_count(0)
    expect(studio.get_by_role("link", name="Slider")).to_have_count(0)


def test_two_to_four_ticked_ones_are_compared(studio: Page, darkroom: Instance) -> None:
    studio.goto(darkroom.url + WALL)
    tiles = studio.locator("li.tile")
    compare = studio.get_by_role("button", name="Compare", exact=True)
    tiles.nth(0).hover()
    tiles.nth(0).get_by_role("checkbox").click()
    expect(compare).to_be_hidden()
    tiles.nth(1).get_by_role("checkbox").click()
    expect(compare).to_be_enabled()

    compare.click()

    expect(studio.get_by_role("slider")).to_be_visible()
    studio.get_by_role("link", name="Back").click()
    expect(studio).to_have_url(darkroom.url + WALL)


def test_a_key_compares_an_image_with_the_next_of_its_batch(
    studio: Page, darkroom: Instance
) -> None:
    studio.goto(f"{darkroom.url}/i/{ids(studio, darkroom)[0]}/")

    studio.keyboard.press("c")

    expect(studio.get_by_role("slider")).to_be_visible()


def test_a_run_goes_from_its_price_to_its_winner(studio: Page, darkroom: Instance) -> None:
    studio.goto(f"{darkroom.url}/compare/new/")
    button = studio.get_by_role("button", name=re.compile("^Compare"))
    expect(button).to_contain_text("Compare 3 models")
    before = button.inner_text()
    studio.get_by_label("Prompt").fill("A mill by the river")
    studio.get_by_role("checkbox", name=re.compile(r"^FLUX\.1 \[pro\]")).press("Space")
    expect(button).to_contain_text("Compare 2 models")
    assert button.inner_text() != before
    studio.get_by_label("9:16").check()
    expect(studio.get_by_text("576 × 1024").first).to_be_visible()

    button.click()

    expect(studio).to_have_url(RUN)
    expect(studio.locator(".contender .pending")).to_have_count(2)
    picks = studio.get_by_role("button", name=re.compile("^Pick this one"))
    expect(picks).to_have_count(2, timeout=20_000)
    expect(studio.get_by_role("link", name="Look closer")).to_be_visible()
    expect(studio.get_by_text("credits at most")).to_have_count(0)
    picks.last.click()
    expect(studio.locator("#cell-1").get_by_text("Winner")).to_be_visible()
    expect(picks).to_have_count(1)
    studio.get_by_role("link", name="Look closer").click()
    expect(studio.get_by_role("button", name="Keep A", pressed=False)).to_be_visible()
    expect(studio.get_by_role("button", name="Keep B", pressed=True)).to_be_visible()


@every_look
def test_a_cell_that_failed_is_tried_again_in_its_place(
    browser: Browser, darkroom: Instance, state: Any, scheme: Any, size: str
) -> None:
    width, height = SIZES[size]
    context = browser.new_context(
        storage_state=state, color_scheme=scheme, viewport={"width": width, "height": height}
    )
    page = context.new_page()
    prompt = f"A mill that fails, {scheme} on a {size}"
    rule = {"fault": "status", "status": 400, "match": prompt, "times": 1}
    assert page.request.post(f"{darkroom.sandbox_url}/_sandbox/faults", data=[rule]).ok
    start_run(page, darkroom, prompt)
    retry = page.get_by_role("button", name=re.compile("^Retry with .* for .* credits$"))
    expect(retry).to_have_count(1, timeout=20_000)
    expect(page.get_by_role("button", name=re.compile("^Pick this one"))).to_have_count(2)
    cell = page.locator(".contender").filter(has=retry)
    place = cell.get_attribute("id")
    expect(cell.get_by_text("Not charged")).to_be_visible()
    found = violations(page)

    retry.dblclick()

    again = page.locator(f"#{place}")
    expect(again.get_by_role("heading")).to_be_focused()
    expect(page.get_by_text(re.compile("^Trying again; .* reserved.$"))).to_have_count(1)
    expect(again.get_by_text("Try 2")).to_be_visible()
    expect(again.get_by_role("button", name=re.compile("^Pick this one"))).to_be_visible(
        timeout=20_000
    )
    expect(page.locator(".contender")).to_have_count(3)
    found += violations(page)
    wide = page.evaluate("document.documentElement.scrollWidth")
    context.close()
    assert found == []
    assert wide <= width


def test_without_a_script_two_lie_side_by_side(plain: Page, darkroom: Instance) -> None:
    plain.goto(darkroom.url + places(plain, darkroom)["slider"])

    expect(plain.get_by_role("slider")).to_be_hidden()
    first, second = (figure.bounding_box() for figure in plain.get_by_role("figure").all())
    assert first
    assert second
    assert first["y"] + first["height"] <= second["y"]
    plain.get_by_role("button", name="Keep A").click()
    expect(plain.get_by_role("button", name="Keep A", pressed=True)).to_be_visible()
    plain.get_by_role("button", name="Keep A").click()


def test_without_a_script_a_run_starts_at_a_price_that_was_seen(
    plain: Page, darkroom: Instance
) -> None:
    plain.goto(f"{darkroom.url}/compare/new/")
    plain.get_by_label("Prompt").fill("A quiet mill")
    plain.get_by_role("checkbox", name=re.compile(r"^FLUX\.2 The newest")).check()
    button = plain.get_by_role("button", name=re.compile("^Compare"))

    button.click()

    expect(plain.get_by_text("It costs more than the button said before")).to_be_visible()
    expect(button).to_contain_text("Compare 4 models")
    button.click()
    expect(plain).to_have_url(RUN)
    expect(plain.get_by_role("heading", level=2)).to_have_count(4)
