"""Refusals and failures in the envelopes that were captured from the vendor."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus

from starlette.responses import Response

from generations.parameters import Json

TITLES = {524: "A timeout occurred"}  # Cloudflare's own, which the standard does not know
NAMES = {
    400: "BadRequestException",
    401: "UnauthorizedException",
    403: "ForbiddenException",
    404: "NotFoundException",
    413: "PayloadTooLargeException",
    429: "ThrottlerException",
    500: "InternalServerErrorException",
    503: "ServiceUnavailableException",
}
MESSAGES = {
    400: "Invalid payload provided",
    403: "You've run out of credits. Please top up your balance or update your payment method "
    "to continue: https://aimlapi.com/app/billing/",
    429: "Too Many Requests",
    500: "Something went wrong. Please try again later.",
    503: "The model is temporarily unavailable. Please try again later.",
    504: "Generation timeout",
}
BY_THE_PROXY = {502, 520, 524}  # answered in HTML, before the vendor's own code is reached
NO_CREDITS = "err_insufficent_credits"  # spelt so by the vendor


@dataclass(kw_only=True, eq=False)
class Problem(Exception):
    """An answer other than the pictures."""

    status: int
    message: str = ""
    data: Json = None
    envelope: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)

    def response(self, *, path: str, request_id: str) -> Response:
        envelope = self.envelope or ("html" if self.status in BY_THE_PROXY else "problem")
        headers = {"x-request-id": request_id, **self.headers}
        if envelope == "empty":
            return Response(status_code=self.status, headers=headers)
        if envelope == "html":
            return Response(_page(self.status), self.status, headers, "text/html")
        fields = ENVELOPES[envelope](self, path, request_id)
        media_type = "application/json"
        if envelope == "problem":
            media_type = "application/problem+json; charset=utf-8"
        return Response(json.dumps(fields), self.status, headers, media_type)


def title(status: int) -> str:
    return TITLES.get(status) or HTTPStatus(status).phrase


def stamp(moment: datetime) -> str:
    """As the vendor writes times: UTC, to the millisecond."""
    text = moment.astimezone(UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")


def _problem(problem: Problem, path: str, request_id: str) -> dict[str, Json]:
    message = problem.message or MESSAGES.get(problem.status, title(problem.status))
    error: dict[str, Json] = {
        "name": NAMES.get(problem.status, "HttpException"),
        "message": message,
    }
    if problem.data is not None:
        error["data"] = problem.data
    return {
        "title": title(problem.status),
        "status": problem.status,
        "message": message,
        "instance": path,
        "requestId": request_id,
        "timestamp": stamp(datetime.now(UTC)),
        "error": error,
    }


def _legacy(problem: Problem, path: str, request_id: str) -> dict[str, Json]:
    return {
        "message": problem.message or title(problem.status),
        "path": path,
        "requestId": request_id,
        "statusCode": problem.status,
        "timestamp": stamp(datetime.now(UTC)),
    }


def _openai(problem: Problem, path: str, request_id: str) -> dict[str, Json]:
    words = problem.message or title(problem.status)
    return {"error": {"message": words, "code": problem.status, "type": "api_error"}}


ENVELOPES = {"problem": _problem, "legacy": _legacy, "openai": _openai}


def _page(status: int) -> str:
    line = f"{status}: {title(status)}"
    return (
        f"<!DOCTYPE html>\n<html><head><title>{line}</title></head>\n"
        f"<body><center><h1>{line}</h1></center><hr><center>cloudflare</center></body></html>\n"
    )
