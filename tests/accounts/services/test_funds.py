import itertools
from datetime import timedelta
from functools import partial

import pytest
from django.utils import timezone
from pytest_django import Settings

from accounts.errors import (
    AccountFrozen,
    InsufficientCredits,
    KeyReused,
    NotAllowed,
    NothingToAdjust,
    NotMovable,
    ReasonNeeded,
    SecondPersonNeeded,
)
from accounts.models import (
    CreditAccount,
    LedgerEntry,
    Lot,
    LotKind,
    Plan,
    Role,
    Rollover,
    Team,
    User,
)
from accounts.services import funds, ledger, plans, teams
from accounts.services import lots as lot_service
from tests import factories

pytestmark = pytest.mark.django_db

TOMORROW = timezone.now() + timedelta(days=1)
_numbers = itertools.count()


@pytest.fixture
def team() -> Team:
    """A team with 100 microcredits."""
    return factories.team(amount=100)


@pytest.fixture
def staff() -> User:
    return factories.staff()


def available(team: Team) -> int:
    return ledger.balance(team=team).available


def lots(team: Team) -> list[tuple[str, int]]:
    found = Lot.objects.filter(account__team=team).order_by("id")
    return [(lot.kind, lot.amount) for lot in found]


def sides(entry: LedgerEntry) -> tuple[str, str]:
    return entry.debit.kind, entry.credit.kind


def test_a_payment_is_credited_once_from_funding_with_a_purchased_lot(team: Team) -> None:
    for _ in range(2):
        entry = funds.top_up(team=team, amount=50, reference="stripe:pi_1")
    assert (available(team), sides(entry)) == (150, ("funding", "team"))
    assert lots(team)[1:] == [(LotKind.PURCHASED, 50)]


def test_a_payments_reference_is_refused_for_another_amount_or_team(team: Team) -> None:
    funds.top_up(team=team, amount=50, reference="stripe:pi_1")
    for again, amount in ((team, 60), (factories.team(amount=0), 50)):
        with pytest.raises(KeyReused):
            funds.top_up(team=again, amount=amount, reference="stripe:pi_1")


def test_a_promotion_comes_from_its_own_account_and_runs_out(team: Team) -> None:
    entry = funds.promote(
        team=team, amount=50, reference="spring", reason="Spring", expires_at=TOMORROW
    )
    assert sides(entry) == ("promotion", "team")
    lot = entry.lots.get()
    assert (lot.kind, lot.amount, lot.expires_at) == (LotKind.PROMOTION, 50, TOMORROW)


def test_who_is_new_finds_sign_up_credits_once(settings: Settings) -> None:
    settings.SIGN_UP_CREDITS, settings.SIGN_UP_CREDITS_DAYS = 70, 14
    user = factories.user()
    personal = teams.create_personal_team(user)
    (lot,) = Lot.objects.filter(account__team=personal)
    assert (lot.kind, lot.amount, lot.entry.reason) == (LotKind.PROMOTION, 70, "Welcome")
    assert lot.expires_at
    assert lot.expires_at - timezone.now() > timedelta(days=13)
    funds.welcome(user=user, team=personal)
    assert available(personal) == 70


def test_sign_up_credits_last_unless_days_are_set(settings: Settings) -> None:
    settings.SIGN_UP_CREDITS = 70
    factories.user()
    assert Lot.objects.get().expires_at is None


def test_without_sign_up_credits_nobody_gets_an_account(team: Team) -> None:
    assert not CreditAccount.objects.filter(team__personal_owner__isnull=False).exists()


def adjust(
    team: Team, amount: int, by: User, *, approver: User | None = None, reason: str = "Miscounted"
) -> LedgerEntry:
    return funds.adjust(
        team=team, amount=amount, reason=reason, reference="case 7", by=by, approver=approver
    )


def test_a_correction_up_is_credited_with_who_and_why(team: Team, staff: User) -> None:
    entry = adjust(team, 20, staff)
    assert (available(team), sides(entry)) == (120, ("adjustment", "team"))
    assert (entry.actor, entry.reason) == (staff, "Miscounted")


def test_a_correction_down_is_debited_once(team: Team, staff: User) -> None:
    assert adjust(team, -20, staff) == adjust(team, -20, staff)
    assert available(team) == 80
    assert sides(LedgerEntry.objects.get(kind="adjust")) == ("team", "adjustment")


def test_a_correction_down_takes_nothing_that_is_held(team: Team, staff: User) -> None:
    ledger.hold(team=team, amount=90, reference="r1")
    with pytest.raises(InsufficientCredits) as refused:
        adjust(team, -11, staff)
    assert refused.value.missing == 1
    assert available(team) == 10


