"""fal's answers other than pictures: a line of detail, or a list of a model's complaints."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from generations.parameters import Json
from generations.sandbox.state import check_is_valid, is_broke

LOCKED = (
    "User is locked. Reason: Exhausted balance. Top up your balance at fal.ai/dashboard/billing."
)


@dataclass(kw_only=True, eq=False)
class FalProblem(Exception):
    """A refusal; `error_type` is one of fal's own, not of a model's."""

    status: int
    detail: Json
    error_type: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)

    def response(self) -> Response:
        body: dict[str, Json] = {"detail": self.detail}
        headers = {"x-fal-request-id": str(uuid.uuid4()), **self.headers}
        if self.error_type:
            body["error_type"] = self.error_type
            headers["x-fal-error-type"] = self.error_type
        return JSONResponse(body, self.status, headers)


async def refuse(request: Request, error: Exception) -> Response:
    assert isinstance(error, FalProblem)  # noqa: S101 - as registered in app.py
    return error.response()


def own_key(request: Request) -> str:
    """The whole key; raises FalProblem without a good one."""
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "key" or not key.strip() or not check_is_valid(key.strip()):
        raise FalProblem(status=401, detail="Authentication is required to access this resource.")
    return key.strip()


def check_balance(key: str) -> None:
    if is_broke(key):
        raise FalProblem(status=403, detail=LOCKED)
