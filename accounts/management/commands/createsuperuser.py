from django.contrib.auth.management.commands import createsuperuser

from accounts.models import User
from accounts.services import teams


class Command(createsuperuser.Command):
    """Django's command, which makes the row alone; everyone here has a personal team too."""

    def handle(self, *args: object, **options: object) -> None:
        super().handle(*args, **options)
        for user in User.objects.filter(is_superuser=True, personal_team=None):
            teams.create_personal_team(user)
