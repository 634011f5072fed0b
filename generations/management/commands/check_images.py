import json
from typing import Any

from django.core.management.base import BaseCommand
from tqdm import tqdm

from generations.services import images


class Command(BaseCommand):
    help = "Check that every image has its objects, with the recorded digest; exit code 1 if not."

    def handle(self, *args: Any, **options: Any) -> None:
        total = images.count_stored()
        with tqdm(total=total, desc="Checking", unit="image") as bar:
            problems = list(images.check(progress=bar.update))
        self.stdout.write(json.dumps({"images": total, "problems": problems}))
        if problems:
            raise SystemExit(1)
