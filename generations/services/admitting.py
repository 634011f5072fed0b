"""Whether a person may ask for this, now that their request is about to be made."""

from django.conf import settings
from django.db.models import QuerySet

from accounts.models import Membership, RoleLimit
from accounts.permissions import Permission
from accounts.services import role_limits, teams
from generations import catalog, role_rules
from generations.errors import InvalidRequest, QueueFull, TooManyOpen
from generations.models import TERMINAL, GenerationRequest


def admit(wanted: GenerationRequest) -> Membership:
    """The membership that lets it in. Raises NotAllowed, InvalidRequest, TooManyOpen, QueueFull.

    It is locked until the transaction ends: of one person's requests one comes in at a time, so
    that those that are open can be counted; and a person who is removed, or given another role,
    asks for nothing afterwards.
    """
    membership = teams.keep_permission(wanted.user, Permission.GENERATE, wanted.team)
    limit = role_limits.of_member(membership)
    if limit:
        _keep_to(limit, wanted)
    _keep_queue_bounded(wanted)
    return membership


def _keep_to(limit: RoleLimit, wanted: GenerationRequest) -> None:
    too_much = role_rules.refusals(limit, catalog.get_model(wanted.model), wanted.params)
    if too_much:
        raise InvalidRequest(too_much)
    mine = _open(wanted).filter(user=wanted.user)
    if limit.most_open is not None and mine.count() >= limit.most_open:
        raise TooManyOpen(limit)


def _keep_queue_bounded(wanted: GenerationRequest) -> None:
    """Counted without a lock on the team: as many too many get in as submit at the same moment."""
    most = settings.TEAM_QUEUE_LIMIT
    if _open(wanted)[:most].count() >= most:
        raise QueueFull(wanted.team, most=most)


def _open(wanted: GenerationRequest) -> QuerySet[GenerationRequest]:
    return GenerationRequest.objects.filter(team=wanted.team).exclude(status__in=TERMINAL)
