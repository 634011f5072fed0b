from collections.abc import Callable

import pytest
from django.core import mail
from django.db import IntegrityError

from accounts.errors import (
    AskDecided,
    LimitGone,
    NotAllowed,
    OpenAskAlready,
    OwnAsk,
    WordsNeeded,
)
from accounts.models import (
    AskKind,
    AskState,
    Budget,
    CreditRequest,
    LedgerEntry,
    Period,
    User,
)
from accounts.services import asks, budgets, ledger
from tests.accounts.people import People

pytestmark = pytest.mark.django_db(transaction=True)

CREDIT = 1_000_000


@pytest.fixture
def staff(people: People) -> User:
    User.objects.filter(pk=people.outsider.pk).update(is_staff=True)
    return User.objects.get(pk=people.outsider.pk)


@pytest.fixture
def limit(people: People) -> Budget:
    return budgets.set_limit(
        by=people.owner,
        team=people.team,
        member=people.member,
        model="",
        period=Period.MONTH,
        amount=50 * CREDIT,
    )


def ask(people: People, limit: Budget | None = None, *, by: User | None = None) -> CreditRequest:
    return asks.ask(
        by=by or people.member,
        team=people.team,
        amount=20 * CREDIT,
        words="For the spring fair",
        limit=limit,
    )


def test_granted_credits_are_the_teams_and_say_who_asked(people: People, staff: User) -> None:
    asked = ask(people)
    asks.grant(by=staff, ask=asked, amount=15 * CREDIT, note="To begin with")
    entry = LedgerEntry.objects.get(key=f"grant:ask:{asked.pk}")
    assert (entry.amount, entry.actor, entry.reason) == (15 * CREDIT, staff, "Asked for by mara")
    assert ledger.balance(team=people.team).available == 15 * CREDIT
    assert (asked.state, asked.granted, asked.decided_by) == ("granted", 15 * CREDIT, staff)


def test_a_granted_limit_leaves_that_much_more(people: People, limit: Budget) -> None:
    asks.grant(by=people.admin, ask=ask(people, limit), amount=20 * CREDIT)
    limit.refresh_from_db()
    assert limit.amount == 70 * CREDIT
    assert not LedgerEntry.objects.exists()


def test_what_is_declined_gives_nothing(people: People, staff: User) -> None:
    asked = ask(people)
    asks.decline(by=staff, ask=asked, note="Next month")
    assert (asked.state, asked.note, asked.granted) == ("declined", "Next month", None)
    assert ledger.balance(team=people.team).posted == 0


def test_nobody_declines_without_words(people: People, staff: User) -> None:
    with pytest.raises(WordsNeeded):
        asks.decline(by=staff, ask=ask(people), note=" ")


@pytest.mark.parametrize("role", ["member", "viewer", "outsider"])
def test_a_limit_is_raised_by_owners_and_admins_alone(
    people: People, limit: Budget, role: str
) -> None:
    asked = ask(people, limit)
    with pytest.raises(NotAllowed):
        asks.grant(by=people.named(role), ask=asked, amount=1)
    limit.refresh_from_db()
    assert limit.amount == 50 * CREDIT


@pytest.mark.parametrize("role", ["owner", "admin", "member"])
def test_team_credits_are_granted_by_staff_alone(people: People, role: str) -> None:
    with pytest.raises(NotAllowed):
        asks.grant(by=people.named(role), ask=ask(people), amount=1)
    assert ledger.balance(team=people.team).posted == 0


def test_nobody_decides_about_their_own_ask(people: People) -> None:
    people.owner.is_staff = True
    asked = ask(people, by=people.owner)
    with pytest.raises(OwnAsk):
        asks.grant(by=people.owner, ask=asked, amount=1)
    assert CreditRequest.objects.get().is_open


def test_one_ask_of_a_kind_is_open_at_a_time(people: People, limit: Budget) -> None:
    ask(people)
    with pytest.raises(OpenAskAlready):
        ask(people)
    assert ask(people, limit).kind == AskKind.LIMIT
    assert ask(people, by=people.admin).is_open


