from argparse import ArgumentParser

from django.core.management.base import BaseCommand, CommandError

from accounts.errors import AccountsError
from accounts.management.arguments import credit_amount, email_address, team_slug
from accounts.money import format_credits
from accounts.services import ledger, users


class Command(BaseCommand):
    help = "Make an owner, a team and its first grant. Said again, it adds only what is missing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--email", required=True, type=email_address)
        parser.add_argument("--password", required=True)
        parser.add_argument("--team", required=True, type=team_slug, metavar="SLUG")
        parser.add_argument("--credits", required=True, type=credit_amount, metavar="N")

    def handle(self, *, email: str, password: str, team: str, **options: int) -> None:
        try:
            made = users.bootstrap(
                email=email, password=password, slug=team, amount=options["credits"]
            )
        except AccountsError as error:
            raise CommandError(str(error)) from error
        available = format_credits(ledger.balance(team=made).available)
        self.stdout.write(f"{email} owns {made.slug}, which has {available} credits.")
