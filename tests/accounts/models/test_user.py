import pytest
from django.db import IntegrityError

from accounts.models import User

pytestmark = pytest.mark.django_db


def test_an_address_is_kept_in_lower_case() -> None:
    assert User.objects.create_user("Mara@Example.COM").email == "mara@example.com"


def test_an_address_is_found_whatever_its_case() -> None:
    user = User.objects.create_user("mara@example.com")

    assert User.objects.get_by_natural_key("MARA@example.com") == user


def test_the_database_refuses_an_address_in_capitals() -> None:
    with pytest.raises(IntegrityError, match="user_email_is_lower_case"):
        User.objects.create(email="Mara@example.com")


def test_two_people_cannot_share_an_address() -> None:
    User.objects.create_user("mara@example.com")

    with pytest.raises(IntegrityError, match="email"):
        User.objects.create_user("MARA@example.com")


def test_a_user_needs_an_address() -> None:
    with pytest.raises(ValueError, match="e-mail"):
        User.objects.create_user("")


def test_without_a_password_nobody_can_sign_in_by_one() -> None:
    assert not User.objects.create_user("mara@example.com").has_usable_password()


@pytest.mark.parametrize(
    ("name", "email", "shown", "initials"),
    [
        ("Mara Lind", "mara@example.com", "Mara Lind", "ML"),
        ("", "jonas.weber@example.com", "jonas.weber", "JW"),
        ("Prince", "p@example.com", "Prince", "P"),
        ("...", "p@example.com", "...", "?"),
    ],
)
def test_a_person_is_shown_by_name_or_address(
    name: str, email: str, shown: str, initials: str
) -> None:
    user = User(name=name, email=email)

    assert (user.display_name, user.initials) == (shown, initials)
