"""One job's life: wait, work, charge, answer, tell. A client that went away changes nothing."""

import asyncio
import secrets
from decimal import Decimal
from fractions import Fraction
from http import HTTPStatus

from generations.parameters import Json
from generations.pricing import provider_cost
from generations.sandbox.fal import hooks
from generations.sandbox.fal.jobs import Job, Result
from generations.sandbox.fal.orders import read_order
from generations.sandbox.fal.problems import FalProblem
from generations.sandbox.faults import Fault, Rule
from generations.sandbox.files import path_of
from generations.sandbox.orders import Order
from generations.sandbox.pictures import BLACK, FORMATS, digest_of
from generations.sandbox.state import Sandbox

NANO_USD_PER_CREDIT = 500
SEEDS = 2**32 - 1
MOST_DIGITS = 6
OWN_TYPES = {"generation_timeout", "internal_server_error", "downstream_service_unavailable"}
CANCELLED = Result(status=499, body={"detail": "Request cancelled"}, error_type="client_cancelled")


def begin(sandbox: Sandbox, job: Job) -> None:
    jobs = sandbox.fal.jobs
    jobs.add(job)
    task = asyncio.create_task(_live(sandbox, job))
    jobs.tasks.add(task)  # the loop alone would let it be collected
    task.add_done_callback(jobs.tasks.discard)


async def _live(sandbox: Sandbox, job: Job) -> None:
    await asyncio.sleep(job.wait.seconds or 0)
    async with sandbox.fal.jobs.runners:
        if not sandbox.fal.jobs.start(job):
            return  # it was cancelled while it waited
        await _work(sandbox, job)
    await hooks.tell(sandbox, job)


async def _work(sandbox: Sandbox, job: Job) -> None:
    job.say("Loading the model")
    await asyncio.sleep(sandbox.delay if job.rule.seconds is None else job.rule.seconds)
    job.say("Drawing the picture")
    rule = sandbox.faults.at_work(job.prompt)
    try:
        order = read_order(job.model, job.payload, sandbox.fal.uploads)
    except FalProblem as problem:
        sandbox.book.fail(job.call)
        job.end(Result(status=problem.status, body={"detail": problem.detail}))
        return
    if rule.fault is Fault.FAL_ERROR:
        job.end(_struck(sandbox, job, order, rule))
    else:
        job.end(_made(sandbox, job, order))


def _struck(sandbox: Sandbox, job: Job, order: Order, rule: Rule) -> Result:
    """A failure on demand: nearly always for nothing, as fal promises for what is its fault."""
    if rule.charged:
        _charge(sandbox, job, order, 1)
    else:
        sandbox.book.fail(job.call)
    words, kind = rule.message or "Something went wrong", rule.error_type or ""
    headers = {} if rule.retryable is None else {"x-fal-retryable": str(rule.retryable).lower()}
    if rule.status != HTTPStatus.UNPROCESSABLE_ENTITY and kind not in OWN_TYPES:
        own: dict[str, Json] = {"detail": words, "error_type": kind or "runner_server_error"}
        headers["x-fal-error-type"] = kind or "runner_server_error"
        return Result(status=rule.status, body=own, headers=headers, error_type=kind)
    issue: Json = {
        "loc": ["body", "prompt"], "msg": words, "type": kind or "value_error",
        "url": "https://docs.fal.ai/errors/", "ctx": {}, "input": job.payload,
    }  # fmt: skip
    return Result(status=rule.status, body={"detail": [issue]}, headers=headers, error_type=kind)


def _made(sandbox: Sandbox, job: Job, order: Order) -> Result:
    count = _count(order, job.rule)
    units = _charge(sandbox, job, order, count)
    seed = int(str(order.params.get("seed") or secrets.randbelow(SEEDS) + 1))
    blocked = job.rule.fault is Fault.BLOCKED
    images = [_image(sandbox, job, order, seed, index) for index in range(count)]
    body: dict[str, Json] = {
        "images": list(images),
        "timings": {"inference": round(sandbox.delay, 4)},
        "seed": seed,
        "has_nsfw_concepts": [blocked] * count,
        "prompt": order.prompt,
    }
    headers = {} if job.rule.fault is Fault.NO_COST else {"x-fal-billable-units": units}
    return Result(status=200, body=body, headers=headers)


def _count(order: Order, rule: Rule) -> int:
    match rule.fault:
        case Fault.EMPTY:
            return 0
        case Fault.FEWER:
            return order.images - 1 if rule.images is None else min(rule.images, order.images)
        case _:
            return order.images


def _image(sandbox: Sandbox, job: Job, order: Order, seed: int, index: int) -> Json:
    digest = digest_of(model=order.model.id, prompt=order.prompt, seed=seed, index=index)
    sandbox.faults.remember(digest, order.prompt)
    if job.rule.fault is Fault.BLOCKED:
        digest = BLACK
    return {
        "url": job.base_url + path_of(digest, order.size, order.extension),
        "width": order.size[0],
        "height": order.size[1],
        "content_type": FORMATS[order.extension],
    }


def _charge(sandbox: Sandbox, job: Job, order: Order, count: int) -> str:
    """Take the price of so many pictures, and say in which quantity of the model's unit."""
    price = sandbox.prices.of(order.model).nano_usd
    nano_usd = provider_cost(order.model, order.params | {"num_images": count})
    if job.rule.credits is not None:
        nano_usd = job.rule.credits * NANO_USD_PER_CREDIT
    units = _decimal(Fraction(nano_usd, price))
    sandbox.book.charge(job.call, -(-nano_usd // NANO_USD_PER_CREDIT), units=units)
    return units


def _decimal(units: Fraction) -> str:
    number = round(Decimal(units.numerator) / Decimal(units.denominator), MOST_DIGITS)
    return f"{number.normalize():f}"
