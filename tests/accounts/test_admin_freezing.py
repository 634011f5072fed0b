import pytest
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.urls import reverse

from accounts.models import BooksCheck, CreditAccount, User
from accounts.services import freezing
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def account() -> CreditAccount:
    """A frozen team's."""
    found = CreditAccount.objects.get(team=factories.team(amount=100))
    freezing.freeze(account=found.pk, why="held is 9")
    return found


@pytest.fixture
def staff(client: Client) -> Client:
    client.force_login(User.objects.create_superuser("root@example.com"))
    return client


def unfreeze(client: Client, account: CreditAccount, **form: str) -> str:
    form |= {"action": "unfreeze", ACTION_CHECKBOX_NAME: str(account.pk)}
    address = reverse("admin:accounts_creditaccount_changelist")
    return client.post(address, form, follow=True).text


def test_staff_are_asked_why_before_a_freeze_is_lifted(
    staff: Client, account: CreditAccount
) -> None:
    for form in ({}, {"reason": "  "}):
        assert "held is 9" in unfreeze(staff, account, **form)
    account.refresh_from_db()
    assert account.frozen_at is not None


def test_a_freeze_is_lifted_with_a_reason_that_is_kept(
    staff: Client, account: CreditAccount
) -> None:
    assert "1 may spend again" in unfreeze(staff, account, reason="Entry 7 corrects it")
    account.refresh_from_db()
    assert (account.frozen_at, account.frozen_because) == (None, "")
    assert LogEntry.objects.get().change_message == "Unfrozen: Entry 7 corrects it"


def test_an_account_that_is_not_frozen_is_left_alone(staff: Client, account: CreditAccount) -> None:
    CreditAccount.objects.update(frozen_at=None)
    assert "None of them is frozen" in unfreeze(staff, account, reason="Why not")
    assert not LogEntry.objects.exists()


def test_staff_who_may_only_look_lift_no_freeze(client: Client, account: CreditAccount) -> None:
    user = factories.user()
    user.is_staff = True
    user.save()
    client.force_login(user)
    unfreeze(client, account, reason="Please")
    account.refresh_from_db()
    assert account.frozen_at is not None


def test_staff_see_when_the_books_were_checked(staff: Client) -> None:
    BooksCheck.objects.create(entries=7, problems=["Account 1: held is 9"], seconds=0.1)
    page = staff.get(reverse("admin:accounts_bookscheck_changelist"))
    assert "held is 9" in page.text
