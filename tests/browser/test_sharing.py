"""Taking images away and showing them outside, in a real browser: themes, a phone, no script."""

import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image as Picture
from playwright.sync_api import Browser, Page, expect

from generations.provenance import read
from tests.browser.axe import SIZES, every_look, violations
from tests.instance import OWNER, Instance

pytestmark = [pytest.mark.browser, pytest.mark.process, pytest.mark.xdist_group("browser")]
PASSWORD = "open sesame"
OLD_PASS = """
import time
from unittest import mock
from generations.models import ShareLink
from generations.services import sharing
link = ShareLink.objects.latest("id")
link.password = ""
with mock.patch("time.time", return_value=time.time() - 7200):
    print(sharing.enter(link))
"""


@pytest.fixture(scope="module")
def state(browser: Browser, darkroom: Instance) -> Any:
    darkroom.generate("--model", "flux-realism", "--prompt", "A heron to share")
    context = browser.new_context()
    page = context.new_page()
    page.goto(darkroom.manage("login_link", OWNER).stdout.strip())
    found = context.storage_state()
    context.close()
    return found


@pytest.fixture
def page(browser: Browser, darkroom: Instance, state: Any) -> Iterator[Page]:
    permissions = ["clipboard-read", "clipboard-write"]
    context = browser.new_context(storage_state=state, permissions=permissions)
    page = context.new_page()
    open_image(page, darkroom)
    yield page
    context.close()


def open_image(page: Page, darkroom: Instance) -> None:
    page.goto(f"{darkroom.url}/gallery/")
    page.get_by_role("link", name="A heron to share").first.click()
    expect(page.get_by_role("button", name="Download", exact=True)).to_be_visible()


def make_link(page: Page, *, password: str = "", views: str = "") -> str:
    page.get_by_role("link", name="Share", exact=True).click()
    page.get_by_label("Password").fill(password)
    page.get_by_label("How often it may be opened").fill(views)
    page.get_by_role("button", name="Make link").click()
    return page.locator("#new-link").inner_text()


def downloaded(page: Page, button: str) -> tuple[str, bytes]:
    with page.expect_download() as info:
        page.get_by_role("button", name=button).click()
    return info.value.suggested_filename, Path(info.value.path()).read_bytes()


@every_look
def test_no_page_has_an_accessibility_violation(
    browser: Browser, darkroom: Instance, state: Any, scheme: Any, size: str
) -> None:
    width, height = SIZES[size]
    looks = {
        "color_scheme": scheme,
        "viewport": {"width": width, "height": height},
        "reduced_motion": "reduce",
    }
    inside = browser.new_context(storage_state=state, **looks)
    outside = browser.new_context(**looks)
    page, stranger = inside.new_page(), outside.new_page()
    open_image(page, darkroom)
    page.get_by_role("button", name="Download", exact=True).click()
    found = {"download": seen(page)}
    page.keyboard.press("Escape")
    limited = make_link(page, views="2")
    open_image(page, darkroom)
    link = make_link(page, password=PASSWORD)
    found["made"] = seen(page)
    for place in ("/links/", "/check/"):
        page.goto(darkroom.url + place)
        found[place] = seen(page)
    stranger.goto(limited)
    found["door"] = seen(stranger)
    stranger.goto(link)
    found["password"] = seen(stranger)
    stranger.get_by_label("Password").fill(PASSWORD)
    stranger.keyboard.press("Enter")
    expect(stranger.get_by_text("AI-generated image.")).to_be_visible()
    stranger.get_by_text("Report this image").click()
    found["shared"] = seen(stranger)
    stranger.goto(f"{link}more/?pass={old_pass(darkroom)}")
    found["again"] = seen(stranger)
    stranger.get_by_role("link", name="Open the link again").click()
    expect(stranger.get_by_label("Password")).to_be_visible()
    stranger.goto(f"{darkroom.url}/s/unknown/")
    found["gone"] = seen(stranger)
    inside.close()
    outside.close()
    assert {place: bad for place, bad in found.items() if bad} == {}


