"""fal's storage for reference images, by both of the ways that its clients go."""

import base64
import uuid
from datetime import UTC, datetime, timedelta

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from generations.sandbox.fal.problems import FalProblem, own_key
from generations.sandbox.problems import stamp
from generations.sandbox.state import sandbox_of

LARGEST = 90_000_000
TOKEN_HOURS = 24


async def initiate(request: Request) -> Response:
    """An address to put the file to, and the one under which it lies afterwards."""
    own_key(request)
    asked = await request.json()
    name = uuid.uuid4().hex + _extension(str(asked.get("content_type", "")))
    base = str(request.base_url)
    return JSONResponse(
        {"upload_url": f"{base}storage/put/{name}", "file_url": f"{base}storage/file/{name}"}
    )


async def put(request: Request) -> Response:
    name = request.path_params["name"]
    await _keep(request, f"{request.base_url}storage/file/{name}")
    return Response(status_code=200)


async def token(request: Request) -> Response:
    own_key(request)
    expires = datetime.now(UTC) + timedelta(hours=TOKEN_HOURS)
    return JSONResponse(
        {
            "token": uuid.uuid4().hex,
            "token_type": "Bearer",
            "base_url": str(request.base_url).rstrip("/"),
            "expires_at": stamp(expires),
        }
    )


async def upload(request: Request) -> Response:
    """A file by token, as the Python client sends it."""
    if not request.headers.get("authorization", "").startswith("Bearer "):
        raise FalProblem(status=401, detail="Authentication is required.")
    url = f"{request.base_url}storage/file/{uuid.uuid4().hex}"
    await _keep(request, url)
    return JSONResponse({"access_url": url, "uuid": uuid.uuid4().hex})


async def serve(request: Request) -> Response:
    kept = sandbox_of(request).fal.uploads.get(str(request.url))
    if kept is None:
        raise FalProblem(status=404, detail="File not found")
    head, _, data = kept.partition(";base64,")
    return Response(base64.b64decode(data), media_type=head.removeprefix("data:"))


async def _keep(request: Request, url: str) -> None:
    data = await request.body()
    if len(data) > LARGEST:
        raise FalProblem(status=413, detail="File too large")
    media_type = request.headers.get("content-type", "application/octet-stream")
    encoded = base64.b64encode(data).decode()
    sandbox_of(request).fal.uploads[url] = f"data:{media_type};base64,{encoded}"


def _extension(content_type: str) -> str:
    kind = content_type.partition("/")[2]
    return f".{kind}" if kind.isalnum() else ""