@pytest.mark.parametrize("again", [21, -20, -21])
def test_a_corrections_reference_is_refused_for_another_amount(
    team: Team, staff: User, again: int
) -> None:
    adjust(team, 20, staff)
    with pytest.raises(KeyReused):
        adjust(team, again, staff)
    assert available(team) == 120


def test_only_active_staff_correct(team: Team) -> None:
    for by in (factories.owner_of(team), factories.staff(is_active=False)):
        with pytest.raises(NotAllowed):
            adjust(team, 20, by)


def test_a_correction_needs_a_reason_and_an_amount(team: Team, staff: User) -> None:
    with pytest.raises(ReasonNeeded):
        adjust(team, 20, staff, reason="  ")
    with pytest.raises(NothingToAdjust):
        adjust(team, 0, staff)


@pytest.mark.parametrize("amount", [21, -21])
def test_a_large_correction_takes_a_second_person_of_staff(
    team: Team, staff: User, amount: int, settings: Settings
) -> None:
    settings.ADJUSTMENT_LIMIT = 20
    unfit = (None, staff, factories.owner_of(team), factories.staff(is_active=False))
    for approver in unfit:
        with pytest.raises(SecondPersonNeeded):
            adjust(team, amount, staff, approver=approver)
    second = factories.staff()
    assert adjust(team, amount, staff, approver=second).approver == second


@pytest.fixture
def other(team: Team) -> Team:
    """A second team of the first one's owner, without credits."""
    return factories.team(owner=factories.owner_of(team), amount=0)


def transfer(team: Team, to: Team, amount: int, *, by: User | None = None) -> LedgerEntry:
    return funds.transfer(
        by=by or factories.owner_of(team),
        team=team,
        to=to,
        amount=amount,
        reason="For the campaign",
        reference="move 1",
    )


def test_an_owner_moves_credits_between_two_teams_once(team: Team, other: Team) -> None:
    assert transfer(team, other, 30) == transfer(team, other, 30)
    assert (available(team), available(other)) == (70, 30)


def test_a_transfers_reference_is_refused_for_another_amount_or_direction(
    team: Team, other: Team
) -> None:
    transfer(team, other, 30)
    for giver, taker, amount in ((team, other, 29), (other, team, 30)):
        with pytest.raises(KeyReused):
            transfer(giver, taker, amount)
    assert (available(team), available(other)) == (70, 30)


def test_a_transfer_takes_nothing_that_is_held(team: Team, other: Team) -> None:
    ledger.hold(team=team, amount=80, reference="r1")
    with pytest.raises(InsufficientCredits):
        transfer(team, other, 21)
    assert (available(team), available(other)) == (20, 0)


def test_a_team_that_never_had_credits_gives_none(team: Team, other: Team) -> None:
    with pytest.raises(InsufficientCredits):
        transfer(other, team, 1)


def test_only_who_owns_both_teams_moves_credits(team: Team) -> None:
    strange = factories.team(amount=0)
    for by in (factories.owner_of(team), factories.owner_of(strange)):
        with pytest.raises(NotAllowed):
            transfer(team, strange, 1, by=by)
    admin = factories.member(team, Role.ADMIN)
    with pytest.raises(NotAllowed):
        transfer(team, factories.team(owner=admin, amount=0), 1, by=admin)


def test_credits_are_not_moved_to_the_same_team(team: Team) -> None:
    with pytest.raises(NotAllowed):
        transfer(team, team, 1)


def test_a_frozen_team_gives_nothing_away(team: Team, other: Team) -> None:
    CreditAccount.objects.filter(team=team).update(frozen_at=timezone.now())
    with pytest.raises(AccountFrozen):
        transfer(team, other, 1)


def test_moved_credits_run_out_when_they_would_have(team: Team, other: Team) -> None:
    ledger.grant(team=team, amount=50, reason="Trial", reference="trial", expires_at=TOMORROW)
    funds.top_up(team=team, amount=10, reference="stripe:pi_1")
    transfer(team, other, 155)
    moved = Lot.objects.filter(account__team=other).order_by("id")
    assert [(lot.kind, lot.amount, lot.expires_at) for lot in moved] == [
        (LotKind.GRANTED, 50, TOMORROW),
        (LotKind.GRANTED, 100, None),
        (LotKind.PURCHASED, 5, None),
    ]


