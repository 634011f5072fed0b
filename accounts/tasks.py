"""What beat runs at night; a fetch and one call each."""

from celery import shared_task
from django.core.management import call_command

from accounts.services import ledger_check, lots


@shared_task(name="accounts.expire_lots")
def expire_lots() -> None:
    lots.expire()


@shared_task(name="accounts.check_books")
def check_books() -> None:
    ledger_check.freeze_violators()


@shared_task(name="accounts.clear_sessions")
def clear_sessions() -> None:
    call_command("clearsessions")
