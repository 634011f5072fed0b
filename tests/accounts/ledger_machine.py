"""Random histories of two teams of one owner: each step is done to the ledger and to a model of it,
and both must say the same."""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import count

import pytest
from django.db import connection, transaction
from django.db.models import Sum
from django.utils import timezone
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    MultipleResults,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    rule,
)

from accounts.errors import (
    HoldResolved,
    InsufficientCredits,
    KeyReused,
    MoreThanCaptured,
    NotMovable,
    OverdraftInUse,
)
from accounts.models import (
    Budget,
    ChangeKind,
    CreditAccount,
    EntryKind,
    Hold,
    HoldState,
    LedgerEntry,
    Lot,
    Period,
    Plan,
    Rollover,
    User,
)
from accounts.services import budgets, freezing, funds, ledger, lots, plans
from accounts.services.invariants import INVARIANTS
from tests import factories
from tests.accounts.ledger_beliefs import (
    Account,
    Booked,
    Held,
    Limit,
    compare_hold,
    compare_limits,
    refusal_of_capture,
)

TEAMS = st.integers(0, 1)
# The limits that a hold keeps within, as bits: the first team's own, and its owner's in it.
LIMITS = st.integers(0, 3)
MONTHLY, ROLLING = 50, 30
LATEST = datetime.max.replace(tzinfo=UTC)
_numbers = count()


