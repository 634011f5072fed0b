from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate


def open_house_accounts(**_: Any) -> None:
    from accounts.services import ledger  # noqa: PLC0415  # models exist only after start-up

    ledger.open_house_accounts()


class AccountsConfig(AppConfig):
    name = "accounts"
    default_auto_field = "django.db.models.BigAutoField"
    verbose_name = "People, teams and credits"

    def ready(self) -> None:
        post_migrate.connect(open_house_accounts, sender=self)
