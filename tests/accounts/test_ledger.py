"""Credits that come in, are held, and are captured or given back."""

from collections.abc import Callable
from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.errors import AccountFrozen, HoldResolved, InsufficientCredits, KeyReused
from accounts.models import AccountKind, CreditAccount, EntryKind, HoldState, LedgerEntry, Team
from accounts.services import ledger
from tests import factories
from tests.accounts.booked import balance, entries

pytestmark = pytest.mark.django_db


@pytest.fixture
def team() -> Team:
    """A team with 100 microcredits."""
    return factories.team(amount=100)


def grant(team: Team, amount: int, reference: str = "grant-1") -> LedgerEntry:
    return ledger.grant(team=team, amount=amount, reason="Welcome", reference=reference)


def test_a_team_that_was_never_given_credits_has_none() -> None:
    assert balance(factories.team(amount=0)) == (0, 0, 0)


def test_a_grant_comes_from_funding_and_names_who_gave_it_and_why(team: Team) -> None:
    giver = factories.owner_of(team)
    entry = ledger.grant(team=team, amount=50, reason="Prize", reference="prize", by=giver)
    assert balance(team) == (150, 0, 150)
    assert (entry.debit.kind, entry.credit.team, entry.amount) == ("funding", team, 50)
    assert (entry.actor, entry.reason) == (giver, "Prize")


def test_a_grant_said_again_gives_nothing_more(team: Team) -> None:
    assert grant(team, 50) == grant(team, 50)
    assert balance(team) == (150, 0, 150)


def test_a_grants_reference_is_refused_for_another_amount(team: Team) -> None:
    grant(team, 50)
    with pytest.raises(KeyReused):
        grant(team, 60)
    assert balance(team) == (150, 0, 150)


def test_a_grants_reference_is_refused_for_another_team(team: Team) -> None:
    grant(team, 50)
    other = factories.team(amount=0)
    with pytest.raises(KeyReused):
        grant(other, 50)
    assert balance(other) == (0, 0, 0)


def test_a_hold_sets_credits_aside_without_spending_them(team: Team) -> None:
    hold = ledger.hold(team=team, amount=60, reference="r1")
    assert balance(team) == (100, 60, 40)
    assert (hold.state, hold.amount, hold.captured) == (HoldState.PENDING, 60, 0)


def test_what_was_held_is_known_however_it_ended(team: Team) -> None:
    taken, given_back = (
        ledger.hold(team=team, amount=amount, reference=f"request-{amount}") for amount in (30, 40)
    )
    ledger.capture(hold=taken.pk, amount=10)
    ledger.release(hold=given_back.pk)
    assert [ledger.held(hold=one.pk) for one in (taken, given_back)] == [30, 40]


def test_a_hold_may_take_the_last_microcredit(team: Team) -> None:
    ledger.hold(team=team, amount=100, reference="r1")
    assert balance(team) == (100, 100, 0)


def test_a_hold_is_refused_when_credits_are_missing_and_says_how_many(team: Team) -> None:
    ledger.hold(team=team, amount=60, reference="r1")
    with pytest.raises(InsufficientCredits) as refused:
        ledger.hold(team=team, amount=45, reference="r2")
    assert (refused.value.needed, refused.value.available, refused.value.missing) == (45, 40, 5)
    assert balance(team) == (100, 60, 40)


def test_a_team_without_an_account_is_told_how_many_credits_are_missing() -> None:
    with pytest.raises(InsufficientCredits) as refused:
        ledger.hold(team=factories.team(amount=0), amount=45, reference="r1")
    assert refused.value.missing == 45


def test_an_overdraft_counts_as_available(team: Team) -> None:
    CreditAccount.objects.filter(team=team).update(overdraft=30)
    ledger.hold(team=team, amount=130, reference="r1")
    assert balance(team) == (100, 130, 0)


def test_a_hold_said_again_is_the_first_one(team: Team) -> None:
    first = ledger.hold(team=team, amount=40, reference="r1")
    assert ledger.hold(team=team, amount=40, reference="r1") == first
    assert balance(team) == (100, 40, 60)


def test_a_hold_said_again_is_the_first_one_when_it_took_the_last_credits(team: Team) -> None:
    first = ledger.hold(team=team, amount=100, reference="r1")
    assert ledger.hold(team=team, amount=100, reference="r1") == first


@pytest.mark.parametrize("amount", [39, 41, 101])
def test_a_holds_reference_is_refused_for_another_amount(team: Team, amount: int) -> None:
    ledger.hold(team=team, amount=40, reference="r1")
    with pytest.raises(KeyReused):
        ledger.hold(team=team, amount=amount, reference="r1")
    assert balance(team) == (100, 40, 60)


