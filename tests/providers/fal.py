"""A client of fal for a server of raw sockets, and what that server may say."""

import json
from typing import Any

from generations.providers import guard
from generations.providers.base import ProviderConfig, RawAnswer
from generations.providers.fal import Fal, FalConfig
from generations.providers.guard import Resolver
from tests.providers.servers import KEY, PROMPT, Behaviour, Server, says

REALISM = "fal-ai/flux-realism"
ADMIN_KEY = "admin:abcdefghijklmnop"
ID = "764cabcf-b745-4b3e-ae38-1200304cf45b"


def connect(
    server: Server,
    *,
    deadline: float = 5.0,
    queue: str = "",
    resolver: Resolver = guard.resolve,
) -> Fal:
    return Fal(
        FalConfig(
            provider=ProviderConfig(
                name="fal",
                base_url=queue or server.url,
                key=KEY,
                result_hosts=(f"127.0.0.1:{server.port}",),
                deadline=deadline,
            ),
            rest_url=server.url,
            api_url=f"{server.url}/v1",
            jwks_url=f"{server.url}/.well-known/jwks.json",
            admin_key=ADMIN_KEY,
        ),
        resolver=resolver,
    )


def payload(**more: object) -> dict[str, object]:
    return {"model": REALISM, "prompt": PROMPT, "seed": 7, **more}


def submission(base: str = "https://queue.fal.run", **changes: object) -> dict[str, Any]:
    request = f"{base}/fal-ai/flux-realism/requests/{ID}"
    return {
        "status": "IN_QUEUE",
        "request_id": ID,
        "gateway_request_id": ID,
        "response_url": request,
        "status_url": f"{request}/status",
        "cancel_url": f"{request}/cancel",
        "queue_position": 2,
        **changes,
    }


def answers(document: object, *, status: int = 200, **headers: str) -> Behaviour:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return says(json.dumps(document), status=status, headers=named)


def raw(document: object, *, status: int = 200, **headers: str) -> RawAnswer:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    body = document if isinstance(document, str) else json.dumps(document)
    return RawAnswer(status, named, body, 0.1)
