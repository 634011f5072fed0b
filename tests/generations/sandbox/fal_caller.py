"""fal's own Python client, pointed at the sandbox instead of fal."""

from typing import Any

import fal_client
import pytest
from fal_client import client as fal_addresses

from tests.generations.sandbox.running import RunningSandbox

REALISM = "fal-ai/flux-realism"
SMALL = {"image_size": {"width": 512, "height": 512}}


def connect(server: RunningSandbox, monkeypatch: pytest.MonkeyPatch) -> fal_client.SyncClient:
    """The client as it comes, but for the names of its hosts, which are constants in it."""
    monkeypatch.setattr(fal_addresses, "QUEUE_URL_FORMAT", f"{server.url}/")
    monkeypatch.setattr(fal_addresses, "REST_URL", server.url)
    monkeypatch.setattr(fal_addresses, "CDN_URL", server.url)
    return fal_client.SyncClient(key=f"{server.key}:secret")


def arguments(prompt: str = "A lighthouse", **more: object) -> dict[str, Any]:
    return {"prompt": prompt, **SMALL, **more}