def test_after_it_was_taken_back_one_may_ask_again(people: People) -> None:
    asks.withdraw(by=people.member, ask=ask(people))
    assert ask(people).is_open


def test_only_who_asked_takes_it_back(people: People) -> None:
    asked = ask(people)
    with pytest.raises(NotAllowed):
        asks.withdraw(by=people.owner, ask=asked)


@pytest.mark.parametrize("state", [AskState.GRANTED, AskState.DECLINED])
def test_what_is_decided_stays_so(people: People, staff: User, state: AskState) -> None:
    asked = ask(people)
    asks.decide(by=staff, ask=asked, verdict=state, amount=CREDIT, note="Decided")
    with pytest.raises(AskDecided, match=str(state)):
        asks.withdraw(by=people.member, ask=asked)
    with pytest.raises(AskDecided):
        asks.grant(by=staff, ask=asked, amount=CREDIT)


@pytest.mark.parametrize("role", ["viewer", "outsider"])
def test_who_makes_no_images_asks_for_nothing(people: People, role: str) -> None:
    with pytest.raises(NotAllowed):
        ask(people, by=people.named(role))


def test_only_a_limit_of_ones_own_can_be_asked_about(people: People, limit: Budget) -> None:
    with pytest.raises(LimitGone):
        ask(people, limit, by=people.admin)


def test_a_limit_that_ended_meanwhile_is_not_raised_and_the_ask_stays_open(
    people: People, limit: Budget
) -> None:
    asked = ask(people, limit)
    budgets.end_limit(by=people.owner, budget=limit)
    with pytest.raises(LimitGone):
        asks.grant(by=people.owner, ask=asked, amount=1)
    assert CreditRequest.objects.get().is_open


@pytest.mark.parametrize(
    "wrong",
    [
        {"amount": 0},
        {"state": "granted"},
        {"state": "granted", "granted": 0, "decided_at": "2026-01-01T00:00Z"},
        {"decided_at": "2026-01-01T00:00Z"},
        {"kind": "limit"},
    ],
)
def test_the_database_refuses_an_ask_that_makes_no_sense(
    people: People, wrong: dict[str, object]
) -> None:
    ask(people)
    with pytest.raises(IntegrityError):
        CreditRequest.objects.update(**wrong)


def test_staff_decide_and_owners_hear_of_an_ask_for_team_credits(
    people: People, staff: User
) -> None:
    ask(people)
    to_staff, to_owners = mail.outbox
    assert to_staff.to == [staff.email]
    assert to_owners.to == [people.owner.email]
    assert "For the spring fair" in to_owners.body
    assert "/operations/credits/" in to_staff.body
    assert "/operations/credits/" not in to_owners.body


def test_approvers_hear_of_an_ask_for_more_room(people: People, limit: Budget) -> None:
    asked = ask(people, limit)
    (letter,) = mail.outbox
    assert letter.to == [people.owner.email, people.admin.email]
    assert f"/credits/asks/{asked.pk}/" in letter.body


def _grant(by: User, asked: CreditRequest) -> None:
    asks.grant(by=by, ask=asked, amount=5 * CREDIT, note="Here you are")


def _decline(by: User, asked: CreditRequest) -> None:
    asks.decline(by=by, ask=asked, note="Here you are not")


@pytest.mark.parametrize(
    ("decide", "words"),
    [(_grant, "granted 5 credits of the 20"), (_decline, "declined the 20 credits")],
)
def test_who_asked_and_the_owners_hear_what_was_decided(
    people: People, staff: User, decide: Callable[[User, CreditRequest], None], words: str
) -> None:
    asked = ask(people)
    mail.outbox.clear()
    decide(staff, asked)
    (letter,) = mail.outbox
    assert letter.to == [people.member.email, people.owner.email]
    assert words in letter.body
    assert "Here you are" in letter.body


def test_a_mail_server_that_is_away_keeps_nobody_from_asking(
    people: People, staff: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("django.core.mail.backends.locmem.EmailBackend.send_messages", _away)
    assert ask(people).is_open


def _away(*_: object) -> int:
    raise OSError("no route to host")
