import json
import sys
from contextlib import redirect_stdout
from typing import Any

from django.core.management.base import BaseCommand

from generations.models import PriceProposal, ProposalState
from generations.services import price_refresh


class Command(BaseCommand):
    help = (
        "Read the providers' prices; one JSON line, exit code 1 if one waits for a person or"
        " could not be read."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        # Without a mail server a mail is printed, and the one line on stdout is for programs.
        with redirect_stdout(sys.stderr):
            done = price_refresh.run()
        waiting = PriceProposal.objects.filter(state=ProposalState.PENDING).count()
        report = {
            "read": {reading.provider: reading.models_read for reading in done.readings},
            "proposed": [one.model for one in done.proposed],
            "taken_over": [one.model for one in done.taken_over],
            "unread": {name: why for one in done.readings for name, why in one.unread.items()},
            "failed": {reading.provider: reading.error for reading in done.failed},
            "waiting": waiting,
        }
        self.stdout.write(json.dumps(report))
        if waiting or done.failed:
            raise SystemExit(1)