def test_a_holds_reference_is_refused_for_another_team(team: Team) -> None:
    ledger.hold(team=team, amount=40, reference="r1")
    with pytest.raises(KeyReused):
        ledger.hold(team=factories.team(amount=100), amount=40, reference="r1")


@pytest.mark.parametrize("amount", [0, -5])
def test_a_hold_of_nothing_is_refused_by_the_database(team: Team, amount: int) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        ledger.hold(team=team, amount=amount, reference="r1")
    assert balance(team) == (100, 0, 100)


def test_a_capture_spends_its_part_and_gives_the_rest_back(team: Team) -> None:
    hold = ledger.hold(team=team, amount=60, reference="r1")
    ledger.capture(hold=hold.pk, amount=45)
    assert balance(team) == (55, 0, 55)
    assert entries(EntryKind.CAPTURE) == [("team", "revenue", 45)]
    hold.refresh_from_db()
    assert (hold.state, hold.captured) == (HoldState.CAPTURED, 45)
    assert hold.resolved_at is not None


def test_a_capture_said_again_spends_nothing_more(team: Team) -> None:
    hold = ledger.hold(team=team, amount=60, reference="r1")
    ledger.capture(hold=hold.pk, amount=45)
    ledger.capture(hold=hold.pk, amount=45)
    assert balance(team) == (55, 0, 55)


def test_a_capture_at_another_amount_is_refused(team: Team) -> None:
    hold = ledger.hold(team=team, amount=60, reference="r1")
    ledger.capture(hold=hold.pk, amount=45)
    with pytest.raises(HoldResolved):
        ledger.capture(hold=hold.pk, amount=46)
    assert balance(team) == (55, 0, 55)


@pytest.mark.parametrize("amount", [61, 0, -1])
def test_a_capture_outside_its_hold_is_refused_by_the_database(team: Team, amount: int) -> None:
    hold = ledger.hold(team=team, amount=60, reference="r1")
    with pytest.raises(IntegrityError), transaction.atomic():
        ledger.capture(hold=hold.pk, amount=amount)
    assert balance(team) == (100, 60, 40)


def test_a_release_gives_the_whole_hold_back(team: Team) -> None:
    hold = ledger.hold(team=team, amount=60, reference="r1")
    ledger.release(hold=hold.pk)
    assert balance(team) == (100, 0, 100)
    assert entries(EntryKind.CAPTURE) == []


def test_a_release_said_again_gives_nothing_more_back(team: Team) -> None:
    hold = ledger.hold(team=team, amount=60, reference="r1")
    ledger.hold(team=team, amount=30, reference="r2")
    ledger.release(hold=hold.pk)
    ledger.release(hold=hold.pk)
    assert balance(team) == (100, 30, 70)


def test_a_captured_hold_cannot_be_released(team: Team) -> None:
    hold = ledger.hold(team=team, amount=60, reference="r1")
    ledger.capture(hold=hold.pk, amount=60)
    with pytest.raises(HoldResolved):
        ledger.release(hold=hold.pk)
    assert balance(team) == (40, 0, 40)


def test_a_released_hold_cannot_be_captured(team: Team) -> None:
    hold = ledger.hold(team=team, amount=60, reference="r1")
    ledger.release(hold=hold.pk)
    with pytest.raises(HoldResolved):
        ledger.capture(hold=hold.pk, amount=60)
    assert balance(team) == (100, 0, 100)


@pytest.mark.parametrize("end", [ledger.release, lambda hold: ledger.capture(hold=hold, amount=1)])
def test_a_hold_that_never_was_cannot_be_ended(end: Callable[..., None]) -> None:
    with pytest.raises(HoldResolved):
        end(hold=uuid4())


def test_the_house_has_one_account_of_each_kind_however_often_it_is_opened() -> None:
    ledger.open_house_accounts()
    kinds = CreditAccount.objects.filter(team=None).values_list("kind", flat=True)
    assert sorted(kinds) == sorted(set(AccountKind) - {AccountKind.TEAM})


def test_a_frozen_team_holds_nothing_more_and_what_it_held_is_settled(team: Team) -> None:
    hold = ledger.hold(team=team, amount=60, reference="r1")
    CreditAccount.objects.filter(team=team).update(frozen_at=timezone.now())
    with pytest.raises(AccountFrozen):
        ledger.hold(team=team, amount=1, reference="r2")
    ledger.capture(hold=hold.pk, amount=50)
    assert balance(team) == (50, 0, 50)
