"""What staff do to credits by hand: at once below the limit, above it when a second one agrees."""

from datetime import timedelta
from functools import partial

import pytest
from django.contrib.auth.models import Group, Permission
from django.core import mail
from django.db import DatabaseError, IntegrityError, transaction
from django.utils import timezone

from accounts.errors import (
    AccountsError,
    AskDecided,
    ChangeDecided,
    ChangeWaits,
    JoinedLater,
    KeyReused,
    MoreThanCaptured,
    NoLongerStaff,
    NotAllowed,
    NothingToAdjust,
    OverdraftInUse,
    OwnAsk,
    OwnChange,
    RanOutMeanwhile,
    ReasonNeeded,
    TeamHasLess,
    WordsNeeded,
)
from accounts.models import (
    ChangeKind,
    ChangeState,
    CreditAccount,
    CreditChange,
    LedgerEntry,
    Membership,
    Team,
    User,
)
from accounts.services import asks, changes, ledger
from accounts.services.ledger import Balance
from config.ids import uuid7
from tests import factories
from tests.accounts.race import together
from tests.accounts.tampering import tamper
from tests.factories import change

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("little_alone"),
]

ADJUST, OVERDRAFT = ChangeKind.ADJUST, ChangeKind.OVERDRAFT


@pytest.fixture
def team() -> Team:
    """A team with 100 microcredits."""
    return factories.team(amount=100)


def available(team: Team) -> int:
    return ledger.balance(team=team).available


def test_a_small_correction_is_booked_at_once_with_what_was_before(team: Team, first: User) -> None:
    ledger.hold(team=team, amount=30, reference="r1")
    made = change(team, first, -20)
    assert (made.state, made.decided_by, available(team)) == (ChangeState.DONE, None, 50)
    assert (made.posted_before, made.held_before, made.overdraft_before) == (100, 30, 0)
    assert made.entry
    assert (made.entry.kind, made.entry.amount, made.entry.actor) == ("adjust", 20, first)


@pytest.mark.parametrize("amount", [21, -21])
def test_a_large_correction_books_nothing_until_a_second_person_agrees(
    team: Team, first: User, second: User, amount: int
) -> None:
    made = change(team, first, amount)
    assert (made.state, available(team)) == (ChangeState.WAITING, 100)
    done = changes.decide(by=second, change=made, agrees=True)
    assert (done.state, done.decided_by, available(team)) == ("done", second, 100 + amount)
    entry = LedgerEntry.objects.get(kind="adjust")
    assert (entry.actor, entry.approver, entry.reason) == (first, second, "Miscounted")


def test_nobody_agrees_to_their_own_and_only_staff_decide(team: Team, first: User) -> None:
    made = change(team, first, 21)
    with pytest.raises(OwnChange):
        changes.decide(by=first, change=made, agrees=True)
    with pytest.raises(NotAllowed):
        changes.decide(by=factories.owner_of(team), change=made, agrees=True)
    with pytest.raises(NotAllowed):
        change(team, factories.owner_of(team), 1)
    assert available(team) == 100


def test_the_database_itself_refuses_that_somebody_decides_about_their_own(
    team: Team, first: User
) -> None:
    made = change(team, first, 21)
    row = CreditChange.objects.filter(pk=made.pk)
    with pytest.raises(IntegrityError, match="change_decided_by_somebody_else"):
        row.update(state="declined", decided_by=first, decided_at=timezone.now())


def test_one_that_is_declined_says_why_and_never_changes_again(
    team: Team, first: User, second: User
) -> None:
    made = change(team, first, 21)
    with pytest.raises(WordsNeeded):
        changes.decide(by=second, change=made, agrees=False)
    done = changes.decide(by=second, change=made, agrees=False, note="Look again")
    assert (done.state, done.note, available(team)) == ("declined", "Look again", 100)
    with pytest.raises(ChangeDecided):
        changes.decide(by=factories.staff(), change=made, agrees=True)
    row = CreditChange.objects.filter(pk=made.pk)
    for meddle in (partial(row.update, reason="Other"), row.delete):
        with pytest.raises(DatabaseError, match=r"stays so|append-only"), transaction.atomic():
            meddle()


