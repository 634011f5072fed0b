"""Who looks at a page."""

from typing import Any

from playwright.sync_api import Browser

from tests.instance import OWNER, Instance


def session_of(browser: Browser, darkroom: Instance, email: str = OWNER) -> Any:
    """A browser's state after this person's one-time link."""
    context = browser.new_context()
    context.new_page().goto(darkroom.manage("login_link", email).stdout.strip())
    state = context.storage_state()
    context.close()
    return state
