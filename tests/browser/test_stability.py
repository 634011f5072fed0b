"""Nothing moves while a page comes in over a slow line."""

import json
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.axe import SIZES
from tests.instance import OWNER, Instance

pytestmark = [
    pytest.mark.browser,
    pytest.mark.process,
    pytest.mark.slow,
    pytest.mark.xdist_group("browser"),
]

MOST = 0.02
SLOW = {
    "offline": False,
    "latency": 150,
    "downloadThroughput": 200_000,
    "uploadThroughput": 200_000,
}
SHIFTS = """() => new Promise(done => {
  let sum = 0;
  new PerformanceObserver(list => {
    for (const one of list.getEntries()) sum += one.value;
  }).observe({type: "layout-shift", buffered: true});
  setTimeout(() => done(sum), 400);
})"""


@pytest.fixture(scope="module")
def session(browser: Browser, darkroom: Instance) -> Any:
    """Cookies of an owner whose gallery holds images of several shapes."""
    for shape in ("landscape_16_9", "portrait_4_3", "square_hd"):
        asked = ("--prompt", "A slow line", "--set", f"image_size={shape}", "--num-images", "4")
        darkroom.generate("--model", "flux/dev", *asked)
    context = browser.new_context()
    page = context.new_page()
    page.goto(darkroom.manage("login_link", OWNER).stdout.strip())
    state = context.storage_state()
    context.close()
    return state


@pytest.fixture(scope="module")
def places(browser: Browser, session: Any, darkroom: Instance) -> list[str]:
    context = browser.new_context(storage_state=session)
    page = context.new_page()
    page.goto(f"{darkroom.url}/gallery/")
    image, other = (
        page.locator(".tile > a").nth(place).get_attribute("href") or "" for place in (0, 1)
    )
    page.goto(f"{darkroom.url}{image}")
    page.get_by_role("link", name="Share", exact=True).click()
    page.get_by_role("button", name="Make link").click()
    link = page.locator(".link-box code").inner_text()
    context.close()
    compared = f"/compare/?a={image.split('/')[2]}&b={other.split('/')[2]}"
    shared = link.removeprefix(darkroom.url)
    return ["/", "/gallery/", "/team/", image, compared, shared, "/usage/"]


@pytest.mark.parametrize("size", SIZES)
def test_nothing_moves_while_a_page_comes_in(
    browser: Browser, session: Any, darkroom: Instance, places: list[str], size: str
) -> None:
    width, height = SIZES[size]
    context = browser.new_context(
        storage_state=session, viewport={"width": width, "height": height}
    )
    moved = {place: shift(context.new_page(), darkroom.url + place) for place in places}
    context.close()
    assert {place: sum_ for place, sum_ in moved.items() if sum_ > MOST} == {}, json.dumps(moved)


def shift(page: Page, address: str) -> float:
    line = page.context.new_cdp_session(page)
    line.send("Network.enable")
    line.send("Network.setCacheDisabled", {"cacheDisabled": True})
    line.send("Network.emulateNetworkConditions", SLOW)
    page.goto(address, wait_until="load")
    moved = page.evaluate(SHIFTS)
    page.close()
    return float(moved)


def test_a_move_would_be_seen(page: Page, darkroom: Instance) -> None:
    page.goto(f"{darkroom.url}/signin/")
    page.evaluate(
        "() => new Promise(done => requestAnimationFrame(() => setTimeout(() => {"
        "document.body.style.paddingTop = '300px'; done(); }, 300)))"
    )
    assert page.evaluate(SHIFTS) > MOST
