"""What a request would cost, and whether it would be taken, before it is one."""

from collections.abc import Mapping
from dataclasses import dataclass

from accounts.errors import NotAllowed
from accounts.models import ApiToken, Team, User
from accounts.permissions import Permission, permissions_of
from accounts.services import role_limits, teams
from generations import role_rules
from generations.catalog import Model
from generations.errors import InvalidRequest
from generations.services import previews, requests
from generations.services.previews import Preview


@dataclass(frozen=True, slots=True)
class Estimate:
    """A model and what a request to it comes to."""

    model: Model
    preview: Preview

    @property
    def is_enough(self) -> bool:
        return not self.preview.missing and not self.preview.refused_by


def estimate(
    *,
    by: User,
    team: Team,
    model_id: str,
    prompt: str,
    params: Mapping[str, object],
    token: ApiToken | None = None,
) -> Estimate:
    """What `requests.submit` would hold for this, and what there is to hold it from.

    Nothing is held. Raises NotAllowed and InvalidRequest as a submit would.
    """
    membership = teams.membership_of(by, team)
    if Permission.GENERATE not in permissions_of(membership):
        raise NotAllowed
    model, _, cleaned = requests.check(model_id, prompt, params)
    limit = role_limits.of_member(membership)
    too_much = role_rules.refusals(limit, model, cleaned) if limit else None
    if too_much:
        raise InvalidRequest(too_much)
    means = previews.means(by=by, membership=membership, models=[model], token=token)
    return Estimate(model, means.preview(model, cleaned))