class LedgerMachine(RuleBasedStateMachine):
    booked = Bundle("booked")
    holds = Bundle("holds")

    def __init__(self) -> None:
        super().__init__()
        self.history = transaction.atomic()
        self.history.__enter__()
        self.owner, self.staff = factories.user(), _staff()
        self.teams = [factories.team(owner=self.owner, amount=0) for _ in range(2)]
        self.accounts = [Account(), Account()]
        self.began, self.days = timezone.now(), 0

    @initialize(amounts=st.tuples(st.integers(0, 120), st.integers(0, 120)))
    def pay(self, amounts: tuple[int, int]) -> None:
        for at, amount in enumerate(amounts):
            if amount:
                self.top_up_once(at, amount)

    @initialize(rule=st.sampled_from(Rollover))
    def put_on_a_plan(self, rule: Rollover) -> None:
        """The first team, from now on."""
        self.plan = Plan.objects.create(
            name=_reference(),
            credits=MONTHLY,
            rollover=rule,
            rolls_at_most=ROLLING if rule is Rollover.SOME else None,
        )
        team = self.teams[0]
        plans.subscribe(by=self.staff, team=team, plan=self.plan, reason="Order", now=self.began)
        self.accounts[0].posted += MONTHLY

    @initialize(amounts=st.tuples(st.integers(20, 200), st.integers(20, 200)))
    def limit(self, amounts: tuple[int, int]) -> None:
        """The first team, and its owner in it."""
        for which, amount in enumerate(amounts):
            self.accounts[0].limits.append(Limit(self._limit(which, amount), amount))

    @rule(which=st.integers(0, 1), amount=st.integers(0, 200))
    def change_a_limit(self, which: int, amount: int) -> None:
        self._limit(which, amount)
        self.accounts[0].limits[which].amount = amount

    @rule(at=TEAMS)
    def freeze(self, at: int) -> None:
        """Until somebody wants to spend there."""
        account = CreditAccount.objects.filter(team=self.teams[at]).first()
        if account:
            assert freezing.freeze(account=account.pk, why="Wrong") is not self.accounts[at].frozen
            self.accounts[at].frozen = True

    @rule(days=st.integers(0, 40))
    def begin_months(self, days: int) -> None:
        self.days += days
        lasting, known = self._lasting(), set(LedgerEntry.objects.values_list("pk", flat=True))
        begun = plans.grant_due(now=self._day(0))
        made = LedgerEntry.objects.exclude(pk__in=known)
        given = sum(entry.amount for entry in made.filter(kind=EntryKind.GRANT))
        taken = sum(entry.amount for entry in made.filter(kind=EntryKind.EXPIRY))
        self.accounts[0].posted += given - taken
        months = LedgerEntry.objects.filter(key__startswith=f"plan:{self.teams[0].pk}")
        assert [entry.amount for entry in months] == [MONTHLY] * self._months()
        if self.plan.rollover == Rollover.SOME:
            assert self._lasting() <= max(lasting, ROLLING)
        kept = self._kept(0)
        for lot, left in self._left(0) if begun and not self.accounts[0].frozen else []:
            if lot.expires_at and lot.expires_at <= self._day(0):
                assert left == kept[lot.pk]

    @rule(target=booked, at=TEAMS, amount=st.integers(1, 200), ends=st.integers(0, 3))
    def grant(self, at: int, amount: int, ends: int) -> Booked:
        reference, expires_at = _reference(), self._day(ends) if ends else None
        return self._give(
            at,
            amount,
            lambda more: ledger.grant(
                team=self.teams[at],
                amount=amount + more,
                reason="Plan",
                reference=reference,
                expires_at=expires_at,
            ),
        )

    @rule(target=booked, at=TEAMS, amount=st.integers(1, 200))
    def top_up(self, at: int, amount: int) -> Booked:
        return self.top_up_once(at, amount)

    def top_up_once(self, at: int, amount: int) -> Booked:
        reference = _reference()
        return self._give(
            at,
            amount,
            lambda more: funds.top_up(
                team=self.teams[at], amount=amount + more, reference=reference
            ),
        )

    @rule(target=booked, at=TEAMS, amount=st.integers(1, 200), ends=st.integers(1, 3))
    def promote(self, at: int, amount: int, ends: int) -> Booked:
        reference, expires_at = _reference(), self._day(ends)
        return self._give(
            at,
            amount,
            lambda more: funds.promote(
                team=self.teams[at],
                amount=amount + more,
                reference=reference,
                reason="Spring",
                expires_at=expires_at,
            ),
        )

    @rule(target=booked, at=TEAMS, amount=st.integers(1, 100), up=st.booleans())
    def adjust(self, at: int, amount: int, up: bool) -> Booked | MultipleResults[Booked]:
        reference, sign = _reference(), 1 if up else -1

        def adjust(more: int) -> LedgerEntry:
            return funds.adjust(
                team=self.teams[at],
                amount=sign * (amount + more),
                reason="Miscounted",
                reference=reference,
                by=self.staff,
            )

        if up:
            return self._give(at, amount, adjust)
        return self._take(at, amount, adjust, self.accounts[at].refusal_to_give(amount))

    @rule(target=booked, at=TEAMS, amount=st.integers(1, 100))
    def transfer(self, at: int, amount: int) -> Booked | MultipleResults[Booked]:
        reference = _reference()

        def move(more: int) -> LedgerEntry:
            return funds.transfer(
                by=self.owner,
                team=self.teams[at],
                to=self.teams[1 - at],
                amount=amount + more,
                reason="",
                reference=reference,
            )

        account = self.accounts[at]
        refusal = account.refusal_to_spend(amount)
        if refusal is None and self._movable(at) < amount:
            with pytest.raises(NotMovable), transaction.atomic():
                move(0)
            return multiple()
        made = self._take(at, amount, move, refusal)
        if isinstance(made, Booked):
            self.accounts[1 - at].posted += amount
        return made

    @rule(at=TEAMS, amount=st.integers(0, 50))
    def lend(self, at: int, amount: int) -> None:
        """So much from now on, unless more is in use."""
        account = self.accounts[at]
        lend = partial(
            factories.change, self.teams[at], self.staff, amount, kind=ChangeKind.OVERDRAFT
        )
        if amount < account.held - account.posted:
            with pytest.raises(OverdraftInUse), transaction.atomic():
                lend()
            return
        lend()
        account.overdraft = amount

    @rule(one=booked)
    def say_again(self, one: Booked) -> None:
        one.again()

    @rule(one=booked)
    def say_otherwise(self, one: Booked) -> None:
        with pytest.raises(KeyReused), transaction.atomic():
            one.otherwise()

    @rule(target=holds, at=TEAMS, amount=st.integers(1, 100), within=LIMITS)
    def hold(self, at: int, amount: int, within: int) -> Held | MultipleResults[Held]:
        reference, account = _reference(), self.accounts[at]
        limits = [limit for bit, limit in enumerate(account.limits) if within >> bit & 1]
        refusal = account.refusal_to_spend(amount, limits)
        if refusal:
            with pytest.raises(refusal) as refused:
                self._hold(at, amount, reference, limits)
            if isinstance(refused.value, InsufficientCredits):
                assert refused.value.missing == amount - account.available
            self._lift_a_freeze(at)
            return multiple()
        account.holds.append(Held(at, self._hold(at, amount, reference, limits), limits))
        return account.holds[-1]

    @rule(held=holds)
    def hold_again(self, held: Held) -> None:
        first = held.hold
        assert self._hold(held.team, first.amount, first.reference, held.limits) == first

    @rule(target=holds, at=TEAMS, amount=st.integers(1, 60), within=LIMITS)
    def spend(self, at: int, amount: int, within: int) -> Held | MultipleResults[Held]:
        held = self.hold(at, amount, within)
        if isinstance(held, Held):
            self.capture(held, 3)
        return held

    @rule(held=holds, more=st.integers(1, 9))
    def hold_otherwise(self, held: Held, more: int) -> None:
        for at, amount in ((held.team, held.hold.amount + more), (1 - held.team, held.hold.amount)):
            with pytest.raises(KeyReused):
                self._hold(at, amount, held.hold.reference)

    @rule(held=holds, quarters=st.integers(1, 5))
    def capture(self, held: Held, quarters: int) -> None:
        amount = max(1, held.hold.amount * quarters // 4)
        refusal = refusal_of_capture(held, amount)
        if refusal:
            with pytest.raises(refusal), transaction.atomic():
                ledger.capture(hold=held.hold.pk, amount=amount)
            return
        ledger.capture(hold=held.hold.pk, amount=amount)
        if held.state == HoldState.PENDING:
            held.state, held.captured = HoldState.CAPTURED, amount
            self.accounts[held.team].posted -= amount

    @rule(held=holds)
    def release(self, held: Held) -> None:
        if held.state == HoldState.CAPTURED:
            with pytest.raises(HoldResolved), transaction.atomic():
                ledger.release(hold=held.hold.pk)
            return
        ledger.release(hold=held.hold.pk)
        held.state = HoldState.RELEASED

    @rule(held=holds, amount=st.integers(1, 100))
    def overrun(self, held: Held, amount: int) -> None:
        account = self.accounts[held.team]
        if held.overrun not in (0, amount):
            with pytest.raises(KeyReused):
                ledger.overrun(hold=held.hold.pk, amount=amount, reason="above")
            return
        for _ in range(2):
            ledger.overrun(hold=held.hold.pk, amount=amount, reason="above")
        if not held.overrun:
            covered = min(amount, max(account.available, 0))
            account.posted -= covered
            held.overrun, held.above = amount, covered
            held.house += amount - covered

    @rule(held=holds, amount=st.integers(1, 100))
    def house(self, held: Held, amount: int) -> None:
        reference = _reference()
        for _ in range(2):
            ledger.house(hold=held.hold.pk, amount=amount, reason="lost", reference=reference)
        held.house += amount

    @rule(target=booked, held=holds, amount=st.integers(1, 60))
    def refund(self, held: Held, amount: int) -> Booked | MultipleResults[Booked]:
        reference = _reference()

        def refund(more: int) -> LedgerEntry:
            return ledger.refund(
                hold=held.hold.pk, amount=amount + more, reference=reference, reason="Blurred"
            )

        captured = held.state is HoldState.CAPTURED
        if not captured or held.refunded + amount > held.captured + held.above:
            with pytest.raises(MoreThanCaptured):
                refund(0)
            return multiple()
        held.refunded += amount
        return self._give(held.team, amount, refund)

    @rule(days=st.integers(0, 3))
    def expire(self, days: int) -> None:
        self.days += days
        kept, before = Counter[int](), Counter[int]()
        for at in (0, 1):
            kept += self._kept(at)
            before.update({lot.pk: left for lot, left in self._left(at)})
        taken = lots.expire(now=self._day(0))
        posted = [ledger.balance(team=team).posted for team in self.teams]
        assert taken == sum(one.posted for one in self.accounts) - sum(posted)
        for at, account in enumerate(self.accounts):
            account.posted = posted[at]
            for lot, left in self._left(at):
                ended = lot.expires_at is not None and lot.expires_at <= self._day(0)
                taken_back = ended and not account.frozen
                assert left == (kept if taken_back else before)[lot.pk]

    @invariant()
    def the_counters_are_the_models(self) -> None:
        for team, account in zip(self.teams, self.accounts, strict=True):
            now = ledger.balance(team=team)
            assert (now.posted, now.held) == (account.posted, account.held)
            assert now.available == account.available >= 0

    def teardown(self) -> None:
        try:
            self._compare()
        finally:
            transaction.set_rollback(True)
            self.history.__exit__(None, None, None)

    def _compare(self) -> None:
        """Nothing stands that must not, and every hold and lot as the model has it."""
        for at, account in enumerate(self.accounts):
            assert sum(left for _, left in self._left(at)) == max(account.posted, 0)
            for held in account.holds:
                compare_hold(held)
            compare_limits(account)
        with connection.cursor() as cursor:
            for invariant in INVARIANTS:
                for words, query in invariant.looks.items():
                    cursor.execute(query, invariant.values)
                    assert not cursor.fetchall(), words

    def _give(self, at: int, amount: int, give: Callable[[int], object]) -> Booked:
        give(0)
        self.accounts[at].posted += amount
        return Booked(lambda: give(0), lambda: give(1))

    def _take(
        self,
        at: int,
        amount: int,
        take: Callable[[int], object],
        refusal: type[Exception] | None,
    ) -> Booked | MultipleResults[Booked]:
        if refusal:
            with pytest.raises(refusal), transaction.atomic():
                take(0)
            return multiple()
        take(0)
        self.accounts[at].posted -= amount
        return Booked(lambda: take(0), lambda: take(1))

    def _hold(self, at: int, amount: int, reference: str, limits: Sequence[Limit] = ()) -> Hold:
        return ledger.hold(
            team=self.teams[at],
            amount=amount,
            reference=reference,
            limits=[limit.budget for limit in limits],
        )

    def _limit(self, which: int, amount: int) -> Budget:
        return budgets.set_limit(
            by=self.owner,
            team=self.teams[0],
            member=self.owner if which else None,
            period=Period.TOTAL,
            amount=amount,
        )

    def _lift_a_freeze(self, at: int) -> None:
        if self.accounts[at].frozen:
            account = CreditAccount.objects.get(team=self.teams[at])
            freezing.unfreeze(account=account, by=self.staff, reason="Looked at")
            self.accounts[at].frozen = False

    def _day(self, later: int) -> datetime:
        return self.began + timedelta(days=self.days + later)

    def _months(self) -> int:
        """How many months the history has been in."""
        now = self._day(0)
        return 12 * (now.year - self.began.year) + now.month - self.began.month + 1

    def _lasting(self) -> int:
        return sum(left for lot, left in self._left(0) if lot.kind == "plan" and not lot.expires_at)

    def _kept(self, at: int) -> Counter[int]:
        """What pending holds may still take of each lot: first of those that were open for them."""
        kept = Counter[int]()
        mine = sorted(self._left(at), key=lambda pair: lots.burn_order(pair[0]))
        for held in self.accounts[at].holds:
            needed = held.hold.amount if held.state == HoldState.PENDING else 0
            when = held.hold.created_at
            valid = [
                pair
                for pair in mine
                if (pair[0].expires_at or LATEST) > when >= pair[0].effective_at
            ]
            for lot, left in valid + mine:
                part = min(needed, left - kept[lot.pk])
                kept[lot.pk] += part
                needed -= part
        return kept

    def _movable(self, at: int) -> int:
        """What was granted or paid for, and is neither spent nor kept by pending holds."""
        kept = self._kept(at)
        return sum(
            left - kept[lot.pk]
            for lot, left in self._left(at)
            if lot.kind in {"granted", "purchased"} and (lot.expires_at or LATEST) > timezone.now()
        )

    def _left(self, at: int) -> list[tuple[Lot, int]]:
        """What each of the team's lots has left, with all that was spent matched."""
        account = CreditAccount.objects.filter(team=self.teams[at]).first()
        if account is None:
            return []
        lots.allocate(account)
        found = Lot.objects.filter(account=account).annotate(burnt=Sum("allocations__amount"))
        return [(lot, lot.amount - (lot.burnt or 0)) for lot in found]


def _reference() -> str:
    return f"step {next(_numbers)}"


def _staff() -> User:
    user = factories.user()
    user.is_staff = user.is_superuser = True
    user.save(update_fields=["is_staff", "is_superuser"])
    return user
