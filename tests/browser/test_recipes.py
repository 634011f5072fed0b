"""Recipes in a browser: taken from an image's page, from a file or pasted, with and without
JavaScript, and one thing varied."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.axe import SIZES, every_look, violations
from tests.instance import OWNER, Instance

pytestmark = [
    pytest.mark.browser,
    pytest.mark.process,
    pytest.mark.slow,
    pytest.mark.xdist_group("browser"),
]

PROMPT = "A kingfisher over still water"
DROP = """([target, bytes]) => {
  const carried = new DataTransfer();
  carried.items.add(new File([new Uint8Array(bytes)], "kingfisher.png", { type: "image/png" }));
  for (const kind of ["dragover", "drop"])
    document.querySelector(target).dispatchEvent(
      new DragEvent(kind, { bubbles: true, cancelable: true, dataTransfer: carried }));
}"""


@pytest.fixture(scope="module")
def session(browser: Browser, darkroom: Instance) -> Any:
    """Cookies of an owner with an image."""
    darkroom.generate("--model", "flux/dev", "--prompt", PROMPT, "--set", "guidance_scale=7.5")
    context = browser.new_context()
    page = context.new_page()
    page.goto(darkroom.manage("login_link", OWNER).stdout.strip())
    state = context.storage_state()
    context.close()
    return state


@pytest.fixture(scope="module")
def picture(browser: Browser, darkroom: Instance, session: Any) -> tuple[str, bytes, str]:
    """The address of the image, its download as a PNG, and its recipe."""
    context = browser.new_context(storage_state=session)
    page = context.new_page()
    page.goto(f"{darkroom.url}/team/?q=kingfisher")
    page.locator(".tile > a").first.click()
    page.wait_for_selector("#recipe-text", state="attached")
    address = page.url.split("?")[0]
    png = page.request.get(f"{address}download/?kind=png").body()
    recipe = page.request.get(f"{address}recipe.json").text()
    context.close()
    return address, png, recipe


def context_of(browser: Browser, session: Any, **options: Any) -> BrowserContext:
    """One in which nothing moves."""
    return browser.new_context(storage_state=session, reduced_motion="reduce", **options)


@pytest.fixture
def page(browser: Browser, session: Any) -> Iterator[Page]:
    context = context_of(browser, session)
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    yield context.new_page()
    context.close()


@pytest.fixture
def plain_page(browser: Browser, session: Any) -> Iterator[Page]:
    """A page without JavaScript."""
    context = context_of(browser, session, java_script_enabled=False)
    yield context.new_page()
    context.close()


def states(page: Page, address: str) -> Iterator[str]:
    """Bring the page into each state of recipes in turn."""
    page.goto(address)
    page.locator("summary", has_text="Recipe").click()
    yield "image"
    page.goto(f"{address}vary/")
    yield "vary numbers"
    page.goto(f"{address}vary/?of=image_size&value=")
    yield "vary choices, none chosen"
    url, image = address.rstrip("/").split("/i/")
    page.goto(f"{url}/?reuse={image}&only=guidance_scale")
    yield "one value"
    page.goto(url)
    page.get_by_text("Import a recipe").click()
    yield "import"
    page.get_by_label("Or pasted").fill("{")
    page.get_by_role("button", name="Take this recipe").click()
    expect(page.get_by_text("This is not JSON.")).to_be_visible()
    yield "import refused"


@every_look
def test_no_state_of_recipes_has_an_accessibility_violation(
    browser: Browser, session: Any, picture: Any, scheme: Any, size: str
) -> None:
    width, height = SIZES[size]
    viewport: Any = {"width": width, "height": height}
    context = context_of(browser, session, color_scheme=scheme, viewport=viewport)
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))

    found = {state: violations(page) for state in states(page, picture[0])}

    context.close()
    assert {state: bad for state, bad in found.items() if bad} == {}
    assert [words for words in said if "422" not in words] == []


def test_nothing_scrolls_sideways_at_320_pixels(
    browser: Browser, session: Any, picture: Any
) -> None:
    viewport: Any = {"width": 320, "height": 640}
    context = context_of(browser, session, viewport=viewport)
    page = context.new_page()

    wide = {
        state: page.evaluate("document.documentElement.scrollWidth")
        for state in states(page, picture[0])
    }

    context.close()
    assert {state: width for state, width in wide.items() if width > 320} == {}


def test_a_recipe_is_copied(page: Page, picture: Any) -> None:
    page.goto(picture[0])
    page.locator("summary", has_text="Recipe").click()
    page.get_by_role("button", name="Copy recipe").click()
    expect(page.get_by_text("Copied.")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == picture[2]


def test_one_value_is_taken_by_keyboard(page: Page, picture: Any) -> None:
    page.goto(picture[0])
    page.get_by_role("link", name="7.5: use only this guidance").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_label("Guidance")).to_have_value("7.5")
    expect(page.get_by_label("Guidance")).to_be_focused()
    expect(page.get_by_label("Prompt", exact=True)).to_have_value("")


def filled(page: Page) -> None:
    expect(page.get_by_text(re.compile("Recipe taken from .*FLUX.1 .dev., seed"))).to_be_visible()
    expect(page.get_by_label("Prompt", exact=True)).to_have_value(PROMPT)


def test_a_file_that_is_chosen_is_taken_at_once(
    page: Page, darkroom: Instance, picture: Any, tmp_path: Path
) -> None:
    file = tmp_path / "kingfisher.png"
    file.write_bytes(picture[1])
    page.goto(darkroom.url)
    page.get_by_text("Import a recipe").click()
    page.get_by_label("From a file").set_input_files(file)
    filled(page)
    expect(page.locator(".notice[tabindex]")).to_be_focused()


def test_a_file_is_dropped_onto_the_composer(page: Page, darkroom: Instance, picture: Any) -> None:
    page.goto(darkroom.url)
    page.evaluate(DROP, ["#id_prompt", list(picture[1])])
    filled(page)


def test_what_was_typed_stays_when_a_recipe_is_refused(page: Page, darkroom: Instance) -> None:
    page.goto(darkroom.url)
    page.get_by_label("Prompt", exact=True).fill("My own words")
    page.get_by_text("Import a recipe").click()
    page.get_by_label("Or pasted").fill("not a recipe")
    page.get_by_role("button", name="Take this recipe").click()
    expect(page.get_by_text("This is not JSON.")).to_be_visible()
    expect(page.get_by_label("Or pasted")).to_be_focused()
    expect(page.get_by_label("Prompt", exact=True)).to_have_value("My own words")


def test_a_file_is_taken_without_javascript(
    plain_page: Page, darkroom: Instance, picture: Any, tmp_path: Path
) -> None:
    file = tmp_path / "kingfisher.png"
    file.write_bytes(picture[1])
    plain_page.goto(darkroom.url)
    plain_page.get_by_text("Import a recipe").click()
    plain_page.get_by_label("From a file").set_input_files(file)
    plain_page.get_by_role("button", name="Take this recipe").click()
    filled(plain_page)


def test_so_is_what_is_pasted(plain_page: Page, darkroom: Instance, picture: Any) -> None:
    plain_page.goto(darkroom.url)
    plain_page.get_by_text("Import a recipe").click()
    plain_page.get_by_label("Or pasted").fill(json.dumps(json.loads(picture[2]), indent=2))
    plain_page.get_by_role("button", name="Take this recipe").click()
    filled(plain_page)


def test_one_thing_is_varied_and_its_price_follows(page: Page, picture: Any) -> None:
    page.goto(picture[0])
    page.get_by_role("link", name="Vary one thing").click()
    page.get_by_role("link", name="Guidance").click()
    expect(page.get_by_role("button", name="Make 4 images for 13.2 credits")).to_be_visible()
    page.get_by_label("Guidance 4").fill("")
    page.get_by_label("Guidance 3").fill("99")
    page.keyboard.press("Tab")
    expect(page.get_by_text("Guidance must be a number between 1 and 20.")).to_be_visible()
    page.get_by_label("Guidance 3").fill("9")
    page.keyboard.press("Tab")
    page.get_by_role("button", name="Make 3 images for 9.9 credits").click()
    expect(page.get_by_text("3 images are on the way.")).to_be_visible()
    expect(page.locator(".batch").nth(2)).to_contain_text(PROMPT)


def test_one_thing_is_varied_without_javascript(plain_page: Page, picture: Any) -> None:
    plain_page.goto(f"{picture[0]}vary/?of=guidance_scale")
    plain_page.get_by_label("Guidance 4").fill("")
    plain_page.get_by_role("button", name=re.compile("^Make 4 images")).click()
    expect(plain_page.get_by_text("3 images are on the way.")).to_be_visible()


def test_what_was_made_by_a_recipe_shows_where_it_comes_from(
    page: Page, darkroom: Instance, picture: Any
) -> None:
    page.goto(picture[0])
    page.get_by_role("link", name="Reuse recipe").click()
    page.get_by_role("button", name=re.compile("^Generate")).click()
    page.locator(".batch .tile:not(.pending) > a").first.wait_for()
    page.goto(picture[0])
    page.get_by_role("heading", name="Made from this").locator("~ ul a").first.click()
    expect(page.get_by_role("heading", name="Made from", exact=True)).to_be_visible()
    page.get_by_role("heading", name="Made from", exact=True).locator("~ ul a").click()
    expect(page).to_have_url(picture[0])