@pytest.mark.parametrize("other", [{"amount": 500}, {"reason": "Other"}, {"words": "Other"}])
def test_what_waits_is_agreed_to_as_it_was_said(
    team: Team, first: User, other: dict[str, object]
) -> None:
    row = CreditChange.objects.filter(pk=change(team, first, 21).pk)
    with pytest.raises(DatabaseError, match="stays so"):
        row.update(**other)


def test_whoever_made_it_takes_it_back_without_a_word(team: Team, first: User) -> None:
    done = changes.decide(by=first, change=change(team, first, 21), agrees=False)
    assert (done.state, available(team)) == (ChangeState.WITHDRAWN, 100)


def test_the_others_of_staff_are_told_of_it_and_its_maker_how_it_ended(
    team: Team, first: User, second: User
) -> None:
    made = change(team, first, 21)
    asked = mail.outbox[-1]
    assert first.email not in asked.to
    assert second.email in asked.to
    assert f"add 0.000021 credits to {team}" in asked.body
    changes.decide(by=second, change=made, agrees=False, note="Look again")
    assert mail.outbox[-1].to == [first.email]
    assert "Look again" in mail.outbox[-1].body


def test_one_whose_maker_left_staff_is_not_agreed_to(team: Team, second: User) -> None:
    gone = factories.staff()
    made = change(team, gone, 21)
    User.objects.filter(pk=gone.pk).update(is_staff=False)
    with pytest.raises(NoLongerStaff):
        changes.decide(by=second, change=made, agrees=True)


def test_it_is_judged_by_the_balance_at_the_time_of_agreeing(
    team: Team, first: User, second: User
) -> None:
    made = change(team, first, -80)
    ledger.hold(team=team, amount=50, reference="r1")
    with pytest.raises(TeamHasLess):
        changes.decide(by=second, change=made, agrees=True)
    made.refresh_from_db()
    assert (made.state, available(team)) == (ChangeState.WAITING, 50)


def test_sent_twice_it_is_done_once_and_refused_with_anything_else(team: Team, first: User) -> None:
    key = uuid7()
    assert change(team, first, 5, key=key) == change(team, first, 5, key=key)
    others = (partial(change, amount=6), partial(change, amount=5, reason="Other"))
    for other in others:
        with pytest.raises(KeyReused):
            other(team, first, key=key)
    assert available(team) == 105


@pytest.mark.parametrize(
    ("amount", "reason", "refusal"), [(0, "Why", NothingToAdjust), (1, " ", ReasonNeeded)]
)
def test_a_change_needs_an_amount_and_a_reason(
    team: Team, first: User, amount: int, reason: str, refusal: type[AccountsError]
) -> None:
    with pytest.raises(refusal):
        change(team, first, amount, reason=reason)
    assert not CreditChange.objects.exists()


def test_an_overdraft_lets_a_team_spend_below_zero_and_is_on_record(
    team: Team, first: User
) -> None:
    made = change(team, first, 20, kind=OVERDRAFT, reason="Pays in March")
    ledger.hold(team=team, amount=115, reference="r1")
    assert ledger.balance(team=team) == Balance(100, 115, 20)
    assert (made.overdraft_before, made.amount, made.entry) == (0, 20, None)
    assert (made.by, made.reason) == (first, "Pays in March")


def test_an_overdraft_is_not_lowered_below_what_is_owed_or_held_by_it(
    team: Team, first: User
) -> None:
    change(team, first, 20, kind=OVERDRAFT)
    ledger.hold(team=team, amount=115, reference="r1")
    with pytest.raises(OverdraftInUse):
        change(team, first, 14, kind=OVERDRAFT)
    assert change(team, first, 15, kind=OVERDRAFT).overdraft_before == 20
    assert CreditChange.objects.count() == 2


def test_an_overdraft_raised_by_much_takes_two_and_lowered_one(
    team: Team, first: User, second: User
) -> None:
    made = change(team, first, 50, kind=OVERDRAFT)
    assert (made.state, ledger.balance(team=team).overdraft) == (ChangeState.WAITING, 0)
    changes.decide(by=second, change=made, agrees=True)
    assert ledger.balance(team=team).overdraft == 50
    assert change(team, first, 0, kind=OVERDRAFT).state == ChangeState.DONE


