"""Mails that go out once what they speak of is committed."""

from collections.abc import Collection

from django.conf import settings
from django.core.mail import send_mail
from django.db import transaction
from django.template.loader import render_to_string


def send_after_commit(
    template: str, *, subject: str, to: Collection[str], context: dict[str, object]
) -> None:
    """A mail server that is away keeps nothing from being done."""
    body = render_to_string(f"emails/{template}.txt", {**context, "url": settings.PUBLIC_URL})
    line = " ".join(subject.split())
    # A function with a name, which Django asks for when it says what failed.
    transaction.on_commit(
        lambda: send_mail(line, body, None, list(to), fail_silently=True), robust=True
    )
