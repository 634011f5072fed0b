"""The example on fal's page of FLUX Realism, from the form to the gallery."""

import json
import re

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.instance import Instance

pytestmark = [pytest.mark.browser, pytest.mark.process, pytest.mark.xdist_group("browser")]
MADE = 14_000
PLACE = re.compile(r"\d(st|nd|rd|th) in fal's queue")
SPEAKER = (
    "A charismatic speaker is captured mid-speech. He has long, slightly wavy blonde hair tied "
    "back in a ponytail. The overall scene is vibrant and dynamic."
)


def ask_fal_for(page: Page, darkroom: Instance, prompt: str) -> None:
    page.goto(darkroom.url)
    page.get_by_label("Prompt", exact=True).fill(prompt)
    page.get_by_role("button", name=re.compile("Model:")).click()
    page.locator("#model-menu button[value='fal-ai/flux-realism']").click()
    expect(
        page.get_by_role("button", name=re.compile("Model: FLUX Realism on fal"))
    ).to_be_visible()
    page.get_by_role("button", name=re.compile("Generate")).click()


def fault(page: Page, darkroom: Instance, **rule: object) -> None:
    address = f"{darkroom.sandbox_url}/_sandbox/faults"
    assert page.request.post(address, data=[rule]).status == 204


def test_fals_own_example_goes_from_its_queue_into_the_gallery(
    owner_page: Page, complaints: list[str], darkroom: Instance
) -> None:
    fault(owner_page, darkroom, fault="fal_wait", match="charismatic", seconds=6, position=3)
    ask_fal_for(owner_page, darkroom, SPEAKER)
    batch = owner_page.locator("article.batch", has_text="charismatic speaker").first
    expect(batch).to_contain_text(PLACE, timeout=MADE)
    expect(batch.get_by_role("button", name="Cancel")).to_be_visible()
    # With a webhook, the first look comes after 15 seconds: this was told.
    expect(batch.locator("li.tile img")).to_be_visible(timeout=MADE)
    owner_page.goto(f"{darkroom.url}/gallery/")
    owner_page.locator("li.tile a").first.click()
    expect(owner_page.get_by_text("charismatic speaker").first).to_be_visible()
    expect(owner_page.get_by_text("3.5 credits")).to_be_visible()
    assert complaints == []


def test_what_waits_at_fal_is_cancelled_from_the_page(owner_page: Page, darkroom: Instance) -> None:
    fault(owner_page, darkroom, fault="fal_wait", match="Called off", seconds=60, position=4)
    ask_fal_for(owner_page, darkroom, "Called off")
    batch = owner_page.locator("article.batch", has_text="Called off").first
    expect(batch).to_contain_text(PLACE, timeout=MADE)
    batch.get_by_role("button", name="Cancel").click()
    expect(batch).to_contain_text("Cancelled", timeout=MADE)


def test_the_charge_is_fals_billable_units_and_the_books_agree(
    owner_page: Page, darkroom: Instance
) -> None:
    (made,) = darkroom.generate(
        *("--model", "fal-ai/flux-realism", "--prompt", "Two for a wall"),
        *("--num-images", "2", "--set", "image_size=1536x1024"),
    )
    assert made["status"] == "SUCCEEDED"
    book = httpx.get(f"{darkroom.sandbox_url}/_sandbox/book").json()
    (call,) = [one for one in book["calls"] if one["client_request_id"].startswith(made["id"])]
    assert (call["provider"], call["units"]) == ("fal", "4")
    assert made["captured"] == 4 * 3_500_000 == call["credits"] * 50
    assert json.loads(darkroom.manage("check_ledger").stdout)["problems"] == []