def test_an_overdraft_below_zero_is_refused_by_the_database(team: Team) -> None:
    with pytest.raises(IntegrityError, match="account_overdraft_not_negative"):
        CreditAccount.objects.filter(team=team).update(overdraft=-1)


def test_a_large_promotion_waits_and_keeps_its_end(team: Team, first: User, second: User) -> None:
    ends = timezone.now() + timedelta(days=9)
    made = change(team, first, 50, kind=ChangeKind.PROMOTION, expires_at=ends)
    assert available(team) == 100
    done = changes.decide(by=second, change=made, agrees=True)
    assert done.entry
    assert [(lot.kind, lot.expires_at) for lot in done.entry.lots.all()] == [("promotion", ends)]
    assert done.entry.approver == second


def test_a_large_grant_on_an_ask_waits_however_little_was_asked_for(
    team: Team, first: User, second: User
) -> None:
    person = factories.member(team)
    asked = asks.ask(by=person, team=team, amount=1, words="For the fair")
    assert asks.grant(by=first, ask=asked, amount=10**15, note="Enjoy") is False
    assert (asked.state, available(team)) == ("open", 100)
    [made] = changes.waiting(team)
    changes.decide(by=second, change=made, agrees=True)
    asked.refresh_from_db()
    assert (asked.state, asked.granted, asked.note) == ("granted", 10**15, "Enjoy")
    assert (asked.decided_by, available(team)) == (first, 100 + 10**15)


def test_only_one_large_grant_waits_for_an_ask_and_not_for_whoever_asked(
    team: Team, first: User
) -> None:
    person = factories.staff()
    Membership.objects.create(team=team, user=person, role="member")
    asked = asks.ask(by=person, team=team, amount=1, words="For the fair")
    asks.grant(by=first, ask=asked, amount=21)
    with pytest.raises(ChangeWaits):
        asks.grant(by=factories.staff(), ask=asked, amount=22)
    with pytest.raises(OwnAsk):
        changes.decide(by=person, change=changes.waiting(team)[0], agrees=True)


def test_what_waits_for_an_ask_ends_with_it(team: Team, first: User, second: User) -> None:
    asked = asks.ask(by=factories.member(team), team=team, amount=1, words="For the fair")
    asks.grant(by=first, ask=asked, amount=21)
    [made] = changes.waiting(team)
    asks.decline(by=second, ask=asked, note="Next month")
    assert not changes.waiting(team).exists()
    with pytest.raises(ChangeDecided):
        changes.decide(by=second, change=made, agrees=True)
    with pytest.raises(AskDecided):
        asks.grant(by=first, ask=asked, amount=1)
    assert available(team) == 100


def test_who_made_what_waits_hears_that_the_ask_was_declined_and_why(
    team: Team, first: User, second: User
) -> None:
    asked = asks.ask(by=factories.member(team), team=team, amount=1, words="For the fair")
    asks.grant(by=first, ask=asked, amount=21)
    [made] = changes.waiting(team)
    mail.outbox.clear()
    asks.decline(by=second, ask=asked, note="N" * 301)
    made.refresh_from_db()
    assert (made.state, made.decided_by, made.note) == ("declined", second, "N" * 300)
    letter = next(one for one in mail.outbox if one.to == [first.email])
    assert letter.subject.startswith("Declined")
    assert "NNN" in letter.body


def test_what_waits_is_taken_back_with_the_ask_and_its_maker_hears_it_unless_they_did_it(
    team: Team, first: User, second: User
) -> None:
    person = factories.member(team)
    for by, told in ((person, 1), (first, 0)):
        asked = asks.ask(by=person, team=team, amount=1, words="For the fair")
        asks.grant(by=first, ask=asked, amount=21)
        [made] = changes.waiting(team)
        mail.outbox.clear()
        if by == person:
            asks.withdraw(by=by, ask=asked)
        else:
            asks.decline(by=by, ask=asked, note="No")
        made.refresh_from_db()
        assert (made.state, made.decided_by) == ("withdrawn", by)
        letters = [one for one in mail.outbox if one.to == [first.email]]
        assert ["no longer asks for it" in one.body for one in letters] == [True] * told


