"""Webhooks as fal sends them: signed with ED25519, and sent again until somebody says 2xx."""

import asyncio
import json
import time

import httpx
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from generations.parameters import Json
from generations.sandbox.fal.jobs import Job, Result
from generations.sandbox.fal.problems import FalProblem
from generations.sandbox.fal.signing import Signer
from generations.sandbox.faults import Fault
from generations.sandbox.state import Sandbox, sandbox_of

MOST_DELIVERIES = 31
FIRST_TIMEOUT, LATER_TIMEOUT = 15.0, 120.0
LONGEST_PAUSE = 600.0
OLD = 3600


async def jwks(request: Request) -> Response:
    sandbox = sandbox_of(request)
    rule = sandbox.faults.at_keys()
    if rule.fault is Fault.KEYS_STATUS:
        raise FalProblem(status=rule.status, detail="Unavailable")
    return JSONResponse(sandbox.fal.signer.jwks())


async def tell(sandbox: Sandbox, job: Job) -> None:
    """Send what came of a job to the address that was given for it, if any."""
    if not job.webhook or job.result is None:
        return
    rule = sandbox.faults.at_hook(job.prompt)
    signer, lag = sandbox.fal.signer, 0
    match rule.fault:
        case Fault.HOOK_NEVER:
            return
        case Fault.HOOK_FORGED:
            signer = Signer()
        case Fault.HOOK_OLD:
            lag = OLD
        case Fault.HOOK_ROTATED:
            signer.rotate()
    body = _body(job, job.result)
    forged = rule.fault in {Fault.HOOK_FORGED, Fault.HOOK_OLD}
    for _ in range(2 if rule.fault is Fault.HOOK_TWICE else 1):
        await _deliver(job, body, signer, lag=lag, most=1 if forged else MOST_DELIVERIES)


def _body(job: Job, result: Result) -> bytes:
    message: dict[str, Json] = {
        "request_id": job.id,
        "gateway_request_id": job.id,
        "status": "OK" if result.is_good else "ERROR",
        "payload": result.body,
    }
    if not result.is_good:
        message["error"] = result.error
    return json.dumps(message).encode()


async def _deliver(job: Job, body: bytes, signer: Signer, *, lag: int, most: int) -> None:
    pause = 1.0
    for turn in range(most):
        headers = signer.headers(
            body, request_id=job.id, owner=job.call.key_prefix, at=int(time.time()) - lag
        )
        patience = LATER_TIMEOUT if turn else FIRST_TIMEOUT
        if await _is_over(job.webhook, body, headers, patience):
            return
        await asyncio.sleep(pause)
        pause = min(pause * 2, LONGEST_PAUSE)


async def _is_over(url: str, body: bytes, headers: dict[str, str], patience: float) -> bool:
    """A redirect is an answer for good too: none is followed, and none asked again."""
    try:
        async with httpx.AsyncClient(trust_env=False, timeout=patience) as client:
            answer = await client.post(url, content=body, headers=headers)
    except (httpx.HTTPError, httpx.InvalidURL):
        return False
    return answer.is_success or answer.is_redirect