def test_what_was_promised_by_a_plan_or_a_promotion_stays_with_its_team(
    team: Team, other: Team, staff: User
) -> None:
    funds.promote(team=team, amount=50, reference="spring", reason="Spring", expires_at=TOMORROW)
    plan = Plan.objects.create(name="Studio", credits=70, rollover=Rollover.ALL)
    plans.subscribe(by=staff, team=team, plan=plan, reason="Order")
    with pytest.raises(NotMovable, match=r"0\.0001 credits may be moved"):
        transfer(team, other, 101)
    transfer(team, other, 100)
    assert {lot.kind for lot in Lot.objects.filter(account__team=other)} == {LotKind.GRANTED}
    left = {
        one.lot.kind: one.amount for one in lot_service.left(CreditAccount.objects.get(team=team))
    }
    assert left == {LotKind.PROMOTION: 50, LotKind.PLAN: 70}


def test_what_came_back_of_a_promotion_stays_too(team: Team, other: Team) -> None:
    funds.promote(team=team, amount=50, reference="spring", reason="Spring", expires_at=TOMORROW)
    held = ledger.hold(team=team, amount=50, reference="r1")
    ledger.capture(hold=held.pk, amount=50)
    ledger.refund(hold=held.pk, amount=50, reference="x", reason="Blurred")
    with pytest.raises(NotMovable):
        transfer(team, other, 101)


def test_what_is_borrowed_is_not_moved(team: Team, other: Team) -> None:
    CreditAccount.objects.filter(team=team).update(overdraft=50)
    with pytest.raises(NotMovable):
        transfer(team, other, 101)


def test_a_hold_keeps_what_it_was_admitted_with_from_being_moved(team: Team, other: Team) -> None:
    funds.promote(team=team, amount=50, reference="spring", reason="Spring", expires_at=TOMORROW)
    held = ledger.hold(team=team, amount=70, reference="r1")
    with pytest.raises(InsufficientCredits):
        transfer(team, other, 81)
    transfer(team, other, 80)
    ledger.capture(hold=held.pk, amount=70)
    assert lot_service.left(CreditAccount.objects.get(team=team)) == []


OTHERWISE: list[dict[str, object]] = [
    {"reason": "Summer"},
    {"expires_at": TOMORROW},
    {"by": "staff"},
]


@pytest.mark.parametrize("changes", OTHERWISE)
def test_a_grants_reference_is_refused_with_another_reason_end_or_person(
    team: Team, staff: User, changes: dict[str, object]
) -> None:
    say: dict[str, object] = {"reason": "Spring", "reference": "spring"}
    first = ledger.grant(team=team, amount=50, **say)  # type: ignore[arg-type]  # as it was said
    again = ledger.grant(team=team, amount=50, **say)  # type: ignore[arg-type]  # as it was said
    other = say | changes | ({"by": staff} if "by" in changes else {})
    with pytest.raises(KeyReused):
        ledger.grant(team=team, amount=50, **other)  # type: ignore[arg-type]  # as it was said
    assert (again, available(team)) == (first, 150)


def test_a_corrections_reference_is_refused_with_another_reason_or_person(
    team: Team, staff: User
) -> None:
    for amount in (20, -20):
        funds.adjust(team=team, amount=amount, reason="A", reference=str(amount), by=staff)
        for reason, by in (("B", staff), ("A", factories.staff())):
            with pytest.raises(KeyReused):
                funds.adjust(team=team, amount=amount, reason=reason, reference=str(amount), by=by)
    assert available(team) == 100


def test_a_transfers_reference_is_refused_with_another_reason(team: Team, other: Team) -> None:
    transfer(team, other, 30)
    with pytest.raises(KeyReused):
        funds.transfer(
            by=factories.owner_of(team),
            team=team,
            to=other,
            amount=30,
            reason="For something else",
            reference="move 1",
        )
    assert available(other) == 30


def test_a_refunds_reference_is_refused_with_another_reason(team: Team) -> None:
    held = ledger.hold(team=team, amount=50, reference="r1")
    ledger.capture(hold=held.pk, amount=50)
    for _ in range(2):
        ledger.refund(hold=held.pk, amount=5, reference="x", reason="Blurred")
    with pytest.raises(KeyReused):
        ledger.refund(hold=held.pk, amount=5, reference="x", reason="Late")
    assert available(team) == 55


def test_a_large_promotion_by_staff_takes_a_second_person(
    team: Team, staff: User, settings: Settings
) -> None:
    settings.ADJUSTMENT_LIMIT = 20
    give = partial(
        funds.promote, team=team, amount=21, reference="a", reason="A", expires_at=None, by=staff
    )
    with pytest.raises(SecondPersonNeeded):
        give()
    assert give(approver=factories.staff()).amount == 21
