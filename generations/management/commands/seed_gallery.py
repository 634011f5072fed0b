from argparse import ArgumentParser, ArgumentTypeError
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from accounts.models import Team
from generations.services import seeding


class Command(BaseCommand):
    help = (
        "Fill a team's gallery to measure with, up to so many images; said again, it adds none."
        " The images share a few pictures, and their requests, charges and credits go with them."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--team", required=True, metavar="SLUG")
        parser.add_argument("--images", required=True, type=_count, metavar="N")

    def handle(self, *args: Any, **options: Any) -> None:
        team = Team.objects.filter(slug=options["team"]).first()
        if team is None:
            raise CommandError(f"There is no team {options['team']}.")
        with tqdm(total=options["images"], desc="Seeding", unit="image") as bar:
            added = seeding.seed(team=team, count=options["images"], progress=bar.update)
            bar.update(options["images"] - bar.n)
        self.stdout.write(f"{added} images added to {team.slug}.")


def _count(text: str) -> int:
    if not text.isdecimal() or not int(text):
        raise ArgumentTypeError(f"{text!r} is not a number of images.")
    return int(text)
