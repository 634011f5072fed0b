"""Lots that come and are burnt by many at once: what the check of their order relies on."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from random import Random
from uuid import UUID

import pytest
from django.db import connection, transaction
from django.utils import timezone

from accounts.models import CreditAccount, Hold, LedgerEntry, LotAllocation, Team, User
from accounts.services import fund_statements, funds, ledger, ledger_check, lots
from tests import factories
from tests.accounts.race import together, wait_until_somebody_waits

pytestmark = pytest.mark.django_db(transaction=True)

CLIENTS = 16
TURNS = 12
HOUR = timedelta(hours=1)


@pytest.fixture
def team() -> Team:
    return factories.team(amount=1000)


class Client:
    """Does at random what may happen to a team's lots."""

    def __init__(self, team: Team, other: Team, number: int) -> None:
        self.team, self.other, self.number, self.turn = team, other, number, 0
        self.owner, self.dice = factories.owner_of(team), Random(number)  # noqa: S311  # not a secret
        self.captured: list[UUID] = []

    def __call__(self) -> None:
        doings = [self.spend, self.spend, self.give_up, self.pay, self.promote, self.refund]
        for turn in range(TURNS):
            self.turn = turn
            self.dice.choice([*doings, self.move, self.match])()

    @property
    def reference(self) -> str:
        return f"{self.number}.{self.turn}"

    @property
    def amount(self) -> int:
        return self.dice.randint(1, 9)

    def hold(self) -> Hold:
        return ledger.hold(team=self.team, amount=10, reference=self.reference)

    def spend(self) -> None:
        held = self.hold()
        ledger.capture(hold=held.pk, amount=self.amount)
        self.captured.append(held.pk)

    def give_up(self) -> None:
        ledger.release(hold=self.hold().pk)

    def pay(self) -> None:
        funds.top_up(team=self.team, amount=self.amount, reference=self.reference)

    def promote(self) -> None:
        ends = timezone.now() + self.amount * HOUR
        funds.promote(
            team=self.team,
            amount=self.amount,
            reference=self.reference,
            reason="Spring",
            expires_at=ends,
        )

    def refund(self) -> None:
        if self.captured:
            held = self.captured.pop()
            ledger.refund(hold=held, amount=1, reference=self.reference, reason="Blurred")

    def move(self) -> None:
        pair = self.dice.sample([self.team, self.other], 2)
        funds.transfer(
            by=self.owner,
            team=pair[0],
            to=pair[1],
            amount=self.amount,
            reason="",
            reference=self.reference,
        )

    def match(self) -> None:
        lots.allocate(CreditAccount.objects.get(team=self.team))


def live(team: Team) -> None:
    """A while of all that, and whatever was spent is matched."""
    other = factories.team(owner=factories.owner_of(team), amount=100)
    clients = [Client(team, other, number) for number in range(CLIENTS)]
    assert together(*clients) == [None] * CLIENTS
    for account in CreditAccount.objects.filter(team__in=[team, other]):
        lots.allocate(account)


def test_lots_are_burnt_in_turn_whatever_many_do_at_once(team: Team) -> None:
    live(team)
    assert LotAllocation.objects.count() > CLIENTS
    assert ledger_check.check().problems == []


@pytest.mark.wrong_books
def test_lots_that_are_burnt_the_last_first_are_found(
    team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The twin: the same, with an allocator that has its lots in another order."""
    right = lots.burn_order
    monkeypatch.setattr(lots, "burn_order", lambda lot: (-right(lot)[0], *right(lot)[1:]))
    live(team)
    assert any("came before it" in problem for problem in ledger_check.check().problems)


def _captured(team: Team) -> UUID:
    held = ledger.hold(team=team, amount=10, reference="captured").pk
    ledger.capture(hold=held, amount=10)
    return held


def _operations(team: Team) -> dict[str, Callable[[], object]]:
    """What books something on the team's account, ready to be done."""
    owner, staff = factories.owner_of(team), User.objects.create_superuser("root@example.com")
    other = factories.team(owner=owner, amount=100)
    held = ledger.hold(team=team, amount=10, reference="held").pk
    captured = _captured(team)
    adjust = partial(funds.adjust, team=team, reason="Miscounted", reference="one", by=staff)
    transfer = partial(funds.transfer, by=owner, amount=1, reason="", reference="one")
    return {
        "topup": partial(funds.top_up, team=team, amount=1, reference="one"),
        "capture": partial(ledger.capture, hold=held, amount=1),
        "overrun": partial(ledger.overrun, hold=captured, amount=1, reason="above"),
        "refund": partial(
            ledger.refund, hold=captured, amount=1, reference="one", reason="Blurred"
        ),
        "adjust": partial(adjust, amount=-1),
        "transfer": partial(transfer, team=team, to=other),
    }


def number_after_a_wait(team: Team, kind: str) -> tuple[int, int]:
    """The numbers of an entry of this kind that waited for its account, and of one meanwhile."""
    operation = _operations(team)[kind]

    def alone() -> None:
        operation()
        connection.close()

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            CreditAccount.objects.select_for_update(no_key=True).get(team=team)
            waiting = pool.submit(alone)
            wait_until_somebody_waits()
            meanwhile = ledger.grant(team=team, amount=1, reason="", reference="meanwhile")
        waiting.result()
    return LedgerEntry.objects.filter(kind=kind).latest("pk").pk, meanwhile.pk


KINDS = ["topup", "capture", "overrun", "refund", "adjust", "transfer"]


@pytest.mark.parametrize("kind", KINDS)
def test_an_accounts_entries_are_numbered_in_the_order_in_which_they_come(
    team: Team, kind: str
) -> None:
    waited, meanwhile = number_after_a_wait(team, kind)
    assert waited > meanwhile


def test_an_entry_that_is_made_before_its_account_is_locked_has_too_low_a_number(
    team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The twin: the account is locked by the update that comes last."""
    careless = fund_statements.GIVE.replace(" FOR NO KEY UPDATE", "")
    assert careless != fund_statements.GIVE
    monkeypatch.setattr(fund_statements, "GIVE", careless)
    waited, meanwhile = number_after_a_wait(team, "topup")
    assert waited < meanwhile
