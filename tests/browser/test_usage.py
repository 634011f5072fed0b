"""Where the credits went, in a browser: pages, switches, and the way to one image's bill."""

import hashlib
import re
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.axe import SIZES, every_look, violations
from tests.browser.people import session_of
from tests.instance import Instance

pytestmark = [pytest.mark.browser, pytest.mark.process, pytest.mark.xdist_group("browser")]

PROMPT = "A bill to follow"


@pytest.fixture(scope="module")
def spent(darkroom: Instance) -> str:
    """The id of a request of two images that was charged."""
    (made,) = darkroom.generate("--model", "flux/dev", "--prompt", PROMPT, "--num-images", "2")
    assert made["captured"]
    darkroom.manage("reconcile", check=False)
    return str(made["id"])


@pytest.fixture
def places(spent: str) -> list[str]:
    month = f"{timezone.now():%Y-%m}"
    return [
        "/usage/",
        "/usage/?period=year&by=member",
        "/usage/ledger/",
        f"/usage/statement/{month}/",
        f"/usage/statement/{month}/mine/",
        f"/requests/{spent}/receipt/",
    ]


@pytest.fixture(scope="module")
def session(browser: Browser, darkroom: Instance) -> Any:
    return session_of(browser, darkroom)


@every_look
def test_no_page_about_credits_has_an_accessibility_violation(
    browser: Browser, darkroom: Instance, session: Any, *, places: list[str], scheme: Any, size: str
) -> None:
    width, height = SIZES[size]
    context = browser.new_context(
        storage_state=session, color_scheme=scheme, viewport={"width": width, "height": height}
    )
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    found = {}
    for place in places:
        page.goto(darkroom.url + place)
        for summary in page.locator("main summary").all():
            summary.click()
        found[place] = violations(page)
    context.close()
    assert {place: bad for place, bad in found.items() if bad} == {}
    assert said == []


def test_nothing_about_credits_scrolls_sideways_at_320_pixels(
    browser: Browser, darkroom: Instance, session: Any, places: list[str]
) -> None:
    context = browser.new_context(storage_state=session, viewport={"width": 320, "height": 640})
    page = context.new_page()
    wide = {}
    for place in places:
        page.goto(darkroom.url + place)
        wide[place] = page.evaluate("document.documentElement.scrollWidth")
    chart = page.goto(f"{darkroom.url}/usage/") and page.locator("svg.bars").bounding_box()
    context.close()
    assert {place: width for place, width in wide.items() if width > 320} == {}
    assert chart
    assert chart["width"] >= 640


def test_who_spent_what_on_which_image_is_three_clicks_away(
    owner_page: Page, darkroom: Instance, complaints: list[str], spent: str
) -> None:
    main = to_the_receipt(owner_page, darkroom)
    expect(main).to_contain_text(re.compile(r"Held [\d.]+, charged [\d.]+"))
    expect(main).to_contain_text("The provider stated it in")
    main.locator("li.tile a").first.click()
    expect(owner_page).to_have_url(re.compile("/i/"))
    assert complaints == []


def test_whether_it_matches_the_provider_s_bill_is_three_clicks_away(
    owner_page: Page, darkroom: Instance, complaints: list[str], spent: str
) -> None:
    main = to_the_receipt(owner_page, darkroom)
    calls = main.get_by_role("region", name="What the provider charged")
    headings = calls.get_by_role("columnheader").all_inner_texts()
    row = calls.get_by_role("row").nth(1).get_by_role("cell").all_inner_texts()
    figures = dict(zip(headings, row, strict=True))
    assert figures["Billed"] == figures["Reported"] == figures["Counts"].split("\n")[0]
    expect(main).to_contain_text(f"Matches the provider’s bill: {figures['Billed']}")

    main.get_by_role("link", name="All of the bill").click()
    bill = owner_page.get_by_role("region", name="Matches the provider’s bill: yes")
    assert re.search(r"Provider billed\s+\$\d+\.\d+", bill.inner_text())
    assert re.search(r"Difference\s+\$0\b", bill.inner_text())
    assert complaints == []


def to_the_receipt(page: Page, darkroom: Instance) -> Locator:
    """Two clicks from the Usage page: who, then for what."""
    page.goto(f"{darkroom.url}/usage/")
    page.get_by_role("region", name="By member").get_by_role("link").first.click()
    page.get_by_role("link", name=re.compile(PROMPT)).first.click()
    return page.locator("main")


def test_the_switches_lead_on_without_javascript(
    browser: Browser, darkroom: Instance, session: Any, spent: str
) -> None:
    context = browser.new_context(storage_state=session, java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{darkroom.url}/usage/")
    page.get_by_role("link", name="This year").click()
    page.get_by_role("link", name="By member").click()
    expect(page.get_by_role("heading", name="Credits per week")).to_be_visible()
    expect(page.get_by_role("link", name="By member")).to_have_attribute("aria-current", "true")
    page.get_by_text("Show as table").click()
    expect(page.get_by_role("columnheader", name="Together")).to_be_visible()
    page.goto(f"{darkroom.url}/usage/ledger/")
    page.get_by_label("Kind").select_option("grant")
    page.get_by_role("button", name="Show").click()
    rows = page.locator("table.ledger tbody tr")
    assert rows.count() == rows.filter(has_text="Grant").count() > 0
    context.close()


def test_a_statements_file_comes_as_it_says(
    owner_page: Page, darkroom: Instance, spent: str
) -> None:
    owner_page.goto(f"{darkroom.url}/usage/statement/{timezone.now():%Y-%m}/")
    with owner_page.expect_download() as coming:
        owner_page.get_by_role("link", name="CSV").click()
    file = coming.value.path().read_bytes()
    lines = file.decode().splitlines()

    expect(owner_page.locator("#file code")).to_have_text(hashlib.sha256(file).hexdigest())
    assert coming.value.suggested_filename.endswith(".csv")
    assert lines[0].startswith("id,created_at,effective_at,kind,member,token,request,model,")
    assert any(spent in line for line in lines)


def test_usage_is_in_the_rail_and_under_more(owner_page: Page, darkroom: Instance) -> None:
    owner_page.goto(darkroom.url)
    owner_page.locator(".rail").get_by_role("link", name="Usage").click()
    expect(owner_page.get_by_role("heading", level=1, name="Usage")).to_be_visible()
    owner_page.set_viewport_size({"width": 390, "height": 844})
    owner_page.goto(darkroom.url)
    owner_page.get_by_role("button", name="More").click()
    expect(owner_page.locator("#account-menu").get_by_role("link", name="Usage")).to_be_visible()