def old_pass(darkroom: Instance) -> str:
    """What the newest link gave out two hours ago."""
    return darkroom.manage("shell", "--verbosity", "0", "--command", OLD_PASS).stdout.strip()


def seen(page: Page) -> list[str]:
    """What axe objects to, and whether a page is wider than the narrowest phone."""
    size = page.viewport_size
    found = violations(page)
    page.set_viewport_size({"width": 320, "height": 640})
    page.wait_for_timeout(200)  # An open menu finds its place anew.
    wide = page.evaluate("document.documentElement.scrollWidth")
    page.set_viewport_size(size or {"width": 1440, "height": 900})
    return [*found, *([f"{wide} pixels wide"] if wide > 320 else [])]


def test_a_file_is_taken_away_in_the_format_that_was_chosen(page: Page) -> None:
    page.get_by_role("button", name="Download", exact=True).click()
    page.get_by_role("radio", name="JPEG").check()
    name, data = downloaded(page, "Download file")

    assert re.fullmatch(r"darkroom-[0-9a-f-]{36}\.jpg", name)
    assert read(data).text.startswith("A heron to share\n")
    with Picture.open(io.BytesIO(data)) as picture:
        assert picture.format == "JPEG"


def test_a_link_opens_for_a_stranger_until_it_is_taken_back(
    browser: Browser, page: Page, darkroom: Instance
) -> None:
    link = make_link(page)
    page.get_by_role("button", name="Copy", exact=True).click()
    expect(page.get_by_text("Copied.")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == link
    context = browser.new_context(java_script_enabled=False)
    stranger = context.new_page()
    stranger.goto(link)
    expect(stranger.get_by_text("AI-generated image.")).to_be_visible()
    assert stranger.locator("img[fetchpriority=high]").evaluate("one => one.naturalWidth") > 0
    assert context.cookies() == []
    with stranger.expect_download() as info:
        stranger.get_by_role("link", name="Download").click()
    assert not read(Path(info.value.path()).read_bytes()).any

    page.goto(f"{darkroom.url}/links/")
    page.get_by_role("button", name=re.compile("Take back")).first.click()
    page.get_by_role("button", name="Take it back").first.click()
    expect(page.get_by_text("The link shows nothing any more.")).to_be_visible()
    stranger.goto(link)
    expect(stranger.get_by_role("heading", name="This link has expired")).to_be_visible()
    context.close()


def test_a_link_is_taken_back_on_a_phone_without_looking_for_the_button(
    page: Page, darkroom: Instance
) -> None:
    make_link(page)
    page.set_viewport_size({"width": 320, "height": 640})
    page.goto(f"{darkroom.url}/links/")
    expect(page.get_by_role("button", name="Take back").first).to_be_in_viewport(ratio=1)


def test_a_link_for_one_view_is_opened_by_hand_and_once(
    browser: Browser, page: Page, darkroom: Instance
) -> None:
    link = make_link(page, views="1")
    assert "can be opened 1 more time." in httpx.get(link, timeout=20).text
    stranger = browser.new_context(java_script_enabled=False).new_page()
    stranger.goto(link)
    stranger.keyboard.press("Tab")
    stranger.keyboard.press("Tab")
    expect(stranger.get_by_role("button", name="Open")).to_be_focused()
    stranger.keyboard.press("Enter")
    expect(stranger.get_by_text("AI-generated image.")).to_be_visible()
    stranger.goto(link)
    expect(stranger.get_by_role("heading", name="shows nothing any more")).to_be_visible()
    stranger.context.close()


@every_look
def test_a_shared_collection_and_its_notice_read_well(
    browser: Browser, darkroom: Instance, state: Any, scheme: Any, size: str
) -> None:
    width, height = SIZES[size]
    looks = {"color_scheme": scheme, "viewport": {"width": width, "height": height}}
    inside = browser.new_context(storage_state=state, **looks)
    page = inside.new_page()
    page.goto(f"{darkroom.url}/collections/")
    page.get_by_role("button", name="New collection").first.click()
    page.get_by_label("Name").first.fill(f"For a client {scheme} {size}")
    page.get_by_role("button", name="Create").click()
    expect(page.get_by_role("heading", name=f"For a client {scheme} {size}")).to_be_visible()
    home = page.url
    open_image(page, darkroom)
    page.get_by_role("button", name="Add", exact=True).click()
    page.get_by_role("button", name=re.compile(f"For a client {scheme} {size}")).click()
    expect(page.get_by_text("1 image added to")).to_be_visible()
    page.goto(home)
    page.get_by_role("link", name="Share the collection").click()
    page.get_by_role("button", name="Make link").click()
    link = page.locator("#new-link").inner_text()
    page.goto(home)
    expect(page.get_by_text("Whoever has the link sees these images")).to_be_visible()
    found = {"collection": seen(page)}
    open_image(page, darkroom)
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_text("Shared by link").first).to_be_visible()
    found["add"] = seen(page)
    outside = browser.new_context(**looks)
    stranger = outside.new_page()
    stranger.goto(link)
    found["shared"] = seen(stranger)
    stranger.locator("li.tile a").click()
    expect(stranger.get_by_text("AI-generated image.")).to_be_visible()
    found["image"] = seen(stranger)
    stranger.get_by_role("link", name="All images").click()
    expect(stranger.get_by_role("heading", name=f"For a client {scheme} {size}")).to_be_visible()
    inside.close()
    outside.close()
    assert {place: bad for place, bad in found.items() if bad} == {}


