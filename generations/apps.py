from typing import Any

from django.apps import AppConfig
from django.apps.registry import Apps
from django.db.models.signals import post_migrate


def open_price_book(*, apps: Apps | None = None, **_: Any) -> None:
    from generations.services import price_book  # noqa: PLC0415  # models exist only after start-up

    if apps is None or "priceversion" in apps.all_models["generations"]:  # not migrated below it
        price_book.seed()


class GenerationsConfig(AppConfig):
    name = "generations"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        post_migrate.connect(open_price_book, sender=self)