def test_a_refund_is_never_above_what_was_charged_also_when_it_waited(
    team: Team, first: User, second: User
) -> None:
    held = ledger.hold(team=team, amount=60, reference="r1")
    ledger.capture(hold=held.pk, amount=50)
    refund = partial(change, team, first, kind=ChangeKind.REFUND, hold=held, reason="Blurred")
    waits = refund(amount=40)
    refund(amount=15)
    assert available(team) == 65
    with pytest.raises(MoreThanCaptured):
        changes.decide(by=second, change=waits, agrees=True)
    rest = refund(amount=35)
    done = changes.decide(by=second, change=rest, agrees=True)
    assert (done.entry and done.entry.approver, available(team)) == (second, 100)


def test_of_many_who_agree_at_once_one_does(team: Team, first: User) -> None:
    people = [factories.staff() for _ in range(6)]
    made = change(team, first, 21)
    outcomes = together(
        *[partial(changes.decide, by=one, change=made, agrees=True) for one in people]
    )
    assert [type(one) for one in outcomes].count(CreditChange) == 1
    assert [type(one) for one in outcomes].count(ChangeDecided) == 5
    assert available(team) == 121


def test_agreeing_and_ending_the_ask_at_once_do_not_deadlock(team: Team, first: User) -> None:
    one, other = factories.staff(), factories.staff()
    for _ in range(5):
        asked = asks.ask(by=factories.member(team), team=team, amount=1, words="Fair")
        asks.grant(by=first, ask=asked, amount=21)
        made = changes.waiting(team)[0]
        outcomes = together(
            partial(changes.decide, by=one, change=made, agrees=True),
            partial(asks.decline, by=other, ask=asked, note="No"),
        )
        assert sum(isinstance(each, AccountsError) for each in outcomes) == 1
        assert not any(isinstance(each, DatabaseError) for each in outcomes)


# Who may.


def test_staff_without_the_right_to_change_credits_correct_and_agree_to_nothing(
    team: Team, first: User, second: User
) -> None:
    aide, made = factories.staff(is_superuser=False), change(team, first, 21)
    for kind in (ADJUST, OVERDRAFT, ChangeKind.PROMOTION):
        with pytest.raises(NotAllowed):
            change(team, aide, 1, kind=kind)
    with pytest.raises(NotAllowed):
        changes.decide(by=aide, change=made, agrees=True)
    assert mail.outbox[-1].to == [second.email]


def test_they_answer_what_was_asked_for(team: Team) -> None:
    aide = factories.staff(is_superuser=False)
    asked = asks.ask(by=factories.member(team), team=team, amount=1, words="For the fair")
    assert asks.grant(by=aide, ask=asked, amount=5)
    assert available(team) == 105


def test_the_right_may_come_from_a_group(team: Team) -> None:
    aide, group = factories.staff(is_superuser=False), Group.objects.create(name="Accounting")
    group.permissions.add(Permission.objects.get(codename="change_creditaccount"))
    aide.groups.add(group)
    assert change(team, aide, 5).state == ChangeState.DONE


def test_nobody_agrees_whose_account_is_younger_than_the_change(team: Team, first: User) -> None:
    made = change(team, first, 21)
    with pytest.raises(JoinedLater):
        changes.decide(by=factories.staff(), change=made, agrees=True)
    assert available(team) == 100


def test_a_promotion_that_ran_out_while_it_waited_can_only_be_declined(
    team: Team, first: User, second: User
) -> None:
    ends = timezone.now() + timedelta(days=1)
    made = change(team, first, 50, kind=ChangeKind.PROMOTION, expires_at=ends)
    tamper("UPDATE accounts_creditchange SET expires_at = now() - interval '1 minute'")
    with pytest.raises(RanOutMeanwhile):
        changes.decide(by=second, change=made, agrees=True)
    done = changes.decide(by=second, change=made, agrees=False, note="Too late")
    assert (done.state, available(team)) == (ChangeState.DECLINED, 100)
