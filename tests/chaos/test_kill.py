"""`kill -9` of either worker at any moment of a request, in a running instance."""

import contextlib
import resource
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator

import httpx
import pytest

from config import parts
from config.paths import BASE
from tests.chaos.evidence import Evidence
from tests.instance import OWNER

pytestmark = [pytest.mark.process, pytest.mark.slow]

OWNERS = """
SELECT DISTINCT lease_owner FROM generations_generationrequest
WHERE starts_with(prompt, '{prompt}') AND lease_owner <> ''
"""
STOOD_STILL = "Subject: Darkroom's generate part stands still"
NO_ROOM = (1000, resource.RLIM_INFINITY)


def test_images_wait_for_room_to_be_written(darkroom: Evidence) -> None:
    """The kernel refuses the worker all that would make a file larger, as a quota does."""
    workers = darkroom.instance.pids("worker -Q generate")
    limits = [resource.prlimit(pid, resource.RLIMIT_FSIZE, NO_ROOM) for pid in workers]
    darkroom.ask("no room", count=2)
    darkroom.wait_for_code("no room", "storage")
    for pid, limit in zip(workers, limits, strict=True):
        resource.prlimit(pid, resource.RLIMIT_FSIZE, limit)
    darkroom.wait_for_the_end()
    assert {(row.status, row.attempts) for row in darkroom.rows("no room")} == {("succeeded", 1)}
    darkroom.check()


def test_a_worker_that_froze_past_its_lease_brings_its_answers_late(darkroom: Evidence) -> None:
    darkroom.order_fault("delay", match="frozen", seconds=2)
    darkroom.ask("frozen")
    darkroom.wait_until_sent("frozen")
    darkroom.kill("generate", signal.SIGSTOP)
    darkroom.wait_for_status("frozen", "unconfirmed")
    darkroom.kill("generate", signal.SIGCONT)
    darkroom.wait_for_the_end()
    assert (darkroom.row("frozen").status, darkroom.row("frozen").attempts) == ("succeeded", 1)
    darkroom.check()


def test_who_waits_for_workers_that_do_not_react_and_who_runs_them_read_so(
    darkroom: Evidence,
) -> None:
    link = darkroom.instance.manage("login_link", OWNER).stdout.strip()
    with httpx.Client(base_url=darkroom.instance.url, follow_redirects=True) as browser:
        browser.get(link)
        darkroom.kill("generate", signal.SIGSTOP)
        darkroom.ask("nobody there")
        tile = f"/requests/{darkroom.row('nobody there').id}/"
        darkroom.wait_until(lambda: "Paused: no worker is running" in browser.get(tile).text)
        page = browser.get("/operations/requests/").text
        assert "Generate stands still" in page
        darkroom.wait_until(lambda: any(STOOD_STILL in line for line in darkroom.instance.lines))
        assert "no worker is running, the operator was told" in browser.get(tile).text
        darkroom.kill("generate", signal.SIGCONT)
        darkroom.wait_for_the_end()
        darkroom.wait_until(lambda: "stands still" not in browser.get("/operations/requests/").text)
    darkroom.check()


def test_killed_workers_lose_nothing_and_pay_for_nothing_twice(darkroom: Evidence) -> None:
    darkroom.order_fault("delay", match="charged", seconds=11)
    darkroom.order_fault("status", match="free", status=500, seconds=10)
    darkroom.order_fault("file_slow", match="storing", rate=2000)

    darkroom.kill("media")
    darkroom.ask("without renditions", count=2)
    darkroom.wait_for_status("without renditions", "succeeded")
    darkroom.kill("media")

    darkroom.ask("charged while nobody listens")
    darkroom.ask("free while nobody listens")
    darkroom.ask("storing")
    darkroom.wait_for_status("storing", "answered")
    darkroom.wait_until_sent("nobody listens")
    assert darkroom.statuses("nobody listens") == {"sending"}
    darkroom.kill("generate")
    darkroom.ask("asked for while there is no worker", count=4)
    darkroom.wait_until(lambda: "sending" in darkroom.statuses("no worker"))
    darkroom.kill("generate")

    darkroom.wait_for_the_end()
    darkroom.check()
    lost, again, stored = map(darkroom.row, ["charged", "free", "storing"])
    assert (lost.status, lost.error_code, lost.attempts) == ("failed", "lost", 1)
    assert (again.status, again.attempts) == ("succeeded", 2)
    assert (stored.status, stored.attempts) == ("succeeded", 1)


def test_a_worker_that_is_asked_to_stop_ends_its_calls_first(darkroom: Evidence) -> None:
    darkroom.order_fault("delay", match="drained", seconds=4)
    darkroom.ask("drained")
    darkroom.wait_until_sent("drained")
    began = time.monotonic()
    darkroom.kill("generate", signal.SIGTERM)
    darkroom.wait_for_the_end()
    assert time.monotonic() - began < 12
    row = darkroom.row("drained")
    assert (row.status, row.attempts, row.error_code) == ("succeeded", 1, "")
    darkroom.check()


def test_a_request_is_cancelled_until_it_is_sent_and_not_after(darkroom: Evidence) -> None:
    darkroom.order_fault("delay", match="hands full", seconds=4, times=4)
    darkroom.order_fault("file_slow", match="storing, too", rate=4000)
    darkroom.ask("hands full", count=3)
    darkroom.ask("hands full, the last")
    darkroom.ask("waits for a hand")
    darkroom.wait_until_sent("hands full")
    assert darkroom.cancel("hands full, the last") == "too late"
    assert darkroom.cancel("waits for a hand") == "cancelled"
    darkroom.ask("storing, too")
    darkroom.wait_for_status("storing, too", "answered")
    assert darkroom.cancel("storing, too") == "too late"
    darkroom.wait_for_the_end()
    assert darkroom.cancel("storing, too") == "too late"
    cancelled = darkroom.row("waits for a hand")
    assert (cancelled.status, cancelled.attempts, cancelled.booked) == ("cancelled", 0, 0)
    darkroom.check()


@pytest.mark.parametrize("hours", [1, -1])
def test_a_worker_whose_clock_is_an_hour_off_breaks_nothing(darkroom: Evidence, hours: int) -> None:
    prompt = f"{hours:+} hours"
    darkroom.order_fault("status", match=f"{prompt}, unclear", status=500)

    def both_work() -> bool:
        darkroom.ask(prompt, count=4)
        time.sleep(0.5)
        return len(darkroom.sql(OWNERS.format(prompt=prompt))) > 1

    with skewed_worker(darkroom, hours):
        darkroom.wait_until(both_work)
        darkroom.ask(f"{prompt}, unclear")
        darkroom.wait_for_the_end()
    assert {row.status for row in darkroom.rows(prompt)} == {"succeeded"}
    assert max(row.attempts for row in darkroom.rows(prompt)) == 2
    darkroom.check()


@contextlib.contextmanager
def skewed_worker(darkroom: Evidence, hours: int) -> Iterator[None]:
    """One more generate worker, to which it is another time."""
    program = shutil.which("faketime")
    assert program, "make test provides faketime"
    command = [program, "-f", f"{hours:+}h", *parts.worker_command("generate")]
    environment = darkroom.instance.environment | {
        "DATABASE_URL": darkroom.instance.database_url,
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }
    worker = subprocess.Popen(
        command, cwd=BASE, env=environment, start_new_session=True,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        darkroom.wait_until(lambda: len(darkroom.instance.pids("worker -Q generate")) > 1)
        yield
    finally:
        worker.terminate()
        worker.wait(30)
