"""POST /v1/images/generations: receive, work, charge, answer, in this order."""

import asyncio
import base64
import json
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from generations.parameters import Json
from generations.pricing import provider_cost
from generations.sandbox import pictures, shapes
from generations.sandbox.book import Call
from generations.sandbox.connections import Cut, dripping
from generations.sandbox.faults import Fault, Rule
from generations.sandbox.files import path_of
from generations.sandbox.orders import Order, read_order
from generations.sandbox.problems import NO_CREDITS, Problem
from generations.sandbox.state import Sandbox, bearer_key, check_key, is_broke, sandbox_of

LEGAL_ID = re.compile(r"[A-Za-z0-9._:-]{1,128}", re.ASCII)
NANO_USD_PER_CREDIT = 500
SEEDS = 2**32 - 1
NO_KEY = {401}  # such calls belong to no one's logs
DATA: Mapping[int, Json] = {  # of a refusal on demand, unless its rule says otherwise
    400: [{"code": "custom", "path": ["prompt"], "message": "Invalid prompt"}],
    403: {"kind": NO_CREDITS},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A call that was accepted, and the rule it falls under."""

    sandbox: Sandbox
    call: Call
    order: Order
    rule: Rule
    base_url: str
    path: str

    @property
    def seconds(self) -> float:
        if self.rule.seconds is None:
            return 0 if self.rule.fault is Fault.DROP_BEFORE else self.sandbox.delay
        return self.rule.seconds

    @property
    def images(self) -> int:
        asked = self.order.images
        match self.rule.fault:
            case Fault.EMPTY:
                return 0
            case Fault.FEWER:
                return asked - 1 if self.rule.images is None else min(self.rule.images, asked)
            case _:
                return asked

    @property
    def credits(self) -> int:
        """What arrives is charged; an answer without pictures as if they had come."""
        if self.rule.fault is Fault.COST or self.rule.credits is not None:
            return self.rule.credits or 0
        count = self.order.images if self.rule.fault is Fault.EMPTY else self.images
        price = self.sandbox.prices.of(self.order.model)
        nano_usd = provider_cost(self.order.model, self.order.params | {"num_images": count}, price)
        return -(-nano_usd // NANO_USD_PER_CREDIT)

    @property
    def shape(self) -> str:
        return self.rule.shape or shapes.shape_of(self.order.model.id)


async def generate(request: Request) -> Response:
    """Answer one POST. A client that hangs up meanwhile changes nothing: it is still charged."""
    sandbox = sandbox_of(request)
    key = bearer_key(request)
    payload = _payload(await request.body())
    model = payload.get("model")
    call = sandbox.book.receive(
        key=key,
        model=model if isinstance(model, str) else None,
        client_request_id=_legal_id(request),
    )
    try:
        order = _accepted(sandbox, key, payload)
    except Problem as problem:
        sandbox.book.fail(call, logged=problem.status not in NO_KEY)
        return _refusal(problem, call, request.url.path)
    return await _run(
        Job(
            sandbox=sandbox,
            call=call,
            order=order,
            rule=sandbox.faults.at_post(order.prompt),
            base_url=str(request.base_url),
            path=request.url.path,
        )
    )


def _accepted(sandbox: Sandbox, key: str, payload: dict[str, Json]) -> Order:
    """The order, after every check that the vendor makes before any work; raises Problem."""
    check_key(key)
    order = read_order(payload)
    if not sandbox.prices.offers(order.model):
        raise Problem(status=404, message=f"Model '{order.model.id}' not found")
    if is_broke(key):
        raise Problem(status=403, data={"kind": NO_CREDITS})
    return order


async def _run(job: Job) -> Response:
    rule, book = job.rule, job.sandbox.book
    try:
        await asyncio.sleep(job.seconds)
    except asyncio.CancelledError:  # the server is stopping, and this is its last work
        book.fail(job.call)
        return Cut()
    if rule.runs:
        call = book.charge(job.call, job.credits)
    else:
        call = book.fail(job.call, logged=rule.in_logs)
    return await _answer(job, call)


async def _answer(job: Job, call: Call) -> Response:
    match job.rule.fault:
        case Fault.STATUS:
            return _refusal(_problem(job.rule), call, job.path)
        case Fault.GARBAGE:
            body = b'{"images": [{"url": "htt'
            return Response(body, headers=_ids(call), media_type="application/json")
        case Fault.DROP_BEFORE:
            return Cut()
        case Fault.DROP_AFTER:
            return Cut(await _success(job, call) if job.rule.partial else None)
        case Fault.DRIP:
            return dripping(await _success(job, call), job.rule.rate)
        case _:
            return await _success(job, call)


async def _success(job: Job, call: Call) -> Response:
    headers = _ids(call)
    told = None if job.rule.fault is Fault.NO_COST else call.credits
    if told is not None:
        headers["x-aimlapi-credits-used"] = str(told)
        headers["x-aimlapi-usd-spent"] = f"{Decimal(told) / shapes.CREDITS_PER_USD:f}"
    seed = int(str(job.order.params.get("seed") or secrets.randbelow(SEEDS) + 1))
    drawn = [await _picture(job, seed, index) for index in range(job.images)]
    result = shapes.Result(
        order=job.order, pictures=drawn, seed=seed, credits=told, received_at=call.received_at
    )
    return JSONResponse(shapes.body(job.shape, result), headers=headers)


async def _picture(job: Job, seed: int, index: int) -> shapes.Picture:
    order = job.order
    digest = pictures.digest_of(model=order.model.id, prompt=order.prompt, seed=seed, index=index)
    blocked = job.rule.fault is Fault.BLOCKED
    job.sandbox.faults.remember(digest, order.prompt)
    if blocked:
        digest = pictures.BLACK
    inside = ""
    if job.shape in shapes.WITH_PICTURES_INSIDE:
        data = await asyncio.to_thread(pictures.encoded, digest, order.size, order.extension)
        inside = base64.b64encode(data).decode()
    url = job.base_url + path_of(digest, order.size, order.extension)
    return shapes.Picture(url=url, base64=inside, flagged=blocked)


def _problem(rule: Rule) -> Problem:
    data: Json = {"kind": rule.kind} if rule.kind else None
    if data is None and rule.message is None:
        data = DATA.get(rule.status)
    return Problem(
        status=rule.status,
        message=rule.message or "",
        data=data,
        envelope=rule.envelope,
        headers=rule.headers,
    )


def _refusal(problem: Problem, call: Call, path: str) -> Response:
    response = problem.response(path=path, request_id=call.request_id)
    response.headers.update(_ids(call))
    return response


def _ids(call: Call) -> dict[str, str]:
    ids = {"x-inference-id": call.inference_id, "x-request-id": call.request_id}
    if call.client_request_id is not None:
        ids["x-client-request-id"] = call.client_request_id
    return ids


def _legal_id(request: Request) -> str | None:
    """The vendor drops an id it does not like without a word."""
    sent = request.headers.get("x-client-request-id", "")
    return sent if LEGAL_ID.fullmatch(sent) else None


def _payload(body: bytes) -> dict[str, Json]:
    """An unreadable body is an empty one: it has no model, and is refused for that."""
    try:
        payload = json.loads(body)
    except ValueError:
        return {}
    return payload if isinstance(payload, dict) else {}
