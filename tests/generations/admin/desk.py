"""Staff at their desk, and what is complained about."""

from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from accounts.models import User
from generations.models import Image, Report, ReportReason
from generations.services import moderation
from tests import factories

PROMPT = "A secret heron of folded paper"


def complain(image: Image) -> Report:
    someone = factories.member(image.team)
    return moderation.report(
        by=someone, image=image, reason=ReportReason.VIOLENCE, words="Not for us"
    )


def staff(*rights: str) -> User:
    """Somebody of the staff who has these rights alone."""
    user = factories.user()
    user.is_staff = True
    user.save()
    user.user_permissions.set(Permission.objects.filter(codename__in=rights))
    return user


def address(row: type | object, page: str) -> str:
    model = row if isinstance(row, type) else type(row)
    args = [] if isinstance(row, type) else [row.pk]  # type: ignore[attr-defined]
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)  # type: ignore[attr-defined]


def decide(desk: Client, row: Report | Image, action: str, **form: str) -> str:
    chosen = {"action": action, "_selected_action": str(row.pk), **form}
    return desk.post(address(type(row), "changelist"), chosen, follow=True).text
