"""What beat runs at night or each hour; a fetch and one call each."""

from datetime import timedelta

from celery import shared_task
from django.core.management import call_command

from accounts.services import plans, run_outs

# Each hour, what ran out lately; each night, whatever is left of what ran out before.
LATELY = timedelta(days=1)


@shared_task(name="accounts.keep_time")
def keep_time() -> None:
    plans.keep_time(within=LATELY)


@shared_task(name="accounts.match_lots")
def match_lots() -> None:
    plans.keep_time()


@shared_task(name="accounts.warn_of_run_outs")
def warn_of_run_outs() -> None:
    run_outs.warn()


@shared_task(name="accounts.clear_sessions")
def clear_sessions() -> None:
    call_command("clearsessions")
