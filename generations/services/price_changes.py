"""Changes to the price book, each a new row: by staff, or by a reading within the bound."""

from django.db import transaction
from django.db.models.functions import Now

from accounts.models import Team, User
from accounts.services import staff
from generations import catalog
from generations.catalog import Model, Price
from generations.models import (
    Markup,
    PriceOrigin,
    PriceProposal,
    PriceVersion,
    ProposalState,
)
from generations.services import price_book


def accept(*, by: User, proposal: PriceProposal) -> bool:
    """Put a proposed price into force for what is asked from now on.

    False if it was decided, or its model is not in the catalog any more.
    """
    with transaction.atomic():
        found = _pending(by, proposal)
        if found:
            take_over(found, by=by)
    return found is not None


def decline(*, by: User, proposal: PriceProposal) -> bool:
    """Keep the price in force; the same one is not proposed again. False as with `accept`."""
    with transaction.atomic():
        found = _pending(by, proposal)
        if found:
            _decide(found, ProposalState.DECLINED, by=by)
    return found is not None


def enter(*, by: User, model: Model, price: Price) -> PriceVersion:
    """Put a price into force that somebody knows from elsewhere. Raises NotAllowed."""
    staff.expect_staff(by)
    with transaction.atomic():
        overtake(model)
        version = price_book.version_of(model, price, origin=PriceOrigin.PERSON, accepted_by=by)
        version.save(force_insert=True)
    return version


def take_over(proposal: PriceProposal, *, by: User | None = None) -> PriceVersion:
    """The version made of a proposal; nobody accepts what is within the bound."""
    version = price_book.version_of(
        catalog.get_model(proposal.model),
        proposal.price,
        origin=PriceOrigin.PROVIDER,
        accepted_by=by,
        withdrawn=proposal.withdrawn,
    )
    version.save(force_insert=True)
    _decide(proposal, ProposalState.ACCEPTED, by=by, version=version)
    return version


def overtake(model: Model) -> None:
    """End what waits for this model: it is not what the provider or staff say now."""
    waiting = PriceProposal.objects.filter(
        provider=model.provider, model=model.id, state=ProposalState.PENDING
    )
    waiting.update(state=ProposalState.OVERTAKEN, decided_at=Now())


def mark_up(
    *, by: User, team: Team | None, model: str, basis_points: int, per_image: int
) -> Markup:
    """What a team, or everyone, pays from now on; it replaces the last such mark-up.

    With all of the provider's cost off, `per_image` is the price. Nothing on top is a mark-up too:
    it keeps a more general one away. Raises NotAllowed.
    """
    staff.expect_staff(by)
    return Markup.objects.create(
        team=team,
        model=model,
        basis_points=basis_points,
        per_image=per_image,
        created_by=by,
    )


def end_markup(*, by: User, markup: Markup) -> None:
    """From now on the next more general mark-up counts, or none. Raises NotAllowed."""
    staff.expect_staff(by)
    Markup.objects.create(team=markup.team, model=markup.model, ended=True, created_by=by)


def _pending(by: User, proposal: PriceProposal) -> PriceProposal | None:
    staff.expect_staff(by)
    waiting = PriceProposal.objects.select_for_update(of=("self",))
    return waiting.filter(
        pk=proposal.pk, state=ProposalState.PENDING, model__in=catalog.MODELS
    ).first()


def _decide(
    proposal: PriceProposal,
    state: ProposalState,
    *,
    by: User | None,
    version: PriceVersion | None = None,
) -> None:
    PriceProposal.objects.filter(pk=proposal.pk).update(
        state=state, decided_by=by, decided_at=Now(), version=version
    )
