"""What is done at which hour, UTC. What keeps requests moving is swept by every worker instead."""

from datetime import timedelta
from typing import Any

from celery.schedules import crontab

SCHEDULE: dict[str, dict[str, Any]] = {
    # Does nothing but show that the rest of this is sent.
    "be heard": {"task": "generations.hear_schedule", "schedule": timedelta(seconds=30)},
    # An hour and more after midnight: only then can nothing be added to the day.
    "close days": {"task": "generations.close_days", "schedule": crontab(hour="1", minute="20")},
    "refresh prices": {
        "task": "generations.refresh_prices",
        "schedule": crontab(hour="2", minute="40"),
    },
    "reconcile": {"task": "generations.reconcile", "schedule": crontab(hour="4", minute="10")},
    "match lots": {"task": "accounts.match_lots", "schedule": crontab(hour="0", minute="40")},
    # Plans and run-outs each hour: a clock that was away at midnight must not cost a day.
    "keep time": {"task": "accounts.keep_time", "schedule": crontab(minute="2")},
    "warn of run-outs": {
        "task": "accounts.warn_of_run_outs",
        "schedule": crontab(hour="8", minute="5"),
    },
    "check books": {"task": "generations.check_books", "schedule": crontab(hour="3", minute="10")},
    "purge": {"task": "generations.purge", "schedule": crontab(hour="3", minute="40")},
    "forget webhooks": {
        "task": "generations.forget_webhooks",
        "schedule": crontab(hour="3", minute="50"),
    },
    "clear sessions": {
        "task": "accounts.clear_sessions",
        "schedule": crontab(hour="3", minute="20"),
    },
}
