from argparse import ArgumentParser

from django.core.management.base import BaseCommand, CommandError

from accounts.errors import NotAllowed
from accounts.management.arguments import token_name
from accounts.models import Team, User
from accounts.services import tokens


class Command(BaseCommand):
    help = "Print a new API token, which lets a program make images as this person in this team."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email")
        parser.add_argument("team", help="the team's slug")
        parser.add_argument("--name", type=token_name, default="Command line")

    def handle(self, *, email: str, team: str, name: str, **options: object) -> None:
        user = User.objects.filter(email=email.lower()).first()
        if user is None:
            raise CommandError(f"Nobody here has the e-mail address {email}.")
        meant = Team.objects.filter(slug=team).first()
        if meant is None:
            raise CommandError(f"There is no team {team}.")
        try:
            _, secret = tokens.create(by=user, team=meant, name=name)
        except NotAllowed as error:
            raise CommandError(f"{email} may not make images in {team}.") from error
        self.stdout.write(secret)