@every_look
def test_a_report_by_a_stranger_stops_the_link(
    browser: Browser, darkroom: Instance, state: Any, scheme: Any, size: str
) -> None:
    darkroom.generate("--model", "flux-realism", "--prompt", "A heron to report")
    context = browser.new_context(storage_state=state)
    page = context.new_page()
    page.goto(f"{darkroom.url}/gallery/")
    page.get_by_role("link", name="A heron to report").first.click()
    link = make_link(page)
    width, height = SIZES[size]
    looks = {"color_scheme": scheme, "viewport": {"width": width, "height": height}}
    stranger = browser.new_context(**looks).new_page()
    stranger.goto(link)
    stranger.get_by_text("Report this image").click()
    stranger.get_by_label("What is wrong with it?").select_option("person")
    stranger.get_by_role("button", name="Send report").click()
    expect(stranger.get_by_role("heading", name="Thank you")).to_be_visible()
    found = seen(stranger)
    assert httpx.get(link, timeout=20).status_code == 404
    stranger.context.close()
    context.close()
    assert found == []


def test_a_file_is_checked_without_script(
    browser: Browser, darkroom: Instance, state: Any, tmp_path: Path
) -> None:
    context = browser.new_context(storage_state=state, java_script_enabled=False)
    page = context.new_page()
    open_image(page, darkroom)
    page.get_by_role("button", name="Download", exact=True).click()
    name, data = downloaded(page, "Download file")
    (tmp_path / name).write_bytes(data)
    page.goto(f"{darkroom.url}/check/")
    page.get_by_label("The file").set_input_files(tmp_path / name)
    page.get_by_role("button", name="Check file").click()
    expect(page.get_by_role("heading", name=re.compile("It is an image of"))).to_be_visible()
    expect(page.get_by_text("It says that a model made it.")).to_be_visible()
    context.close()


def test_an_image_is_picked_as_a_reference_and_an_image_made_from_it(
    page: Page, darkroom: Instance
) -> None:
    page.get_by_role("link", name="As reference").click()
    expect(page.get_by_text("1 added")).to_be_visible()
    page.get_by_role("button", name="Pick one of the team's images").click()
    with page.expect_response("**/composer/"):
        page.get_by_role("button", name=re.compile("Use “A heron to share")).first.click()
    expect(page.get_by_role("button", name=re.compile("Use “A heron to share"))).to_be_hidden()
    expect(page.get_by_text("1 added")).to_be_visible()
    page.get_by_label("Prompt", exact=True).fill("A heron in ink")
    page.get_by_role("button", name=re.compile("Generate")).click()
    batch = page.locator("article.batch", has_text="A heron in ink")
    expect(batch.locator("li.tile img")).to_be_visible(timeout=15_000)
