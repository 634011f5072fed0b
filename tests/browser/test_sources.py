"""Where credits come from, in a browser: with a plan, promotional credits and what was bought."""

from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.axe import SIZES, every_look, violations
from tests.browser.people import session_of
from tests.instance import OWNER, TEAM, Instance

pytestmark = [pytest.mark.browser, pytest.mark.process, pytest.mark.xdist_group("browser")]

GIVE = f"""
from datetime import timedelta
from django.utils import timezone
from accounts.models import Plan, Team, User
from accounts.services import funds, plans
team, owner = Team.objects.get(slug="{TEAM}"), User.objects.get(email="{OWNER}")
ends = timezone.now() + timedelta(days=5)
funds.promote(team=team, amount=25_000_000, reference="spring", reason="Spring", expires_at=ends)
funds.top_up(team=team, amount=400_000_000, reference="stripe:pi_1", reason="Paid order")
plan, _ = Plan.objects.get_or_create(name="Studio", defaults=dict(
    credits=500_000_000, rollover="some", rolls_at_most=120_000_000))
plans.subscribe(by=owner, team=team, plan=plan, reason="Order 17")
"""
PLACES = ("/usage/", "/usage/credits/")


@pytest.fixture(scope="module")
def session(browser: Browser, darkroom: Instance) -> Any:
    """Cookies of the owner of a team that is on a plan."""
    darkroom.manage("shell", "--command", GIVE)
    return session_of(browser, darkroom)


@every_look
def test_where_credits_come_from_has_no_accessibility_violation(
    browser: Browser, darkroom: Instance, session: Any, scheme: Any, size: str
) -> None:
    width, height = SIZES[size]
    context = browser.new_context(
        storage_state=session, color_scheme=scheme, viewport={"width": width, "height": height}
    )
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    found = {}
    for place in PLACES:
        page.goto(darkroom.url + place)
        expect(page.locator("main")).to_contain_text("500 credits on the 1st; up to 120 roll over")
        found[place] = violations(page)
    context.close()
    assert found == {place: [] for place in PLACES}
    assert said == []


def test_where_credits_come_from_fits_320_pixels(
    browser: Browser, darkroom: Instance, session: Any
) -> None:
    context = browser.new_context(storage_state=session, viewport={"width": 320, "height": 640})
    page = context.new_page()
    page.goto(darkroom.url + "/usage/credits/")
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    context.close()


def test_an_owner_finds_from_usage_what_runs_out_next(
    owner_page: Page, darkroom: Instance, session: Any, complaints: list[str]
) -> None:
    owner_page.goto(darkroom.url + "/usage/")
    owner_page.get_by_role("link", name="Where your credits come from").click()
    rows = owner_page.locator("tbody tr")
    expect(rows.first).to_contain_text("Spring")
    expect(rows.nth(2)).to_contain_text("Rolls over")
    expect(rows.last).to_contain_text("Never")
    expect(owner_page.locator("main")).to_contain_text("Next to run out")
    assert complaints == []
