"""Who looks at a page."""

from typing import Any

from playwright.sync_api import Browser

from tests.instance import OWNER, PASSWORD, Instance


def session_of(browser: Browser, darkroom: Instance, email: str = OWNER) -> Any:
    """A browser's state after this person's one-time link."""
    context = browser.new_context()
    context.new_page().goto(darkroom.manage("login_link", email).stdout.strip())
    state = context.storage_state()
    context.close()
    return state


def session_of_newcomer(browser: Browser, darkroom: Instance, name: str) -> Any:
    """Somebody with a team of their own, whose composer remembers nothing other tests chose."""
    email = f"{name}@example.com"
    person = ("--email", email, "--password", PASSWORD)
    darkroom.manage("bootstrap", *person, "--team", name, "--credits", "1000")
    return session_of(browser, darkroom, email)
