"""A request above the threshold, from the member who asks to the picture that arrives."""

import re
import time
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.axe import SIZES, every_look, violations
from tests.instance import OWNER, PASSWORD, Instance

pytestmark = [pytest.mark.browser, pytest.mark.process, pytest.mark.xdist_group("browser")]

MEMBER = "mara@example.com"
LINK = re.compile(r"https?://\S+/approvals/link/\S+")
PAGES = ("/approvals/", "/credits/ask/", "/operations/credits/", "/settings/")


def sign_in(browser: Browser, darkroom: Instance, email: str) -> BrowserContext:
    context = browser.new_context()
    page = context.new_page()
    page.goto(darkroom.manage("login_link", email).stdout.strip())
    page.wait_for_load_state()
    return context


@pytest.fixture(scope="module")
def owner(browser: Browser, darkroom: Instance) -> Iterator[BrowserContext]:
    context = sign_in(browser, darkroom, OWNER)
    yield context
    page = context.new_page()
    set_threshold(page, darkroom, "")
    context.close()


def set_threshold(page: Page, darkroom: Instance, credits_: str) -> None:
    page.goto(f"{darkroom.url}/settings/")
    form = page.get_by_role("region", name="Approval")
    form.get_by_label("Requests above so many credits wait").fill(credits_)
    form.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved.")).to_be_visible()


@pytest.fixture(scope="module")
def member(browser: Browser, darkroom: Instance, owner: BrowserContext) -> Iterator[BrowserContext]:
    """Somebody who came by invitation, in a browser of their own."""
    page = owner.new_page()
    page.goto(f"{darkroom.url}/settings/")
    page.get_by_role("region", name="Invite somebody").get_by_role("button").click()
    link = page.locator("#new-link").inner_text()
    page.close()
    context = browser.new_context()
    page = context.new_page()
    page.goto(link)
    page.get_by_role("link", name="Make an account").click()
    page.get_by_label("Your name").fill("Mara Member")
    page.locator("input[name=email]").fill(MEMBER)
    page.locator("input[name=password1]").fill(PASSWORD)
    page.get_by_role("button", name="Make an account").click()
    expect(page).to_have_url(f"{darkroom.url}/")
    yield context
    context.close()


@pytest.fixture
def strict(owner: BrowserContext, darkroom: Instance) -> None:
    """Every request of a member waits."""
    page = owner.new_page()
    set_threshold(page, darkroom, "0")
    page.close()


def ask_for(member: BrowserContext, darkroom: Instance, prompt: str) -> Page:
    page = member.new_page()
    page.goto(darkroom.url)
    page.get_by_label("Prompt", exact=True).fill(prompt)
    page.locator(".generate").click()
    expect(batch(page, prompt)).to_contain_text("Waits for approval by")
    return page


def batch(page: Page, prompt: str) -> Any:
    return page.locator("article.batch").filter(has_text=prompt)


def mailed_link(darkroom: Instance, number: int = -1) -> str:
    """The address in a mail, which an instance without a mail server prints."""
    for _ in range(50):
        found = [LINK.search(line) for line in list(darkroom.lines)]
        links = [one.group() for one in found if one]
        if links:
            return links[number]
        time.sleep(0.1)
    raise AssertionError("no mail came")


@pytest.mark.usefixtures("strict")
def test_a_request_is_approved_from_the_mail_and_its_picture_arrives(
    owner: BrowserContext, member: BrowserContext, darkroom: Instance
) -> None:
    asking = ask_for(member, darkroom, "A lighthouse to approve")
    expect(batch(asking, "to approve")).to_contain_text("credits reserved")

    deciding = owner.new_page()
    deciding.goto(mailed_link(darkroom))
    expect(deciding).to_have_url(re.compile(r"/approvals/[0-9a-f-]{36}/$"))
    expect(deciding.get_by_text("A lighthouse to approve")).to_be_visible()
    deciding.get_by_label("Words").fill("For the cover")
    deciding.get_by_role("button", name=re.compile("^Approve")).click()
    expect(deciding.get_by_text("Approved. It is on its way.")).to_be_visible()

    # The author's page was not touched since.
    picture = batch(asking, "to approve").locator("li.tile a img")
    expect(picture).to_be_visible(timeout=20_000)
    picture.click()
    expect(asking.get_by_text("For the cover")).to_be_visible()


