"""What is charged above a hold, what no team pays, and what goes back."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.errors import KeyReused, MoreThanCaptured
from accounts.models import EntryKind, Hold, LedgerEntry, Lot, LotKind, Team
from accounts.services import funds, ledger, ledger_check
from tests import factories
from tests.accounts.booked import balance, entries

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def team() -> Team:
    """A team with 100 microcredits."""
    return factories.team(amount=100)


def overrun(hold: Hold, amount: int) -> None:
    ledger.overrun(hold=hold.pk, amount=amount, reason="above the hold")


def test_an_overrun_is_paid_by_the_team_as_far_as_it_can_and_by_the_house_for_the_rest(
    team: Team,
) -> None:
    hold = ledger.hold(team=team, amount=60, reference="r1")
    ledger.capture(hold=hold.pk, amount=60)
    overrun(hold, 500)
    assert balance(team) == (0, 0, 0)
    assert entries(EntryKind.OVERRUN) == [("team", "revenue", 40)]
    assert entries(EntryKind.HOUSE) == [("overrun", "revenue", 460)]


def test_an_overrun_that_the_team_can_pay_costs_the_house_nothing(team: Team) -> None:
    overrun(ledger.hold(team=team, amount=60, reference="r1"), 40)
    assert balance(team) == (60, 60, 0)
    assert entries(EntryKind.HOUSE) == []


def test_an_overrun_takes_nothing_that_another_request_holds(team: Team) -> None:
    hold = ledger.hold(team=team, amount=10, reference="r1")
    ledger.hold(team=team, amount=90, reference="r2")
    overrun(hold, 5)
    assert balance(team) == (100, 100, 0)
    assert entries(EntryKind.HOUSE) == [("overrun", "revenue", 5)]


@pytest.mark.parametrize("amount", [10, 40, 500])
def test_an_overrun_said_again_is_booked_once(team: Team, amount: int) -> None:
    hold = ledger.hold(team=team, amount=60, reference="r1")
    overrun(hold, amount)
    overrun(hold, amount)
    booked = entries(EntryKind.OVERRUN) + entries(EntryKind.HOUSE)
    assert sum(amount for *_, amount in booked) == amount


def test_a_second_overrun_of_another_amount_is_refused(team: Team) -> None:
    hold = ledger.hold(team=team, amount=60, reference="r1")
    overrun(hold, 500)
    with pytest.raises(KeyReused):
        overrun(hold, 600)


def house(hold: Hold, amount: int, reference: str = "attempt-1") -> None:
    ledger.house(hold=hold.pk, amount=amount, reason="not delivered", reference=reference)


def test_what_no_team_pays_is_booked_to_the_house_once_a_reference(team: Team) -> None:
    hold = ledger.hold(team=team, amount=60, reference="r1")
    for reference in ("attempt-1", "attempt-1", "attempt-2"):
        house(hold, 500, reference)
    assert entries(EntryKind.HOUSE) == [("overrun", "revenue", 500)] * 2
    assert balance(team) == (100, 60, 40)


def test_the_houses_reference_is_refused_for_another_amount_or_hold(team: Team) -> None:
    hold, other = (ledger.hold(team=team, amount=5, reference=name) for name in ("r1", "r2"))
    house(hold, 500)
    for again in ((hold, 600), (other, 500)):
        with pytest.raises(KeyReused):
            house(*again)


@pytest.fixture
def captured(team: Team) -> Hold:
    """A hold of the team's 100, captured at 60."""
    hold = ledger.hold(team=team, amount=100, reference="r1")
    ledger.capture(hold=hold.pk, amount=60)
    return hold


def refund(hold: Hold, amount: int, reference: str = "refund-1") -> LedgerEntry:
    return ledger.refund(hold=hold.pk, amount=amount, reference=reference, reason="Blurred")


def test_a_refund_gives_part_of_a_capture_back_and_says_who_and_why(
    team: Team, captured: Hold
) -> None:
    by = factories.owner_of(team)
    entry = ledger.refund(hold=captured.pk, amount=25, reference="1", reason="Blurred", by=by)
    assert balance(team) == (65, 0, 65)
    assert entries(EntryKind.REFUND) == [("revenue", "team", 25)]
    assert (entry.actor, entry.reason, entry.hold) == (by, "Blurred", captured)


def test_a_refund_said_again_gives_nothing_more(team: Team, captured: Hold) -> None:
    assert refund(captured, 25) == refund(captured, 25)
    assert balance(team) == (65, 0, 65)


def test_refunds_give_back_at_most_what_was_captured(team: Team, captured: Hold) -> None:
    refund(captured, 35)
    with pytest.raises(MoreThanCaptured):
        refund(captured, 26, "refund-2")
    refund(captured, 25, "refund-3")
    assert balance(team) == (100, 0, 100)


def test_what_was_paid_above_the_hold_goes_back_too_and_ends_as_what_paid_it(team: Team) -> None:
    ends = timezone.now() + timedelta(days=90)
    hold = ledger.hold(team=team, amount=100, reference="r1")
    ledger.capture(hold=hold.pk, amount=100)
    funds.promote(team=team, amount=50, reference="p", reason="Spring", expires_at=ends)
    overrun(hold, 50)
    refund(hold, 30)
    refund(hold, 120, "refund-2")
    with pytest.raises(MoreThanCaptured):
        refund(hold, 1, "refund-3")
    back = Lot.objects.filter(kind=LotKind.RETURNED).order_by("pk")
    assert [(one.amount, one.expires_at) for one in back] == [(30, ends), (20, ends), (100, None)]
    assert balance(team) == (150, 0, 150)
    assert ledger_check.check().problems == []


def test_what_the_house_paid_above_the_hold_goes_back_to_nobody(team: Team) -> None:
    hold = ledger.hold(team=team, amount=60, reference="r1")
    ledger.capture(hold=hold.pk, amount=60)
    overrun(hold, 500)
    with pytest.raises(MoreThanCaptured):
        refund(hold, 101)
    refund(hold, 100)
    assert balance(team) == (100, 0, 100)


def test_a_refunds_reference_is_refused_for_another_amount_or_hold(captured: Hold) -> None:
    refund(captured, 25)
    with pytest.raises(KeyReused):
        refund(captured, 24)
    other = ledger.hold(team=factories.team(amount=100), amount=30, reference="r2")
    ledger.capture(hold=other.pk, amount=30)
    with pytest.raises(KeyReused):
        refund(other, 25)


def test_what_was_not_captured_cannot_be_refunded(team: Team) -> None:
    pending = ledger.hold(team=team, amount=10, reference="r1")
    released = ledger.hold(team=team, amount=10, reference="r2")
    ledger.release(hold=released.pk)
    for hold in (pending, released):
        with pytest.raises(MoreThanCaptured):
            refund(hold, 1, str(hold.pk))
