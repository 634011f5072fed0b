import json
import sys
from argparse import ArgumentParser
from collections.abc import Iterable
from contextlib import redirect_stdout
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from generations.models import Finding, Reconciliation, ReconciliationState
from generations.services import providers, reconciling

SUMS = (
    "ours_nano_usd",
    "theirs_nano_usd",
    "transactions_nano_usd",
    "elsewhere_nano_usd",
    *(verdict.value for verdict in reconciling.COUNTED),
)


class Command(BaseCommand):
    help = (
        "Compare our books with the providers', by days in UTC; one JSON line, exit code 1 if a"
        " case is open or a day could not be compared."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--since", type=date.fromisoformat, metavar="DAY", help="default: three days ago"
        )
        parser.add_argument(
            "--until", type=date.fromisoformat, metavar="DAY", help="this day too; default: today"
        )
        parser.add_argument("--provider", choices=providers.with_books())

    def handle(self, *args: Any, **options: Any) -> None:
        first, *_, last = reconciling.lately()
        days = reconciling.days(options["since"] or first, options["until"] or last)
        if not days:
            raise CommandError("--until is before --since.")
        names = [options["provider"]] if options["provider"] else providers.with_books()
        bar = tqdm(total=len(days) * len(names), desc="Comparing", unit="day")
        # Without a mail server a mail is printed, and the one line on stdout is for programs.
        with bar, redirect_stdout(sys.stderr):
            done = reconciling.run(of=names, over=days, progress=bar.update)
        report = {"since": str(days[0]), "until": str(days[-1]), **summary(done)}
        self.stdout.write(json.dumps(report))
        if report["open_cases"] or report["failed"]:
            raise SystemExit(1)


def summary(done: Iterable[Reconciliation]) -> dict[str, Any]:
    sheets = list(done)
    findings = Finding.objects.filter(reconciliation__in=sheets)
    return {
        "providers": sorted({sheet.provider for sheet in sheets}),
        **{name: sum(getattr(sheet, name) for sheet in sheets) for name in SUMS},
        "house_paid": sum(findings.values_list("house_paid", flat=True)),
        "open_cases": findings.open().count(),
        "failed": [
            f"{sheet}: {sheet.error}"
            for sheet in sheets
            if sheet.state == ReconciliationState.FAILED
        ],
    }
