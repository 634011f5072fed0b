import json
import time
from argparse import ArgumentParser
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from accounts.errors import AccountsError
from accounts.models import Team, User
from generations import failures
from generations.errors import GenerationsError
from generations.models import TERMINAL, GenerationRequest, Source, Status
from generations.services import requests

LOOK_SECONDS = 0.2


class Command(BaseCommand):
    help = "Ask for images as a person would, and print one JSON line per request."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email")
        parser.add_argument("team", help="the team's slug")
        parser.add_argument("--model", required=True)
        parser.add_argument("--prompt", required=True)
        parser.add_argument("--num-images", type=int)
        parser.add_argument(
            "--set", action="append", default=[], metavar="KEY=VALUE", dest="params"
        )
        parser.add_argument("--count", type=int, default=1, help="how many requests (default 1)")
        parser.add_argument("--wait", type=float, metavar="S", help="wait up to S seconds")

    def handle(self, *args: Any, **options: Any) -> None:
        user, team = find(options["email"], options["team"])
        params = read_params(options["params"])
        if options["num_images"] is not None:
            params["num_images"] = options["num_images"]
        rounds = tqdm(range(options["count"]), desc="Submitting", unit="request")
        outcomes = [self._submit(user, team, options, params) for _ in rounds]
        made = [one for one in outcomes if isinstance(one, UUID)]
        if options["wait"]:
            wait(made, seconds=options["wait"])
        for one in outcomes:
            self.stdout.write(json.dumps(report(one) if isinstance(one, UUID) else refusal(one)))
        if len(made) < len(outcomes):
            raise SystemExit(1)

    def _submit(
        self, user: User, team: Team, options: Mapping[str, Any], params: Mapping[str, object]
    ) -> UUID | str:
        """The id of the new request, or why it was refused."""
        try:
            made = requests.submit(
                by=user,
                team=team,
                model_id=options["model"],
                prompt=options["prompt"],
                params=params,
                source=Source.COMMAND,
            )
        except (GenerationsError, AccountsError) as error:
            return str(error)
        return made.pk


def find(email: str, slug: str) -> tuple[User, Team]:
    try:
        return User.objects.get(email=email.lower()), Team.objects.get(slug=slug)
    except User.DoesNotExist:
        raise CommandError(f"Nobody here has the e-mail {email}.") from None
    except Team.DoesNotExist:
        raise CommandError(f"There is no team {slug}.") from None


def read_params(pairs: list[str]) -> dict[str, object]:
    """`key=value` pairs, the value in JSON or as a bare string."""
    params: dict[str, object] = {}
    for pair in pairs:
        name, separator, value = pair.partition("=")
        if not separator:
            raise CommandError(f"--set {pair}: write it as key=value.")
        try:
            params[name] = json.loads(value)
        except ValueError:
            params[name] = value
    return params


def wait(made: list[UUID], *, seconds: float) -> None:
    """Wait for the requests to end, showing how many have; at most so many seconds."""
    give_up_at = time.monotonic() + seconds
    with tqdm(total=len(made), desc="Making", unit="request") as bar:
        while bar.n < len(made) and time.monotonic() < give_up_at:
            ended = GenerationRequest.objects.filter(pk__in=made, status__in=TERMINAL).count()
            bar.update(ended - bar.n)
            if ended < len(made):
                time.sleep(LOOK_SECONDS)


def report(request_id: UUID) -> dict[str, Any]:
    request = GenerationRequest.objects.select_related("hold").get(pk=request_id)
    stored = request.images.filter(stored_at__isnull=False).order_by("index")
    ended_badly = request.status in {Status.FAILED, Status.CANCELLED}
    why = failures.explain(request.error_code)
    return {
        "id": str(request.pk),
        "status": request.status.upper(),
        "images": [
            {"id": str(one.pk), "width": one.width, "height": one.height, "digest": one.digest}
            for one in stored
        ],
        "held": request.hold.amount,
        "captured": request.hold.captured,
        "error": f"{why.title}. {why.text} {why.charged}." if ended_badly else "",
    }


def refusal(error: str) -> dict[str, Any]:
    return {"id": "", "status": "REFUSED", "images": [], "held": 0, "captured": 0, "error": error}
