from django.db import IntegrityError, transaction

from accounts.errors import AlreadySetUp, EmailTaken, KeyReused, PersonalTeam
from accounts.models import Membership, Role, Team, User
from accounts.services import ledger, teams


def create(*, email: str, password: str | None = None, name: str = "") -> User:
    """A person with their personal team; without a password they come by a sign-in link."""
    with transaction.atomic():
        user = User.objects.create_user(email, password, name=name)
        teams.create_personal_team(user)
    return user


def ensure_owner(email: str) -> User | None:
    """The first owner, made now if nobody is here; None once any owner has set up."""
    with transaction.atomic():
        if not User.objects.exists():
            _make_staff(create(email=email))
        owners = list(User.objects.filter(is_superuser=True, is_active=True).order_by("id"))
        return owners[0] if owners and all(map(needs_setup, owners)) else None


def needs_setup(user: User) -> bool:
    """Is this an owner who came by a printed link and has not chosen a password yet?"""
    return user.is_superuser and not user.has_usable_password()


def set_up(
    *, owner: User, name: str, email: str, password: str, team_name: str, amount: int
) -> Team:
    """What a first owner says on the welcome page, in one transaction: person, team, grant.

    Raises AlreadySetUp when it was said before, EmailTaken when the address is somebody else's.
    """
    with transaction.atomic():
        user = User.objects.select_for_update(no_key=True).get(pk=owner.pk)
        if not needs_setup(user):
            raise AlreadySetUp
        user.name, user.email = name, email.lower()
        user.set_password(password)
        _save(user)
        Team.objects.filter(personal_owner=user).update(name=teams.personal_team_name(user))
        team = teams.create_team(by=user, name=team_name)
        if amount:
            ledger.grant(
                team=team,
                amount=amount,
                reason="First credits",
                reference=f"welcome:{user.pk}",
                by=user,
            )
    return team


def bootstrap(*, email: str, password: str, slug: str, amount: int) -> Team:
    """An owner, a team of that slug and its first grant. Only what is missing is made."""
    with transaction.atomic():
        team, _ = Team.objects.get_or_create(
            slug=slug, defaults={"name": slug.replace("-", " ").capitalize()}
        )
        if team.is_personal:
            raise PersonalTeam(slug)
        owner = User.objects.filter(email=email.lower()).first() or create(email=email)
        if not owner.has_usable_password():
            owner.set_password(password)
        _make_staff(owner)
        Membership.objects.update_or_create(team=team, user=owner, defaults={"role": Role.OWNER})
        if amount:
            _first_grant(team=team, amount=amount, by=owner)
    return team


def _first_grant(*, team: Team, amount: int, by: User) -> None:
    reference = f"bootstrap:{team.slug}"
    try:
        ledger.grant(team=team, amount=amount, reason="First credits", reference=reference, by=by)
    except KeyReused:
        return  # It was made before, with another amount, and stays.


def _make_staff(user: User) -> None:
    user.is_staff = user.is_superuser = True
    user.save()


def _save(user: User) -> None:
    try:
        with transaction.atomic():
            user.save()
    except IntegrityError as error:
        raise EmailTaken from error
