from typing import Any

from django.core.management.base import BaseCommand, CommandError

from config.embedded import DatabaseDidNotStart
from config.supervisor import CannotStart, Supervisor


class Command(BaseCommand):
    help = "Run all of Darkroom on this machine, with the sandbox where no provider key is set."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            Supervisor().run()
        except (CannotStart, DatabaseDidNotStart) as error:
            raise CommandError(str(error)) from error
