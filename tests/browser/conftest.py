import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from tests.browser.launch import ARGUMENTS, CHROMIUM
from tests.browser.people import session_of
from tests.instance import Instance, running


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    return {**browser_type_launch_args, "executable_path": CHROMIUM, "args": ARGUMENTS}


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict[str, Any]) -> dict[str, Any]:
    return {**browser_context_args, "viewport": {"width": 1440, "height": 900}}


@pytest.fixture(scope="session")
def darkroom() -> Iterator[Instance]:
    """One running Darkroom for all browser tests of a worker."""
    # Not in pytest's own folder: every run closes that one to all users but its own.
    with (
        tempfile.TemporaryDirectory(prefix="darkroom-") as folder,
        running(Path(folder), SANDBOX_DELAY="1") as instance,
    ):
        yield instance


@pytest.fixture
def complaints(page: Page) -> list[str]:
    """What the browser's console says: errors, warnings, CSP violations, failed loads."""
    said: list[str] = []
    page.on("console", lambda message: said.append(f"{message.type}: {message.text}"))
    page.on("pageerror", lambda error: said.append(f"error: {error}"))
    return said


@pytest.fixture(scope="module")
def owner_session(browser: Browser, darkroom: Instance) -> Any:
    """Cookies of the studio's owner."""
    return session_of(browser, darkroom)


@pytest.fixture
def owner_page(page: Page, context: BrowserContext, owner_session: Any) -> Page:
    """A page signed in as the studio's owner."""
    context.add_cookies(owner_session["cookies"])
    return page
