"""What Darkroom adds to the provider's own time, beside a bare script.

Prints a table and writes tests/bench/results/first_image.json. The machines are shared, so every
figure stands beside a baseline that was measured in turns with it.
"""

import os
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import django
import httpx
from playwright.sync_api import Page, sync_playwright
from tqdm import tqdm

from tests.bench.measuring import folder, publish
from tests.browser.launch import ARGUMENTS, CHROMIUM
from tests.instance import OWNER, TEAM, Instance, running

ROUNDS = 10
PROVIDER_DELAY = 2
MODEL = "flux-realism"
LOOK_SECONDS = 0.005
# When the first pending tile is in the page, counted from the press, both by the page's own clock.
WATCH = """() => {
    const feed = document.querySelector("#feed");
    const pressed = event => event.ctrlKey && event.key === "Enter";
    window.shown = new Promise(resolve => document.addEventListener("keydown", event => {
        if (!pressed(event)) return;
        const began = performance.now();
        new MutationObserver((_, observer) => {
            if (!feed.querySelector(".tile.pending")) return;
            observer.disconnect();
            resolve(performance.now() - began);
        }).observe(feed, {childList: true, subtree: true});
    }, {capture: true}));
}"""


def bare_script(sandbox_url: str, place: Path, number: int) -> float:
    """POST, download, two puts: what nobody can do without. Seconds."""
    began = time.perf_counter()
    with httpx.Client(headers={"Authorization": "Bearer bench"}, timeout=60) as client:
        order = {"model": MODEL, "prompt": f"bare {number}"}
        answer = client.post(f"{sandbox_url}/v1/images/generations", json=order).json()
        data = client.get(answer["images"][0]["url"]).content
    for name in ("original", "rendition"):
        with (place / f"{number}-{name}.jpg").open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
    return time.perf_counter() - began


def through_darkroom(number: int) -> float:
    """From submit to SUCCEEDED, as the committed row shows it. Seconds."""
    # The models can be imported only once Django knows the instance's database.
    from accounts.models import Team, User  # noqa: PLC0415
    from generations.models import TERMINAL, GenerationRequest  # noqa: PLC0415
    from generations.services import requests  # noqa: PLC0415

    user, team = User.objects.get(email=OWNER), Team.objects.get(slug=TEAM)
    began = time.perf_counter()
    made = requests.submit(
        by=user, team=team, model_id=MODEL, prompt=f"through {number}", params={}
    )
    while not GenerationRequest.objects.filter(pk=made.pk, status__in=TERMINAL).exists():
        time.sleep(LOOK_SECONDS)
    took = time.perf_counter() - began
    made.refresh_from_db()
    if made.status != "succeeded":
        raise SystemExit(f"A request ended {made.status}: {made.error_code}")
    return took


def until_pending(page: Page, number: int) -> float:
    """From the key press to the pending tile in the page. Seconds."""
    page.evaluate(WATCH)
    page.fill("textarea[name=prompt]", f"pressed {number}")
    page.keyboard.press("Control+Enter")
    milliseconds: float = page.evaluate("() => window.shown")
    return milliseconds / 1000


def in_turns(first: Callable[[int], float], second: Callable[[int], float]) -> list[list[float]]:
    """Both measured in pairs, so that a busy minute falls on both."""
    first(-1), second(-1)  # Caches and pools fill once, not in the figures.
    pairs = [(first(n), second(n)) for n in tqdm(range(ROUNDS), desc="Latency", unit="pair")]
    return [list(column) for column in zip(*pairs, strict=True)]


def pending_tiles(instance: Instance) -> list[float]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        page = browser.new_page()
        page.goto(instance.manage("login_link", OWNER).stdout.strip())
        page.goto(instance.url)
        until_pending(page, -1)
        times = []
        for number in tqdm(range(ROUNDS), desc="Pending tiles", unit="press"):
            page.goto(instance.url)
            times.append(until_pending(page, number))
        browser.close()
    return times


def summary(seconds: list[float]) -> dict[str, float]:
    return {
        "median": round(statistics.median(seconds), 4),
        "least": round(min(seconds), 4),
        "most": round(max(seconds), 4),
    }


def measure(place: Path) -> dict[str, object]:
    with running(place / "data", SANDBOX_DELAY=str(PROVIDER_DELAY)) as instance:
        os.environ.update(instance.environment, DATABASE_URL=instance.database_url)
        django.setup()
        bare, through = in_turns(
            lambda number: bare_script(instance.sandbox_url, place, number), through_darkroom
        )
        pending = pending_tiles(instance)
    ratio = statistics.median(t / b for t, b in zip(through, bare, strict=True))
    return {
        "provider_delay_seconds": PROVIDER_DELAY,
        "rounds": ROUNDS,
        "bare_script_seconds": summary(bare),
        "submit_to_succeeded_seconds": summary(through),
        "submit_to_succeeded_over_bare_script": round(ratio, 4),
        "press_to_pending_tiles_seconds": summary(pending),
    }


def main() -> None:
    with folder() as place:
        figures = measure(place)
    publish("first_image", figures)


if __name__ == "__main__":
    main()
