"""The provider clients of this process, made from the settings on first use."""

import functools

from django.conf import settings

from generations.providers.aimlapi import AimlApi
from generations.providers.base import Provider, ProviderConfig

AIMLAPI = "aimlapi"


@functools.cache
def client(name: str) -> Provider:
    """The client of a provider that can be called. Raises KeyError for any other."""
    return {AIMLAPI: _aimlapi}[name]()


def callable_providers() -> list[str]:
    return [AIMLAPI]


def _aimlapi() -> Provider:
    return AimlApi(
        ProviderConfig(
            name=AIMLAPI,
            base_url=settings.AIMLAPI_BASE_URL,
            key=settings.AIMLAPI_KEY,
            result_hosts=tuple(settings.PROVIDER_RESULT_HOSTS),
            deadline=settings.PROVIDER_DEADLINE,
        )
    )
