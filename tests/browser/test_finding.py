"""Finding images in a browser: search, filters and chips, by keyboard and without JavaScript."""

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.axe import SIZES, every_look, violations
from tests.browser.people import session_of
from tests.instance import Instance

pytestmark = [pytest.mark.browser, pytest.mark.process, pytest.mark.xdist_group("browser")]

PLACES = (
    "/team/",
    "/team/?q=marmot&shape=landscape&since=2020-01-01",
    "/gallery/?q=nothing+has+this",
    "/gallery/?seed=many",
)


@pytest.fixture(scope="module")
def session(browser: Browser, darkroom: Instance) -> Any:
    """Cookies of an owner whose gallery holds two marmots and a bittern."""
    darkroom.generate("--model", "flux-realism", "--prompt", "A marmot on a rock", "--count", "2")
    darkroom.generate("--model", "flux-realism", "--prompt", "A bittern in the reeds")
    return session_of(browser, darkroom)


@pytest.fixture
def plain_page(browser: Browser, session: Any) -> Iterator[Page]:
    """A page without JavaScript."""
    context = browser.new_context(storage_state=session, java_script_enabled=False)
    yield context.new_page()
    context.close()


@pytest.fixture
def finding(browser: Browser, session: Any) -> Iterator[Page]:
    context = browser.new_context(storage_state=session)
    yield context.new_page()
    context.close()


def context_of(
    browser: Browser, session: Any, *, scheme: Any = "light", width: int = 1440, height: int = 900
) -> BrowserContext:
    size: Any = {"width": width, "height": height}
    return browser.new_context(storage_state=session, color_scheme=scheme, viewport=size)


@every_look
def test_no_state_of_finding_has_an_accessibility_violation(
    browser: Browser, darkroom: Instance, session: Any, scheme: Any, size: str
) -> None:
    width, height = SIZES[size]
    context = context_of(browser, session, scheme=scheme, width=width, height=height)
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    found = {}
    for place in PLACES:
        page.goto(darkroom.url + place)
        found[place] = violations(page)
        page.get_by_role("button", name=re.compile("^Filter")).click()
        found[f"{place}, panel open"] = violations(page)
    context.close()
    assert {place: bad for place, bad in found.items() if bad} == {}
    assert said == []


def test_nothing_scrolls_sideways_at_320_pixels(
    browser: Browser, darkroom: Instance, session: Any
) -> None:
    context = context_of(browser, session, width=320, height=640)
    page = context.new_page()
    wide = {}
    for place in PLACES:
        page.goto(darkroom.url + place)
        page.get_by_role("button", name=re.compile("^Filter")).click()
        panel = page.locator("#filter-panel").bounding_box()
        assert panel
        wide[place] = max(
            page.evaluate("document.documentElement.scrollWidth"), panel["x"] + panel["width"]
        )
    context.close()
    assert {place: width for place, width in wide.items() if width > 320} == {}


def test_a_search_is_typed_narrowed_and_taken_back(finding: Page, darkroom: Instance) -> None:
    finding.goto(f"{darkroom.url}/team/")
    finding.get_by_role("searchbox", name="Search prompts").fill("marm")
    finding.keyboard.press("Enter")
    expect(finding.locator(".tile")).to_have_count(2)
    assert parse_qs(urlsplit(finding.url).query, keep_blank_values=True) == {"q": ["marm"]}

    finding.get_by_role("button", name="Filter").click()
    finding.get_by_label("Shape").select_option("portrait")
    finding.get_by_role("button", name="Show images").click()
    expect(finding.get_by_role("heading", name="Nothing matches")).to_be_visible()

    finding.get_by_role("link", name=re.compile("^Portrait")).click()
    expect(finding.locator(".tile")).to_have_count(2)
    finding.get_by_role("link", name="Clear all").click()
    expect(finding).to_have_url(f"{darkroom.url}/team/")


def test_what_is_found_follows_what_is_typed(finding: Page, darkroom: Instance) -> None:
    finding.goto(f"{darkroom.url}/team/?shape=landscape")
    field = finding.get_by_role("searchbox", name="Search prompts")
    field.press_sequentially("marm", delay=40)
    expect(finding).to_have_url(f"{darkroom.url}/team/?q=marm&shape=landscape")
    expect(finding.locator(".tile")).to_have_count(2)
    expect(finding.locator("#live")).to_have_text(re.compile(r"^\s*2\s+images\s*$"))
    expect(field).to_be_focused()

    finding.locator(".tile > a").first.focus()
    finding.keyboard.press("x")
    expect(finding.locator("#selection")).to_be_visible()
    field.fill("marmxyz")
    expect(finding.get_by_role("heading", name="Nothing matches")).to_be_visible()
    field.fill("")
    expect(finding).to_have_url(f"{darkroom.url}/team/?shape=landscape")
    finding.reload()
    expect(finding.get_by_role("link", name=re.compile("^Landscape"))).to_be_visible()


def test_neighbours_stay_in_the_search_by_keyboard(finding: Page, darkroom: Instance) -> None:
    finding.goto(f"{darkroom.url}/team/?q=marmot")
    finding.locator(".tile > a").first.focus()
    finding.keyboard.press("Enter")
    expect(finding.locator("#prompt")).to_have_text("A marmot on a rock")
    finding.keyboard.press("ArrowRight")
    expect(finding).to_have_url(re.compile(r"\?wall=team&q=marmot$"))
    expect(finding.locator("#prompt")).to_have_text("A marmot on a rock")
    expect(finding.get_by_role("link", name="Next image")).to_have_count(0)
    finding.keyboard.press("Escape")
    expect(finding).to_have_url(re.compile(r"/team/\?q=marmot&around="))


def test_all_of_it_works_without_javascript(plain_page: Page, darkroom: Instance) -> None:
    plain_page.goto(f"{darkroom.url}/gallery/")
    plain_page.get_by_role("searchbox", name="Search prompts").fill("bittern")
    plain_page.keyboard.press("Enter")
    expect(plain_page.locator(".tile")).to_have_count(1)
    plain_page.get_by_role("button", name="Filter").click()
    plain_page.get_by_label("Shape").select_option("portrait")
    plain_page.get_by_role("button", name="Show images").click()
    expect(plain_page.get_by_role("heading", name="Nothing matches")).to_be_visible()
    plain_page.get_by_role("link", name=re.compile("^Portrait")).click()
    plain_page.locator(".tile > a").first.click()
    plain_page.locator("[data-back]").click()
    expect(plain_page).to_have_url(re.compile("q=bittern"))


def test_a_search_that_could_not_be_made_says_so(finding: Page, darkroom: Instance) -> None:
    finding.goto(f"{darkroom.url}/team/")
    finding.route("**/team/?*", lambda route: route.fulfill(status=503, body="Away"))

    finding.get_by_role("searchbox").fill("bittern")

    expect(
        finding.get_by_text("That could not be loaded; what you see is as it was.")
    ).to_be_visible()
