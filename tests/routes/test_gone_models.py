"""What a model made, and what waits for it, is shown also when it has left the catalog."""

from collections.abc import Iterator

import pytest
from django.db.models.functions import Now
from django.urls import reverse

from generations import catalog
from generations.models import OPEN, GenerationRequest
from generations.providers.errors import ErrorKind
from tests import factories, prices
from tests.generations.views.studio import HTMX, Studio, browser, failed, open_studio
from tests.routes.table import TABLE
from tests.routes.world import arrive, meet, visit

pytestmark = pytest.mark.django_db

EDIT = catalog.get_model("flux-2/edit").id
GONE = {factories.MODEL, EDIT, "flux-pro"}


def take_out(monkeypatch: pytest.MonkeyPatch) -> None:
    models = {name: model for name, model in catalog.MODELS.items() if name not in GONE}
    aliases = {name: model for name, model in catalog.ALIASES.items() if model not in GONE}
    monkeypatch.setattr(catalog, "MODELS", models)
    monkeypatch.setattr(catalog, "ALIASES", aliases)


@pytest.mark.parametrize("visitor", ["owner", "staff"])
def test_no_address_breaks_for_want_of_a_model(
    visitor: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = meet(visitor)
    client = arrive(world, visitor)
    client.raise_request_exception = False
    take_out(monkeypatch)

    answers = {str(row): visit(client, world, row).status_code for row in TABLE}

    assert not {row: status for row, status in answers.items() if status >= 500}


def of_each_status(studio: Studio) -> Iterator[GenerationRequest]:
    """With its images where it has some, and begun where it is under way."""
    yield factories.succeeded(factories.request(of=studio.team, by=studio.author))
    yield failed(factories.request(of=studio.team, by=studio.author), ErrorKind.REFUSED)
    for status in sorted(OPEN):
        request = factories.request(of=studio.team, by=studio.author)
        changes = {"status": status, "started_at": Now(), "lease_until": Now()}
        GenerationRequest.objects.filter(pk=request.pk).update(**changes)
        yield request


def test_a_request_of_it_is_shown_in_every_state(monkeypatch: pytest.MonkeyPatch) -> None:
    studio = open_studio()
    found = list(of_each_status(studio))
    moved = factories.request(of=studio.team, by=studio.author, model="fal-ai/flux/dev")
    GenerationRequest.objects.filter(pk=moved.pk).update(moved_from=factories.MODEL)
    take_out(monkeypatch)
    theirs, staff = browser(studio.author), browser(studio.staff)

    for request in [*found, moved]:
        for name in ("request", "request-story", "receipt"):
            address = reverse(name, args=[request.pk])
            assert theirs.get(address).status_code == 200
            assert theirs.get(address, headers=HTMX).status_code == 200
        for name in ("operations-request", "admin:generations_generationrequest_change"):
            assert staff.get(reverse(name, args=[request.pk])).status_code == 200
    for name in ("create", "gallery", "team-gallery", "compare-new"):
        assert theirs.get(reverse(name)).status_code == 200


def test_what_is_left_to_do_about_it_breaks_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    studio = open_studio()
    waiting = factories.waiting(of=studio.team, by=studio.author)
    gone = failed(factories.request(of=studio.team, by=studio.owner), ErrorKind.REFUSED)
    proposal = prices.proposal()
    take_out(monkeypatch)

    approved = browser(studio.owner).post(
        reverse("approval-decide", args=[waiting.pk]), {"verdict": "approved"}, follow=True
    )
    again = browser(studio.owner).post(reverse("request-retry", args=[gone.pk]), follow=True)
    accepted = browser(studio.staff).post(
        reverse("price-decide", args=[proposal.pk]), {"accept": ""}, follow=True
    )

    assert (approved.status_code, again.status_code, accepted.status_code) == (200, 200, 200)
