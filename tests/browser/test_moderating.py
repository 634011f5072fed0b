"""Reports decided by keys alone, from the queue and beside the picture."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.axe import SIZES, every_look, violations
from tests.browser.people import session_of
from tests.instance import Instance

pytestmark = [
    pytest.mark.browser,
    pytest.mark.process,
    pytest.mark.slow,
    pytest.mark.xdist_group("browser"),
]

QUEUE = "/admin/generations/report/?state=waiting"
WORD = "bittern"
HIDE = """
from accounts.models import User
from generations.models import DecisionAction, Image
from generations.services import moderation
moderation.decide(
    by=User.objects.filter(is_staff=True).first(),
    image=Image.objects.latest("id"),
    action=DecisionAction.HIDE,
    reason="It is somebody else's heron",
)
"""


@pytest.fixture(scope="module")
def session(browser: Browser, darkroom: Instance) -> Any:
    """Cookies of staff, who have reported four bitterns."""
    darkroom.generate("--model", "flux-realism", "--prompt", f"A {WORD} booms", "--count", "4")
    state = session_of(browser, darkroom)
    context = browser.new_context(storage_state=state)
    page = context.new_page()
    for number in range(4):
        page.goto(f"{darkroom.url}/gallery/?q={WORD}")
        page.locator(".tile > a").nth(number).click()
        page.get_by_text("Report this image").click()
        page.get_by_label("What is wrong with it?").select_option("Something else")
        page.get_by_role("button", name="Send report").click()
    context.close()
    return state


@pytest.fixture
def queue(browser: Browser, session: Any, darkroom: Instance) -> Iterator[Page]:
    context = browser.new_context(storage_state=session)
    page = context.new_page()
    said: list[str] = []
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto(darkroom.url + QUEUE)
    yield page
    context.close()
    assert said == []


def looks(page: Page) -> Locator:
    return page.get_by_role("link", name="Look", exact=True)


def test_j_and_k_go_through_the_queue(queue: Page) -> None:
    expect(queue.get_by_text("next and previous")).to_be_visible()
    queue.keyboard.press("k")
    expect(queue.locator("a:focus")).to_have_count(0)

    for _ in range(2):
        queue.keyboard.press("j")
    expect(looks(queue).nth(1)).to_be_focused()
    queue.keyboard.press("k")
    queue.keyboard.press("k")
    expect(looks(queue).first).to_be_focused()


@pytest.mark.parametrize(
    ("key", "heading", "told"),
    [("x", "Hide", "Hide: 1 decided."), ("a", "Leave as it is", "Leave as it is: 1 decided.")],
)
def test_a_key_begins_a_decision_about_one_report(
    queue: Page, key: str, heading: str, told: str
) -> None:
    waiting = looks(queue).count()
    queue.locator(".action-select").last.check()
    queue.keyboard.press("j")

    queue.keyboard.press(key)

    expect(queue.get_by_role("heading", name=heading)).to_be_visible()
    expect(queue.get_by_text("1 image:")).to_be_visible()
    queue.keyboard.type("x and a are only letters in a reason")
    queue.keyboard.press("Tab")
    queue.keyboard.press("Enter")
    expect(queue.get_by_text(told)).to_be_visible()
    expect(looks(queue)).to_have_count(waiting - 1)


def test_space_looks_and_the_decision_begins_beside_the_picture(queue: Page) -> None:
    queue.keyboard.press("j")
    queue.keyboard.press("Space")
    expect(queue).to_have_url(re.compile("/preview/"))
    queue.get_by_role("button", name="Look at it").click()
    expect(queue.get_by_role("img", name="The image")).to_be_visible()

    queue.keyboard.press("x")

    expect(queue.get_by_role("heading", name="Hide")).to_be_visible()


def test_whoever_turned_single_keys_off_presses_none(queue: Page, darkroom: Instance) -> None:
    queue.goto(f"{darkroom.url}/keyboard/")
    expect(queue.get_by_role("heading", name="Among reports")).to_be_visible()
    queue.get_by_role("button", name="Turn single keys off").click()
    queue.goto(darkroom.url + QUEUE)
    queue.keyboard.press("j")
    focused = queue.locator("a:focus").count()
    queue.goto(f"{darkroom.url}/keyboard/")
    queue.get_by_role("button", name="Turn single keys on").click()
    expect(queue.get_by_role("button", name="Turn single keys off")).to_be_visible()
    assert focused == 0


@pytest.fixture(scope="module")
def hidden(session: Any, darkroom: Instance) -> None:
    """Another of theirs, which staff hid."""
    darkroom.generate("--model", "flux-realism", "--prompt", "A heron of somebody else's")
    darkroom.manage("shell", "--verbosity", "0", "--command", HIDE)


@every_look
@pytest.mark.usefixtures("hidden")
def test_authors_find_what_was_hidden_and_why(
    browser: Browser, darkroom: Instance, session: Any, scheme: Any, size: str
) -> None:
    width, height = SIZES[size]
    viewport: Any = {"width": width, "height": height}
    context = browser.new_context(storage_state=session, color_scheme=scheme, viewport=viewport)
    page = context.new_page()
    page.goto(f"{darkroom.url}/gallery/")
    page.get_by_role("button", name="Filter", exact=True).click()
    page.get_by_label("Moderation").select_option("Hidden by a moderator")

    page.get_by_role("button", name="Show images").click()

    expect(page.get_by_text("It is somebody else's heron")).to_be_visible()
    expect(page.get_by_role("link", name="Hidden by a moderator")).to_be_visible()
    found = violations(page)
    context.close()
    assert found == []
