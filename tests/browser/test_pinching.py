"""The picture on its page under one finger and two, on a phone."""

import re
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

import pytest
from playwright.sync_api import Browser, CDPSession, FloatRect, Page, expect

from tests.browser.people import session_of
from tests.browser.test_viewer import opened, shown, width
from tests.instance import Instance

pytestmark = [
    pytest.mark.browser,
    pytest.mark.process,
    pytest.mark.slow,
    pytest.mark.xdist_group("browser"),
]

Point = tuple[float, float]
STEPS = 8
HEAR = """() => {
  window.felt = [];
  window.lifted = 0;
  for (const name of ["pointerdown", "pointermove"])
    addEventListener(name, one => window.felt.push([one.clientX, one.clientY]));
  for (const name of ["pointerup", "pointercancel"]) addEventListener(name, () => window.lifted++);
}"""
# That fingers have come where they were sent, unless the page scrolls with them.
THERE = """([ends, lifted]) => window.lifted > lifted || ends.every(([x, y]) =>
  window.felt.some(one => Math.hypot(one[0] - x, one[1] - y) < 1))"""


class Fingers:
    """On a touch screen, as the browser gets them from one."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.cdp: CDPSession = page.context.new_cdp_session(page)
        self.lifted = 0
        page.evaluate(HEAR)

    def touch(self, kind: str, *at: Point) -> None:
        points = [{"x": x, "y": y, "id": number} for number, (x, y) in enumerate(at)]
        self.cdp.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    def go(self, begin: Sequence[Point], end: Sequence[Point]) -> None:
        """Down at once, on a straight way in steps, and up at once; then the page has seen it."""
        self.page.evaluate("window.felt = []")
        self.touch("touchStart", *begin)
        for step in range(1, STEPS + 1):
            self.touch("touchMove", *map(partial(_on_the_way, step / STEPS), begin, end))
        self.page.wait_for_function(THERE, arg=[end, self.lifted])
        self.touch("touchEnd")
        self.lifted += len(begin)
        self.page.wait_for_function("count => window.lifted >= count", arg=self.lifted)


def _on_the_way(part: float, begin: Point, end: Point) -> Point:
    return begin[0] + (end[0] - begin[0]) * part, begin[1] + (end[1] - begin[1]) * part


@pytest.fixture(scope="module")
def session(browser: Browser, darkroom: Instance) -> Any:
    darkroom.generate("--model", "flux-realism", "--prompt", "A gannet in hand")
    return session_of(browser, darkroom)


@pytest.fixture
def phone(browser: Browser, session: Any, darkroom: Instance) -> Iterator[Page]:
    context = browser.new_context(
        storage_state=session,
        viewport={"width": 390, "height": 844},
        device_scale_factor=3,
        has_touch=True,
        is_mobile=True,
        reduced_motion="reduce",
    )
    page = opened(context.new_page(), darkroom)
    # Until then no script has heard a finger.
    page.wait_for_load_state()
    yield page
    context.close()


@pytest.fixture
def fingers(phone: Page) -> Fingers:
    return Fingers(phone)


def box(page: Page) -> FloatRect:
    found = page.locator(".picture img").bounding_box()
    assert found
    return found


def under(page: Page, at: Point) -> Point:
    """Which part of the picture lies there, from 0 to 1 each way."""
    here = box(page)
    return (at[0] - here["x"]) / here["width"], (at[1] - here["y"]) / here["height"]


def middle(page: Page) -> Point:
    here = box(page)
    return here["x"] + here["width"] / 2, here["y"] + here["height"] / 2


def apart(page: Page, by: float) -> list[Point]:
    """Two fingers beside each other, around the picture's middle."""
    x, y = middle(page)
    return [(x - by / 2, y), (x + by / 2, y)]


