"""The gallery of a team with a million images, in turns with that of one with ten thousand.

Seeds both teams into an embedded PostgreSQL with `seed_gallery`, and asks for the pages as a
browser does. Writes tests/bench/results/gallery.json.
"""

import gzip
import html
import os
import re
import statistics
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tqdm import tqdm

from tests.bench.measuring import Browser, p95, publish, site

FEW = int(os.environ.get("BENCH_FEW_IMAGES", "10000"))
MANY = int(os.environ.get("BENCH_IMAGES", "1000000"))
MEMBERS = 8
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "40"))
LOADS = 200
HTMX = {"HX-Request": "true"}
PAGES = {
    "mine": "/gallery/",
    "team": "/team/",
    "filtered": "/team/?model={model}&shape=portrait",
    "filtered by person": "/team/?person={person}&shape=square",
    "filtered by day": "/team/?until={day}",
    "search, in a third": "/team/?q=light",
    "search, in a tenth": "/team/?q=harbour",
    "search, in few": "/team/?q=zeppelin",
    "search, in few of a kind": "/team/?q=zeppelin&shape=portrait",
    "search, in none": "/team/?q=zeppelin+orrery+%22no+such%22",
    "image": "/i/{image}/?wall=team",
    "image, of a search": "/i/{image}/?wall=team&q=light",
}
MORE = re.compile(r'href="([^"]*after=[^"]*)"')
ASSETS = re.compile(r'<(?:script|link)[^>]* (?:src|href)="/static/([^"]+\.(?:js|css))"')


class Gallery:
    """A team, its owner's browser, and where to look."""

    def __init__(self, *, slug: str, images: int) -> None:
        # What Django's models need is imported once Django is set up.
        from django.core.management import call_command  # noqa: PLC0415

        from accounts.models import Team  # noqa: PLC0415
        from tests import factories  # noqa: PLC0415

        team = factories.team(name=slug)
        Team.objects.filter(pk=team.pk).update(slug=slug)
        members = [factories.member(team) for _ in range(MEMBERS - 1)]
        began = time.perf_counter()
        call_command("seed_gallery", team=slug, images=images)
        self.seconds = round(time.perf_counter() - began, 1)
        self.browser = Browser(factories.owner_of(team))
        self.addresses = self._addresses(members[1].pk)

    def _addresses(self, person: object) -> dict[str, tuple[str, dict[str, str]]]:
        from generations import catalog  # noqa: PLC0415

        deep = self._deep()
        image = re.search(r"/i/([0-9a-f-]{36})/", self._text(deep))
        assert image
        names = {
            "model": next(iter(catalog.MODELS)),
            "person": person,
            "day": f"{datetime.now(UTC) - timedelta(days=500):%Y-%m-%d}",
            "image": image[1],
        }
        pages: dict[str, tuple[str, dict[str, str]]]
        pages = {name: (address.format(**names), {}) for name, address in PAGES.items()}
        return pages | {f"team, {LOADS} loads deep": (deep, HTMX)}

    def _deep(self) -> str:
        """What the "Load more" link leads to after so many loads, or after all but the last."""
        address = "/team/"
        for _ in tqdm(range(LOADS), desc="Loading more", unit="page"):
            further = MORE.search(self._text(address))
            if not further:
                break
            address = html.unescape(further[1])
        return address

    def _text(self, address: str) -> str:
        return str(self.browser.get(address, HTMX).text)


def asked(name: str, many: Gallery, few: Gallery) -> dict[str, Any]:
    """How long a page takes inside the server for both teams, and what it is made of."""
    # The first time, which does not count, templates are compiled.
    pages = [one.browser.get(*one.addresses[name]) for one in (few, many)]
    in_database = [
        min(sum(one.browser.queries(*one.addresses[name])) for _ in range(5)) for one in (few, many)
    ]
    rounds = [(milliseconds(many, name), milliseconds(few, name)) for _ in range(ROUNDS)]
    of_many, of_few = (sorted(times) for times in zip(*rounds, strict=True))
    return {
        "median_ms": round(statistics.median(of_many), 1),
        "p95_ms": p95(of_many),
        "p95_ms_of_few": p95(of_few),
        "p95_ratio": round(p95(of_many) / p95(of_few), 2),
        "median_ratio": round(statistics.median(of_many) / statistics.median(of_few), 2),
        # What the rest of the machine disturbs least, and how much of a time may have been it.
        "least_ms": round(of_many[0], 1),
        "least_ratio": round(of_many[0] / of_few[0], 2),
        "spread_ms": round(of_many[-1] - of_many[0], 1),
        "database_ms": round(in_database[1], 1),
        "database_ms_of_few": round(in_database[0], 1),
        "queries": len(many.browser.queries(*many.addresses[name])),
        # A rare word fills a page of the large team and not of the small one: that is drawing.
        "tiles": pages[1].text.count('class="tile'),
        "tiles_of_few": pages[0].text.count('class="tile'),
        "gzip_bytes": len(gzip.compress(pages[1].content, 6)),
    }


def milliseconds(gallery: Gallery, name: str) -> float:
    return gallery.browser.milliseconds(*gallery.addresses[name])


def scripts_and_styles(gallery: Gallery) -> int:
    """What all scripts and styles of a page weigh together, as they are served."""
    from django.conf import settings  # noqa: PLC0415

    names = set(ASSETS.findall(gallery.browser.get("/team/").text))
    files = [Path(settings.STATIC_ROOT) / f"{name}.gz" for name in names]
    return sum(file.stat().st_size for file in files)


def measure() -> dict[str, Any]:
    few = Gallery(slug="few", images=FEW)
    many = Gallery(slug="many", images=MANY)
    pages = {
        name: asked(name, many, few)
        for name in tqdm(many.addresses, desc="Gallery pages", unit="page")
    }
    return {
        "images": MANY,
        "few_images": FEW,
        "seeding_seconds": many.seconds,
        "scripts_and_styles_gzip_bytes": scripts_and_styles(many),
        "pages": pages,
    }


def main() -> None:
    with site():
        figures = measure()
    publish("gallery", figures, figures["pages"])


if __name__ == "__main__":
    main()
