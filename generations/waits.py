"""What requests wait for that are not being made: those before them, a provider, or a person."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Count, Q

from generations import failures
from generations.catalog_types import provider_name
from generations.models import Circuit, GenerationRequest, Status
from generations.services import approvals, beats, gates, providers
from generations.services.beats import Standstill


@dataclass(frozen=True, slots=True)
class Wait:
    """`ahead` are the team's that are queued before it; `approvers` in words, who may let it go.

    `full` is the provider that has no place for it now; `paused` in words, why nobody works on it.
    """

    ahead: int = 0
    full: str = ""
    approvers: str = ""
    paused: str = ""


NOTHING = Wait()
NO_KEY = "no_key"
TOLD = "the operator was told"


def of(requests: Sequence[GenerationRequest]) -> dict[UUID, Wait]:
    """For each of them; nothing is asked where none waits."""
    queued = [one for one in requests if one.status == Status.QUEUED]
    ahead, paused, full = _ahead(queued), _paused(requests), _full(queued)
    approvers = _approvers([one for one in requests if one.status == Status.AWAITING_APPROVAL])
    return {
        one.pk: Wait(
            ahead=ahead.get(one.pk.hex, 0),
            full=full.get(one.pk, ""),
            approvers=approvers.get(one.pk, ""),
            paused=paused.get(one.pk, ""),
        )
        for one in requests
    }


def open_circuits(requests: Iterable[GenerationRequest]) -> dict[UUID, Circuit]:
    """The open circuit that each of these waits for, if it does."""
    queued = [request for request in requests if request.status == Status.QUEUED]
    if not queued:
        return {}
    found = {(one.provider, one.model): one for one in Circuit.objects.all()}
    waits = {
        request.pk: found.get(("", ""))
        or found.get((request.provider, request.model))
        or found.get((request.provider, ""))
        for request in queued
    }
    return {pk: circuit for pk, circuit in waits.items() if circuit}


def _full(queued: Sequence[GenerationRequest]) -> dict[UUID, str]:
    """Of those whose provider has no place, or none for their model, its name. Asked once each."""
    asked = {request.provider for request in queued}
    rooms = {name: gates.room(name) for name in asked}
    stuck = {name: gates.stuck_models(name) for name in asked if rooms[name] is not None}
    return {
        request.pk: provider_name(request.provider)
        for request in queued
        if rooms[request.provider] == 0 or request.model in stuck.get(request.provider, ())
    }


def standstills(requests: Iterable[GenerationRequest]) -> dict[UUID, Standstill]:
    """What keeps all of the workers from each of these that has to wait for them."""
    waiting = [one for one in requests if one.is_open and one.status != Status.AWAITING_APPROVAL]
    found = beats.standstill(beats.GENERATE) if waiting else None
    if found is None or found.since is None:
        return {}  # Or none of them ever said that it lives, as at an upgrade.
    if found.because != beats.NOBODY:  # What they have in hand goes on without messages.
        waiting = [one for one in waiting if one.status == Status.QUEUED]
    return {one.pk: found for one in waiting}


def wants_key(request: GenerationRequest) -> bool:
    """Whether nobody can send it, because its provider's key was taken away."""
    queued = request.status == Status.QUEUED
    return queued and request.provider not in providers.callable_providers()


def why_paused(request: GenerationRequest) -> str:
    """In words, why nobody works on it; nothing where that is not so."""
    return _paused([request]).get(request.pk, "")


def _paused(requests: Sequence[GenerationRequest]) -> dict[UUID, str]:
    words = {one.pk: failures.pause(NO_KEY) for one in requests if wants_key(one)}
    for pk, circuit in open_circuits(requests).items():
        words.setdefault(pk, failures.pause(circuit.because))
    for pk, found in standstills(requests).items():
        said = failures.pause(found.because) + (f", {TOLD}" if found.told else "")
        # A full disk takes no messages either, and is what to speak of.
        words[pk] = said if found.because == beats.NOBODY else words.get(pk, said)
    return words


def _ahead(queued: Sequence[GenerationRequest]) -> dict[str, int]:
    """How many of its team are queued before each of these requests, in one query."""
    if not queued:
        return {}
    waiting = GenerationRequest.objects.filter(
        status=Status.QUEUED, team__in={request.team_id for request in queued}
    )
    before = {
        request.pk.hex: Count("pk", filter=Q(team=request.team_id, id__lt=request.pk))
        for request in queued
    }
    return waiting.aggregate(**before)


def _approvers(waiting: Sequence[GenerationRequest]) -> dict[UUID, str]:
    """Asked for once a team."""
    teams = {request.team_id: request.team for request in waiting}
    names = {pk: approvals.approvers_in_words(team) for pk, team in teams.items()}
    return {request.pk: names[request.team_id] for request in waiting}
