from argparse import ArgumentParser

from django.core.management.base import BaseCommand, CommandError

from accounts.models import User
from accounts.services import sign_in


class Command(BaseCommand):
    help = "Print an address that signs this person in once, within a day."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email")

    def handle(self, *, email: str, **options: object) -> None:
        user = User.objects.filter(email=email.lower()).first()
        if user is None:
            raise CommandError(f"Nobody here has the e-mail address {email}.")
        if not user.is_active:
            raise CommandError(f"{email} is deactivated: switch the account on in the admin first.")
        self.stdout.write(sign_in.link_for(user))
