"""fal's queue over HTTP: submit, status, the stream of it, result, cancel."""

import asyncio
import json
from collections.abc import AsyncIterator

from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse

from generations.parameters import Json
from generations.sandbox.book import FAL, KEY_PREFIX
from generations.sandbox.connections import Cut
from generations.sandbox.fal import work
from generations.sandbox.fal.jobs import Job, Stage
from generations.sandbox.fal.orders import find_app
from generations.sandbox.fal.problems import FalProblem, check_balance, own_key
from generations.sandbox.faults import Fault, Rule
from generations.sandbox.problems import Problem
from generations.sandbox.state import sandbox_of

TRUE = {"1", "true", "yes"}
STREAM_TICK = 0.2
REMOVED, ASKED = "OK", "CANCELLATION_REQUESTED"
GARBAGE = b'{"status": "IN_QU'


async def submit(request: Request) -> Response:
    """Queue any input for a known model; what is wrong with it shows in the result."""
    sandbox = sandbox_of(request)
    key = own_key(request)
    check_balance(key)
    model = find_app(f"fal-ai/{request.path_params['path']}")
    payload = _payload(await request.body())
    prompt = str(payload.get("prompt", ""))
    rule = sandbox.faults.at_post(prompt)
    _check_length(request)
    call = sandbox.book.receive(
        provider=FAL,
        key=key,
        model=model.id,
        client_request_id=request.headers.get("x-client-request-id"),
    )
    if not rule.runs:
        sandbox.book.fail(call, logged=rule.in_logs)
        return Cut() if rule.fault is Fault.DROP_BEFORE else _refusal(rule)
    job = Job(
        call=call,
        model=model,
        payload=payload,
        base_url=str(request.base_url),
        webhook=request.query_params.get("fal_webhook", ""),
        rule=rule,
        wait=sandbox.faults.at_wait(prompt),
    )
    work.begin(sandbox, job)
    if sandbox.faults.takes_early(prompt):
        await job.done.wait()
        await asyncio.sleep(STREAM_TICK * 2)
    return _submitted(sandbox_of(request).fal.jobs.position(job), job)


def _check_length(request: Request) -> None:
    """Whoever submits may say how long a queue they put up with."""
    most = request.query_params.get("fal_max_queue_length", "")
    if most.isdecimal() and sandbox_of(request).fal.jobs.waiting > int(most):
        raise FalProblem(status=429, detail="The queue is longer than fal_max_queue_length")


def _submitted(position: int, job: Job) -> Response:
    answer = JSONResponse(
        {
            "status": Stage.IN_QUEUE,
            "request_id": job.id,
            "gateway_request_id": job.id,
            "response_url": job.address,
            "status_url": f"{job.address}/status",
            "cancel_url": f"{job.address}/cancel",
            "logs": None,
            "metrics": {},
            "queue_position": position,
        },
        headers={"x-fal-request-id": job.id},
    )
    match job.rule.fault:
        case Fault.DROP_AFTER:
            return Cut(answer if job.rule.partial else None)
        case Fault.GARBAGE:
            return Response(GARBAGE, media_type="application/json")
        case Fault.STATUS:  # it was queued all the same
            return _refusal(job.rule)
        case _:
            return answer


async def status(request: Request) -> Response:
    job = _find(request)
    code = 200 if job.stage is Stage.COMPLETED else 202
    rule = sandbox_of(request).faults.at_question("status", job.prompt)
    return _on_its_way(rule, JSONResponse(_status(request, job), code))


async def stream(request: Request) -> Response:
    job = _find(request)

    async def events() -> AsyncIterator[str]:
        said = ""
        while True:
            now = json.dumps(_status(request, job))
            if now != said:
                yield f"data: {now}\n\n"
                said = now
            if job.stage is Stage.COMPLETED:
                return
            await asyncio.sleep(STREAM_TICK)

    return StreamingResponse(events(), media_type="text/event-stream")


async def result(request: Request) -> Response:
    """Whatever the model answered, status and headers included."""
    job = _find(request)
    if job.result is None:
        raise FalProblem(status=400, detail="Request is still in progress")
    if sandbox_of(request).faults.is_gone(job.prompt):
        raise _not_found()
    headers = {"x-fal-request-id": job.id, **job.result.headers}
    rule = sandbox_of(request).faults.at_question("result", job.prompt)
    return _on_its_way(rule, JSONResponse(job.result.body, job.result.status, headers))


async def cancel(request: Request) -> Response:
    """Out of the queue at once; work that began goes on, and is charged."""
    job = _find(request, status="NOT_FOUND")
    rule = sandbox_of(request).faults.at_question("cancel", job.prompt)
    if rule.fault is Fault.FAL_CANCEL_FAILS:
        return _refusal(rule)
    if job.stage is Stage.COMPLETED:
        return JSONResponse({"status": "ALREADY_COMPLETED"}, 400)
    if sandbox_of(request).fal.jobs.cancel(job):
        sandbox_of(request).book.fail(job.call)
        job.end(work.CANCELLED)
    return _on_its_way(rule, JSONResponse({"status": ASKED}, 202))


def _on_its_way(rule: Rule, answer: Response) -> Response:
    """What is left of an answer to a question, which changes nothing about its job."""
    match rule.fault.rpartition("_")[2]:
        case "fails":
            return _refusal(rule)
        case "cut":
            return Cut()
        case "garbage":
            answer.body = GARBAGE
            answer.headers["content-length"] = str(len(GARBAGE))
    return answer


def _find(request: Request, *, status: str = "") -> Job:
    key = own_key(request)
    job = sandbox_of(request).fal.jobs.find(request.path_params["request_id"])
    if job is None or job.call.key_prefix != key[:KEY_PREFIX]:
        raise _not_found(status)
    return job


def _not_found(status: str = "") -> FalProblem:
    return FalProblem(status=404, detail=status or "Request not found")


def _status(request: Request, job: Job) -> dict[str, Json]:
    with_logs = request.query_params.get("logs", "").lower() in TRUE
    known: dict[str, Json] = {
        "status": job.stage.value,
        "request_id": job.id,
        "response_url": job.address,
        "status_url": f"{job.address}/status",
        "cancel_url": f"{job.address}/cancel",
        "logs": list(job.logs) if with_logs else None,
    }
    if job.stage is Stage.IN_QUEUE:
        known["queue_position"] = sandbox_of(request).fal.jobs.position(job)
    if job.stage is Stage.COMPLETED and job.result:
        known["metrics"] = {"inference_time": round(max(job.ended - job.began, 0), 3)}
        if not job.result.is_good:
            known["error"] = job.result.error
            known["error_type"] = job.result.error_type or None
    return known


def _refusal(rule: Rule) -> Response:
    if rule.envelope in {"html", "empty"} or rule.status in {502, 524}:
        found = Problem(status=rule.status, envelope=rule.envelope, headers=rule.headers)
        return found.response(path="", request_id="")
    words = rule.message or "The request could not be queued"
    return FalProblem(status=rule.status, detail=words, headers=rule.headers).response()


def _payload(body: bytes) -> dict[str, Json]:
    try:
        payload = json.loads(body)
    except ValueError as error:
        raise FalProblem(status=400, detail="Invalid JSON", error_type="bad_request") from error
    return payload if isinstance(payload, dict) else {}
