"""The provider clients of this process, made from the settings on first use."""

import functools
from collections.abc import Callable, Mapping

from django.conf import settings

from generations.catalog import MODELS, Model
from generations.providers.aimlapi import AimlApi
from generations.providers.base import DirectProvider, Provider, ProviderConfig, QueueProvider
from generations.providers.fal import Fal, FalConfig
from generations.providers.fal_signatures import Verifier

AIMLAPI = "aimlapi"
FAL = "fal"


@functools.cache
def client(name: str) -> Provider:
    """The client of a provider that can be called. Raises KeyError for any other."""
    return _CLIENTS[name]()


def direct(name: str) -> DirectProvider:
    """The client of a provider that answers with pictures. Raises KeyError for any other."""
    found = client(name)
    if not isinstance(found, AimlApi):
        raise KeyError(name)
    return found


def queue(name: str) -> QueueProvider:
    """The client of a provider that queues. Raises KeyError for any other."""
    found = client(name)
    if not isinstance(found, Fal):
        raise KeyError(name)
    return found


def is_queue(name: str) -> bool:
    return name == FAL


@functools.cache
def verifier() -> Verifier:
    """Whoever tells whether a webhook is fal's; it keeps fal's keys."""
    return Verifier(_fal().fetch_keys)


def callable_providers() -> list[str]:
    return list(settings.PROVIDERS)


def callable_models() -> list[Model]:
    return [one for one in MODELS.values() if one.provider in callable_providers()]


def with_books() -> list[str]:
    """Those whose charges can be read: fal shows them to an admin key alone."""
    return [name for name in callable_providers() if name != FAL or settings.FAL_ADMIN_KEY]


def _aimlapi() -> AimlApi:
    return AimlApi(_config(AIMLAPI, settings.AIMLAPI_BASE_URL, settings.AIMLAPI_KEY))


def _fal() -> Fal:
    return Fal(
        FalConfig(
            provider=_config(FAL, settings.FAL_QUEUE_BASE_URL, settings.FAL_KEY),
            rest_url=settings.FAL_REST_BASE_URL,
            api_url=settings.FAL_API_BASE_URL,
            jwks_url=settings.FAL_JWKS_URL,
            admin_key=settings.FAL_ADMIN_KEY,
        )
    )


def _config(name: str, base_url: str, key: str) -> ProviderConfig:
    return ProviderConfig(
        name=name,
        base_url=base_url,
        key=key,
        result_hosts=tuple(settings.PROVIDER_RESULT_HOSTS),
        deadline=settings.PROVIDER_DEADLINE,
    )


_CLIENTS: Mapping[str, Callable[[], Provider]] = {AIMLAPI: _aimlapi, FAL: _fal}