@pytest.mark.usefixtures("strict")
def test_a_declined_request_says_why_where_it_waited(
    owner: BrowserContext, member: BrowserContext, darkroom: Instance
) -> None:
    asking = ask_for(member, darkroom, "A lighthouse too dear")
    deciding = owner.new_page()
    deciding.goto(f"{darkroom.url}/approvals/")
    expect(
        deciding.locator(".rail").get_by_role("link", name="Approvals 1 waiting")
    ).to_be_visible()
    card = deciding.get_by_role("article").filter(has_text="A lighthouse too dear")
    card.get_by_role("button", name=re.compile("^Decline")).click()
    expect(deciding.get_by_text("Say why: whoever asked is told.")).to_be_visible()
    deciding.get_by_label("Words").fill("Not this month")
    deciding.get_by_role("button", name=re.compile("^Decline")).click()
    expect(deciding.get_by_text("Declined. Its credits are free again")).to_be_visible()
    expect(batch(asking, "too dear")).to_contain_text("Not this month", timeout=10_000)


@pytest.mark.usefixtures("strict")
def test_all_of_it_works_without_javascript(
    browser: Browser, owner: BrowserContext, member: BrowserContext, darkroom: Instance
) -> None:
    ask_for(member, darkroom, "A lighthouse without scripts")
    context = browser.new_context(storage_state=owner.storage_state(), java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{darkroom.url}/approvals/")
    card = page.get_by_role("article").filter(has_text="without scripts")
    card.get_by_role("button", name=re.compile("^Approve")).click()
    expect(page.get_by_text("Approved. It is on its way.")).to_be_visible()
    context.close()


def test_credits_are_asked_for_and_granted(
    owner: BrowserContext, member: BrowserContext, darkroom: Instance
) -> None:
    page = member.new_page()
    page.goto(f"{darkroom.url}/usage/")
    page.get_by_role("link", name="Ask for more credits").click()
    page.get_by_label("Credits", exact=True).fill("250")
    page.get_by_label("What for").fill("The spring fair")
    page.get_by_role("button", name="Ask", exact=True).click()
    expect(page.get_by_text("Asked. You get a mail when it is decided.")).to_be_visible()

    staff = owner.new_page()
    staff.goto(f"{darkroom.url}/operations/credits/")
    staff.get_by_role("button", name=re.compile("^Grant")).click()
    expect(staff.get_by_text("250 credits granted to Mara Member.")).to_be_visible()
    page.reload()
    expect(page.get_by_text("Granted", exact=True)).to_be_visible()


@pytest.fixture(scope="module")
def busy(
    owner: BrowserContext, member: BrowserContext, darkroom: Instance
) -> tuple[Any, list[str]]:
    """An owner with something of everything to decide, and where."""
    page = owner.new_page()
    set_threshold(page, darkroom, "0")
    asking = ask_for(member, darkroom, "A lighthouse that waits")
    asking.goto(f"{darkroom.url}/credits/ask/")
    asking.get_by_label("Credits", exact=True).fill("10")
    asking.get_by_label("What for").fill("A second fair")
    asking.get_by_role("button", name="Ask", exact=True).click()
    page.goto(mailed_link(darkroom))
    return owner.storage_state(), [*PAGES, page.url.removeprefix(darkroom.url)]


@every_look
def test_no_page_about_approvals_has_an_accessibility_violation(
    browser: Browser, darkroom: Instance, busy: tuple[Any, list[str]], scheme: Any, size: str
) -> None:
    state, pages = busy
    width, height = SIZES[size]
    context = browser.new_context(
        storage_state=state, color_scheme=scheme, viewport={"width": width, "height": height}
    )
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    found = {}
    for place in pages:
        page.goto(darkroom.url + place)
        found[place] = violations(page)
    context.close()
    assert {place: bad for place, bad in found.items() if bad} == {}
    assert said == []


def test_nothing_about_approvals_scrolls_sideways_at_320_pixels(
    browser: Browser, darkroom: Instance, busy: tuple[Any, list[str]]
) -> None:
    state, pages = busy
    context = browser.new_context(storage_state=state, viewport={"width": 320, "height": 640})
    page = context.new_page()
    wide = {}
    for place in pages:
        page.goto(darkroom.url + place)
        wide[place] = page.evaluate("document.documentElement.scrollWidth")
    context.close()
    assert {place: width for place, width in wide.items() if width > 320} == {}
