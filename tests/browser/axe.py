"""What axe-core finds wrong on a page: WCAG 2.2 A and AA, and its best practices."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

RULES = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    # The rest is long, and read by nobody.
    "resultTypes": ["violations"],
}
SIZES = {"desktop": (1440, 900), "phone": (390, 844)}
# One each time; the other three where there is time for what is slow.
SLOW = pytest.mark.slow
LOOKS = [
    ("dark", "phone"),
    pytest.param("light", "desktop", marks=SLOW),
    pytest.param("dark", "desktop", marks=SLOW),
    pytest.param("light", "phone", marks=SLOW),
]
every_look = pytest.mark.parametrize(("scheme", "size"), LOOKS)
# What fades in has other colours on its way; what shows progress runs on.
SETTLED = """Promise.allSettled(document.getAnimations()
    .filter(one => one.effect.getComputedTiming().endTime < 2000)
    .map(one => one.finished)).then(() => null)"""


def violations(page: Page) -> list[str]:
    """Each fault and where it is, once nothing moves any more."""
    page.evaluate(SETTLED)
    found = Axe().run(page, options=RULES).response["violations"]
    return [f"{one['id']} at {node['target']}" for one in found for node in one["nodes"]]
