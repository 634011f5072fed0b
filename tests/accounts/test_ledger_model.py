"""The ledger beside a model of it, through random histories, in the real PostgreSQL."""

from dataclasses import dataclass, field
from itertools import count

import pytest
from django.db import IntegrityError, connection, transaction
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    MultipleResults,
    RuleBasedStateMachine,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)

from accounts.errors import HoldResolved, InsufficientCredits, KeyReused
from accounts.models import Hold, HoldState, LedgerEntry, Team
from accounts.services import ledger, ledger_check

pytestmark = pytest.mark.django_db

HISTORIES = settings(
    max_examples=100,
    stateful_step_count=20,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
# That a planted bug is found is enough; the shortest history to it would be for people.
UNSHRUNK = settings(HISTORIES, phases=[Phase.generate], report_multiple_bugs=False)

_numbers = count()


@dataclass
class Held:
    """What the model believes of one hold."""

    hold: Hold
    state: str = HoldState.PENDING
    captured: int = 0
    overrun: int = 0


@dataclass
class Model:
    posted: int = 0
    grants: dict[str, int] = field(default_factory=dict)
    holds: dict[str, Held] = field(default_factory=dict)

    @property
    def held(self) -> int:
        pending = (one for one in self.holds.values() if one.state == HoldState.PENDING)
        return sum(one.hold.amount for one in pending)

    @property
    def available(self) -> int:
        return self.posted - self.held


class LedgerMachine(RuleBasedStateMachine):
    """Each step is done to the ledger and to the model; both must say the same."""

    grants = Bundle("grants")
    holds = Bundle("holds")

    def __init__(self) -> None:
        super().__init__()
        self.history = transaction.atomic()
        self.history.__enter__()
        self.team = Team.objects.create(name="Studio", slug=f"studio-{next(_numbers)}")
        self.model = Model()

    @rule(target=grants, amount=st.integers(1, 200))
    def grant(self, amount: int) -> str:
        reference = f"grant {next(_numbers)}"
        self._grant(reference, amount)
        self.model.grants[reference] = amount
        self.model.posted += amount
        return reference

    @rule(reference=grants)
    def grant_again(self, reference: str) -> None:
        self._grant(reference, self.model.grants[reference])

    @rule(reference=grants, more=st.integers(1, 9))
    def grant_otherwise(self, reference: str, more: int) -> None:
        with pytest.raises(KeyReused):
            self._grant(reference, self.model.grants[reference] + more)

    @rule(target=holds, amount=st.integers(1, 100))
    def hold(self, amount: int) -> str | MultipleResults[str]:
        reference = f"hold {next(_numbers)}"
        if amount > self.model.available:
            with pytest.raises(InsufficientCredits) as refused:
                self._hold(reference, amount)
            assert refused.value.missing == amount - self.model.available
            return multiple()
        self.model.holds[reference] = Held(self._hold(reference, amount))
        return reference

    @rule(reference=holds)
    def hold_again(self, reference: str) -> None:
        first = self.model.holds[reference].hold
        assert self._hold(reference, first.amount) == first

    @rule(reference=holds, more=st.integers(1, 9))
    def hold_otherwise(self, reference: str, more: int) -> None:
        with pytest.raises(KeyReused):
            self._hold(reference, self.model.holds[reference].hold.amount + more)

    @rule(reference=holds, quarters=st.integers(1, 5))
    def capture(self, reference: str, quarters: int) -> None:
        held = self.model.holds[reference]
        amount = max(1, held.hold.amount * quarters // 4)
        refusal = self._refusal_of_capture(held, amount)
        if refusal:
            with pytest.raises(refusal), transaction.atomic():
                ledger.capture(hold=held.hold.pk, amount=amount)
            return
        with transaction.atomic():
            ledger.capture(hold=held.hold.pk, amount=amount)
        if held.state == HoldState.PENDING:
            held.state, held.captured = HoldState.CAPTURED, amount
            self.model.posted -= amount

    @rule(reference=holds)
    def release(self, reference: str) -> None:
        held = self.model.holds[reference]
        if held.state == HoldState.CAPTURED:
            with pytest.raises(HoldResolved), transaction.atomic():
                ledger.release(hold=held.hold.pk)
            return
        with transaction.atomic():
            ledger.release(hold=held.hold.pk)
        held.state = HoldState.RELEASED

    @rule(reference=holds, amount=st.integers(1, 100))
    def overrun(self, reference: str, amount: int) -> None:
        held = self.model.holds[reference]
        if held.overrun not in (0, amount):
            with pytest.raises(KeyReused):
                ledger.overrun(hold=held.hold.pk, amount=amount, reason="late")
            return
        for _ in range(2):
            ledger.overrun(hold=held.hold.pk, amount=amount, reason="late")
        held.overrun = amount

    @invariant()
    def the_counters_are_the_models(self) -> None:
        now = ledger.balance(team=self.team)
        assert (now.posted, now.held) == (self.model.posted, self.model.held)
        assert now.available >= 0

    def teardown(self) -> None:
        try:
            self._compare()
        finally:
            transaction.set_rollback(True)
            self.history.__exit__(None, None, None)

    def _compare(self) -> None:
        """The entries say the same as the counters, and every hold stands as the model has it."""
        with connection.cursor() as cursor:
            for words, query in ledger_check.VIOLATIONS.items():
                cursor.execute(query)
                assert not cursor.fetchall(), words
        for held in self.model.holds.values():
            held.hold.refresh_from_db()
            assert (held.hold.state, held.hold.captured) == (held.state, held.captured)
            booked = LedgerEntry.objects.filter(hold=held.hold, kind="overrun")
            assert sum(entry.amount for entry in booked) == held.overrun

    def _grant(self, reference: str, amount: int) -> None:
        ledger.grant(team=self.team, amount=amount, reason="", reference=reference)

    def _hold(self, reference: str, amount: int) -> Hold:
        return ledger.hold(team=self.team, amount=amount, reference=reference)

    def _refusal_of_capture(self, held: Held, amount: int) -> type[Exception] | None:
        if held.state == HoldState.PENDING:
            return IntegrityError if amount > held.hold.amount else None
        same = held.state == HoldState.CAPTURED and held.captured == amount
        return None if same else HoldResolved


def test_every_history_of_a_ledger_is_the_models() -> None:
    run_state_machine_as_test(LedgerMachine, settings=HISTORIES)


# What is planted where, and what it turns into.
PLANTED = {
    "a hold without a look at the balance": (
        "HOLD",
        "AND posted - held + overdraft >= %(amount)s",
        "",
    ),
    "a capture of what was captured": ("CAPTURE", "AND state = 'pending'", ""),
    "a release of what was captured": ("RELEASE", "AND state = 'pending'", ""),
    "a capture that keeps the rest": ("CAPTURE", "held - hold.amount", "held - %(amount)s"),
    "a capture that books nothing": ("CAPTURE", "house.kind = 'revenue'", "house.kind = ''"),
    "a grant that gives again": (
        "GRANT",
        "FROM entry WHERE accounts_creditaccount.id = entry.credit_id",
        "FROM team WHERE accounts_creditaccount.id = team.id",
    ),
    "an overrun of a new key each time": ("OVERRUN", "%(key)s", "%(key)s || random()"),
}
FOUND = (
    AssertionError,
    IntegrityError,
    KeyReused,
    LedgerEntry.DoesNotExist,
    pytest.fail.Exception,
)


@pytest.mark.parametrize("bug", PLANTED)
def test_the_model_finds_a_planted_bug(monkeypatch: pytest.MonkeyPatch, bug: str) -> None:
    name, right, wrong = PLANTED[bug]
    statement: str = getattr(ledger, name)
    assert right in statement
    monkeypatch.setattr(ledger, name, statement.replace(right, wrong))
    with pytest.raises(FOUND):
        run_state_machine_as_test(LedgerMachine, settings=UNSHRUNK)
