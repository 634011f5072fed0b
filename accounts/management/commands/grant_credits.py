import json
from argparse import ArgumentParser

from django.core.management.base import BaseCommand, CommandError

from accounts.errors import KeyReused
from accounts.management.arguments import credit_amount
from accounts.models import Team
from accounts.services import ledger
from config.ids import uuid7


class Command(BaseCommand):
    help = (
        "Give credits to a team. With a reference it happens once, however often it is said. For"
        " whoever runs this machine: there is no upper bound, and nobody else has to agree, as"
        " above ADJUSTMENT_LIMIT on the pages."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("team", help="its slug")
        parser.add_argument("credits", type=credit_amount, metavar="N")
        parser.add_argument("--reason", required=True)
        parser.add_argument("--reference", default="", metavar="KEY")

    def handle(self, *, team: str, reason: str, reference: str, **options: int) -> None:
        found = Team.objects.filter(slug=team).first()
        if found is None:
            raise CommandError(f"There is no team {team}.")
        amount = options["credits"]
        if not amount:
            raise CommandError("Grant more than 0 credits.")
        try:
            ledger.grant(
                team=found, amount=amount, reason=reason, reference=reference or str(uuid7())
            )
        except KeyReused as error:
            raise CommandError(str(error)) from error
        available = ledger.balance(team=found).available
        self.stdout.write(json.dumps({"team": team, "granted": amount, "available": available}))
