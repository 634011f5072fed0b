import os
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from config import paths, schema
from config.parts import all_parts


class Command(BaseCommand):
    help = "Become one part of Darkroom, such as web or generate: what a container runs."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name")

    def handle(self, *args: Any, name: str, **options: Any) -> None:
        if not (paths.database_url() and settings.REDIS_URL):
            raise CommandError(
                "Parts that run apart meet in DATABASE_URL and REDIS_URL: set both, or run `up`."
            )
        parts = {part.name: part for part in all_parts(print, {})}
        if name not in parts:
            raise CommandError(f"There is no part {name!r} here: choose {', '.join(parts)}.")
        schema.migrate()
        part = parts[name]
        os.environ.update(part.environment)
        os.execv(part.command[0], [*part.command])  # noqa: S606  # our own words
