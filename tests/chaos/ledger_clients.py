"""Clients of one ledger that keep on through crashes of its database, and write down what it said.

An operation whose answer is lost is said again with the same reference until it is answered; every
answer becomes a line of a file. They stop when the file STOP appears beside it.
"""

import json
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from threading import Thread
from typing import IO, TypeVar
from uuid import UUID

import django
from django.core.management import call_command
from django.db import InterfaceError, OperationalError, connection

Answer = TypeVar("Answer")

CLIENTS = 8
GRANT, HOLD = 100, 80
ENDS = (80, 30, 0)  # Captured whole, in part, or not at all.
STOP = "stop"
READY = "ready"


def run(folder: Path) -> None:
    django.setup()
    call_command("migrate", verbosity=0)
    from accounts.models import Team  # noqa: PLC0415  # models exist only after setup

    team = Team.objects.create(name="Crash", slug="crash")
    clients = [Thread(target=client, args=(team.pk, folder, n)) for n in range(CLIENTS)]
    for one in clients:
        one.start()
    (folder / READY).touch()
    for one in clients:
        one.join()


def client(team_id: UUID, folder: Path, name: int) -> None:
    turn = 0
    with (folder / f"{name}.jsonl").open("w") as answers:
        while not (folder / STOP).exists():
            one_life(team_id, f"{name}.{turn}", ENDS[turn % len(ENDS)], answers)
            turn += 1
    connection.close()


def one_life(team_id: UUID, reference: str, end: int, answers: IO[str]) -> None:
    """A grant and a hold, and the hold's capture at `end`, or its release."""
    from accounts.models import Team  # noqa: PLC0415
    from accounts.services import ledger  # noqa: PLC0415

    team = Team(pk=team_id)
    until_answered(partial(ledger.grant, team=team, amount=GRANT, reason="", reference=reference))
    keep(answers, "grant", reference, GRANT)
    hold = until_answered(partial(ledger.hold, team=team, amount=HOLD, reference=reference))
    keep(answers, "hold", reference, HOLD)
    if end:
        until_answered(partial(ledger.capture, hold=hold.pk, amount=end))
    else:
        until_answered(partial(ledger.release, hold=hold.pk))
    keep(answers, "end", reference, end)


def until_answered(say: Callable[[], Answer]) -> Answer:
    while True:
        try:
            return say()
        except (OperationalError, InterfaceError):
            connection.close()
            time.sleep(0.05)


def keep(answers: IO[str], what: str, reference: str, amount: int) -> None:
    answers.write(json.dumps([what, reference, amount]) + "\n")
    answers.flush()


if __name__ == "__main__":
    run(Path(sys.argv[1]))
