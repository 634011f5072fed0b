"""Whether a person may ask for this, now that their request is about to be made."""

from accounts.permissions import Permission
from accounts.services import role_limits, teams
from generations import catalog, role_rules
from generations.errors import InvalidRequest, TooManyOpen
from generations.models import TERMINAL, GenerationRequest


def admit(wanted: GenerationRequest) -> None:
    """Raises NotAllowed, InvalidRequest, TooManyOpen.

    The membership is locked until the transaction ends: of one person's requests one comes in at
    a time, so that those that are open can be counted; and a person who is removed, or given
    another role, asks for nothing afterwards.
    """
    membership = teams.keep_permission(wanted.user, Permission.GENERATE, wanted.team)
    limit = role_limits.of_member(membership)
    if limit is None:
        return
    too_much = role_rules.refusals(limit, catalog.get_model(wanted.model), wanted.params)
    if too_much:
        raise InvalidRequest(too_much)
    if limit.most_open is not None and _open(wanted) >= limit.most_open:
        raise TooManyOpen(limit)


def _open(wanted: GenerationRequest) -> int:
    mine = GenerationRequest.objects.filter(team=wanted.team, user=wanted.user)
    return mine.exclude(status__in=TERMINAL).count()
