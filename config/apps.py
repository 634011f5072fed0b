from django.apps import AppConfig


class ConfigConfig(AppConfig):
    """Carries the commands that run the product itself."""

    name = "config"