def test_two_fingers_make_it_as_much_larger_as_they_go_apart(phone: Page, fingers: Fingers) -> None:
    fitting, here = width(phone), middle(phone)

    fingers.go(apart(phone, 80), apart(phone, 200))

    assert width(phone) == pytest.approx(2.5 * fitting, rel=0.02)
    assert under(phone, here) == pytest.approx((0.5, 0.5), abs=0.02)
    expect(shown(phone)).not_to_have_text("Fit")


def test_what_lies_under_a_finger_stays_under_it(phone: Page, fingers: Fingers) -> None:
    x, y = middle(phone)
    still, begin, end = (x - 60, y), (x + 20, y + 10), (x + 120, y + 22)
    parts = under(phone, still), under(phone, begin)

    fingers.go([still, begin], [still, end])

    assert under(phone, still) == pytest.approx(parts[0], abs=0.03)
    assert under(phone, end) == pytest.approx(parts[1], abs=0.03)


def test_together_again_they_fit_it_and_the_page_has_not_moved(
    phone: Page, fingers: Fingers
) -> None:
    fitting = box(phone)

    fingers.go(apart(phone, 80), apart(phone, 240))
    fingers.go(apart(phone, 240), apart(phone, 40))

    assert box(phone) == pytest.approx(fitting)
    expect(shown(phone)).to_have_text("Fit")
    assert phone.evaluate("[scrollX, scrollY, visualViewport.scale]") == [0, 0, 1]


def test_one_finger_moves_it_while_it_is_larger(phone: Page, fingers: Fingers) -> None:
    fingers.go(apart(phone, 60), apart(phone, 240))
    before, (x, y) = box(phone), middle(phone)

    fingers.go([(x, y)], [(x + 50, y + 30)])

    after = box(phone)
    assert after["x"] == pytest.approx(before["x"] + 50, abs=2)
    assert after["y"] == pytest.approx(before["y"] + 30, abs=2)
    assert after["width"] == before["width"]
    assert phone.evaluate("scrollY") == 0


def test_it_is_moved_no_further_than_its_edge(phone: Page, fingers: Fingers) -> None:
    fingers.go(apart(phone, 80), apart(phone, 160))
    x, y = middle(phone)

    for _ in range(4):
        fingers.go([(x - 100, y)], [(x + 100, y)])

    assert box(phone)["x"] == pytest.approx(0, abs=1)


def test_two_fingers_move_it_as_they_go(phone: Page, fingers: Fingers) -> None:
    fingers.go(apart(phone, 60), apart(phone, 240))
    before, begin = box(phone), apart(phone, 100)

    fingers.go(begin, [(x - 40, y - 20) for x, y in begin])

    after = box(phone)
    assert after["x"] == pytest.approx(before["x"] - 40, abs=3)
    assert after["y"] == pytest.approx(before["y"] - 20, abs=3)
    assert after["width"] == pytest.approx(before["width"], rel=0.02)


def test_while_it_fits_one_finger_scrolls_the_page(phone: Page, fingers: Fingers) -> None:
    fitting, (x, y) = width(phone), middle(phone)

    fingers.go([(x, y)], [(x, y - 150)])

    phone.wait_for_function("scrollY > 50")
    assert width(phone) == fitting


def test_a_tap_after_all_that_still_makes_it_larger_and_fits_it(
    phone: Page, fingers: Fingers
) -> None:
    here = middle(phone)
    fingers.go(apart(phone, 80), apart(phone, 200))
    expect(shown(phone)).not_to_have_text("Fit")

    phone.touchscreen.tap(*here)
    expect(shown(phone)).to_have_text("Fit")
    phone.wait_for_timeout(600)
    phone.touchscreen.tap(*here)

    expect(shown(phone)).not_to_have_text("Fit")
    expect(phone.locator(".picture img")).to_have_attribute("style", re.compile("scale"))


def test_the_original_is_fetched_once_there_is_more_to_see(phone: Page, fingers: Fingers) -> None:
    with phone.expect_request(lambda request: request.url.endswith("/file/original/")):
        fingers.go(apart(phone, 40), apart(phone, 300))
