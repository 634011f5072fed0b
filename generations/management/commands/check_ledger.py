import dataclasses
import json
from typing import Any

from django.core.management.base import BaseCommand

from generations.services import audit


class Command(BaseCommand):
    help = "Check that the credits add up; one JSON line, exit code 1 on any problem."

    def handle(self, *args: Any, **options: Any) -> None:
        report = audit.check_ledger()
        self.stdout.write(json.dumps(dataclasses.asdict(report)))
        if report.problems:
            raise SystemExit(1)
