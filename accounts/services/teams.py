import secrets

from django.db import transaction
from django.db.models import QuerySet
from django.utils.text import slugify

from accounts.errors import LastOwner, NotAllowed, NotAMember
from accounts.models import Membership, Role, Team, User
from accounts.permissions import Permission, assignable_roles, permissions_of, roles_with
from accounts.services import funds

SLUG_TRIES = 5


def create_personal_team(user: User) -> Team:
    """The team that is this person's alone, with sign-up credits where those are given.

    Made once, however often it is asked for and whichever way the person came.
    """
    with transaction.atomic():
        User.objects.select_for_update(no_key=True).get(pk=user.pk)
        existing = Team.objects.filter(personal_owner=user).first()
        if existing:
            return existing
        slug = f"{user.email.partition('@')[0]}-personal"
        team = _create(name=personal_team_name(user), slug=slug, owner=user, personal=True)
        funds.welcome(user=user, team=team)
        return team


def personal_team_name(user: User) -> str:
    return f"{user.display_name[:60]} (personal)"


def create_team(*, by: User, name: str) -> Team:
    """A new team, owned by whoever makes it."""
    with transaction.atomic():
        return _create(name=name, slug=name, owner=by)


def rename(*, by: User, team: Team, name: str) -> Team:
    if Permission.MANAGE_TEAM not in permissions_of(membership_of(by, team)):
        raise NotAllowed
    team.name = name
    team.save(update_fields=["name"])
    return team


def set_approval(*, by: User, team: Team, above: int | None) -> Team:
    """Let requests above so many microcredits wait for an approver; None: none waits.

    What waits already keeps waiting until somebody decides.
    """
    if Permission.MANAGE_TEAM not in permissions_of(membership_of(by, team)):
        raise NotAllowed
    team.approval_above = above
    team.save(update_fields=["approval_above"])
    return team


def set_failover(*, by: User, team: Team, allowed: bool) -> Team:
    """Let another provider make what one does not take, or not, from the next request on.

    What waits already does not move once it is not allowed any more.
    """
    if Permission.MANAGE_TEAM not in permissions_of(membership_of(by, team)):
        raise NotAllowed
    team.allow_failover = allowed
    team.save(update_fields=["allow_failover"])
    return team


def keep_permission(actor: User, permission: Permission, team: Team) -> Membership:
    """Nobody takes it from the actor before the transaction ends. Raises NotAllowed.

    Whoever is being removed or given another role waits for that, and is then refused.
    """
    mine = Membership.objects.select_for_update(no_key=True, of=("self",)).select_related("team")
    membership = mine.filter(team=team, user=actor, user__is_active=True).first()
    if membership is None or permission not in permissions_of(membership):
        raise NotAllowed
    return membership


def where_may(actor: User, permission: Permission) -> QuerySet[Team]:
    """The teams in which the actor's role covers this, without their personal one."""
    return Team.objects.filter(
        personal_owner__isnull=True,
        memberships__user=actor,
        memberships__role__in=roles_with(permission),
    )


def change_role(*, by: User, team: Team, user: User, role: Role) -> Membership:
    """Raises LastOwner rather than leave the team without an owner."""
    with transaction.atomic():
        lock_members(team)
        membership = member(user, team)
        assignable = assignable_roles(membership_of(by, team))
        if membership.role not in assignable or role not in assignable:
            raise NotAllowed
        if role != Role.OWNER:
            _keep_an_owner_besides(membership)
        membership.role = role
        membership.save(update_fields=["role"])
        return membership


def remove_member(*, by: User, team: Team, user: User) -> None:
    """Everyone may leave by removing themselves. Raises LastOwner like `change_role`."""
    with transaction.atomic():
        lock_members(team)
        membership = member(user, team)
        if by != user and membership.role not in assignable_roles(membership_of(by, team)):
            raise NotAllowed
        _keep_an_owner_besides(membership)
        membership.delete()


def membership_of(actor: User, team: Team) -> Membership:
    """The actor's own membership. Raises NotAllowed: an outsider may do nothing here."""
    membership = _find(actor, team)
    if membership is None:
        raise NotAllowed
    return membership


def member(user: User, team: Team) -> Membership:
    membership = _find(user, team)
    if membership is None:
        raise NotAMember(user.display_name, team)
    return membership


def lock_members(team: Team) -> None:
    """Let one change of roles run at a time: of two owners who leave at once, one must stay.

    NO KEY leaves foreign keys to the team free, so that images are made meanwhile.
    """
    Team.objects.select_for_update(no_key=True).get(pk=team.pk)


def _find(user: User, team: Team) -> Membership | None:
    return Membership.objects.filter(team=team, user=user).select_related("team").first()


def _keep_an_owner_besides(membership: Membership) -> None:
    if membership.role != Role.OWNER:
        return
    owners = Membership.objects.owners().filter(team=membership.team, user__is_active=True)
    if not owners.exclude(pk=membership.pk).exists():
        raise LastOwner(membership.team)


def _create(*, name: str, slug: str, owner: User, personal: bool = False) -> Team:
    values = {"name": name, "personal_owner": owner if personal else None}
    base = slugify(slug)[:50].strip("-") or "team"
    for attempt in range(SLUG_TRIES):
        free = base if attempt == 0 else f"{base}-{secrets.token_hex(3)}"
        team, created = Team.objects.get_or_create(slug=free, defaults=values)
        if created:
            Membership.objects.create(team=team, user=owner, role=Role.OWNER)
            return team
    raise RuntimeError(f"No free address for a team like {base!r}.")
