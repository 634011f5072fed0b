import re

import pytest
from playwright.sync_api import Page, Route, expect

from tests.instance import Instance

pytestmark = [pytest.mark.browser, pytest.mark.process, pytest.mark.xdist_group("browser")]


def away(route: Route) -> None:
    if route.request.method == "POST":
        route.fulfill(status=503, body="Back in a moment")
    else:
        route.continue_()


def test_what_was_typed_stays_while_the_database_is_away_and_is_sent_again(
    owner_page: Page, darkroom: Instance
) -> None:
    owner_page.goto(darkroom.url)
    owner_page.route(f"{darkroom.url}/", away)
    prompt = owner_page.get_by_label("Prompt", exact=True)
    prompt.fill("Typed in a bad moment")
    generate = owner_page.get_by_role("button", name=re.compile("Generate"))
    generate.click()
    expect(owner_page.get_by_text("Darkroom is back in a moment. Nothing was lost")).to_be_visible()
    expect(prompt).to_have_value("Typed in a bad moment")
    owner_page.unroute(f"{darkroom.url}/")
    generate.click()
    batches = owner_page.locator("article.batch", has_text="Typed in a bad moment")
    expect(batches).to_have_count(1)
