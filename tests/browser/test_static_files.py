import gzip

import pytest
from django.conf import settings
from django.contrib.staticfiles.storage import staticfiles_storage
from playwright.sync_api import Page

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

RULES = """text => {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(text);
  return [...sheet.cssRules].map(rule => rule.cssText.replace(/\\s+/g, ""));
}"""


def test_the_minified_styles_mean_what_the_written_ones_do(page: Page) -> None:
    name = staticfiles_storage.stored_name("css/darkroom.css")  # type: ignore[attr-defined]  # of a manifest
    written = (settings.STATIC_ROOT / name).read_text()
    minified = gzip.decompress((settings.STATIC_ROOT / f"{name}.gz").read_bytes()).decode()

    rules = page.evaluate(RULES, written)

    assert len(rules) > 20
    assert page.evaluate(RULES, minified) == rules
