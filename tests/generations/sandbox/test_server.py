import asyncio
import io
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image
from starlette.requests import Request

from generations.catalog import get_model
from generations.pricing import provider_cost
from generations.sandbox import control
from generations.sandbox.app import create_app
from generations.sandbox.book import Book
from tests.generations.sandbox.running import RunningSandbox, sandbox

pytestmark = pytest.mark.process

A = {"images", "timings", "seed", "has_nsfw_concepts", "prompt"}
T_REX = "A T-Rex relaxing on a beach, lying on a sun lounger and wearing sunglasses."
EXAMPLES: list[tuple[str, dict[str, Any], set[str]]] = [
    ("flux-realism", {"image_size": {"width": 1472, "height": 512}}, A),
    ("flux-pro", {"image_size": {"width": 1024, "height": 320}}, A),
    ("flux/dev", {}, A),
    ("blackforestlabs/flux-2", {"image_size": {"width": 1472, "height": 512}}, {"data", "meta"}),
    ("flux/srpo", {}, A | {"data", "meta"}),
]


def test_it_runs_without_django() -> None:
    program = (
        "import sys, generations.sandbox.app as app; app.create_app(None, 0);"
        "sys.exit(any(name.split('.')[0] == 'django' for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


@pytest.mark.parametrize(("model", "values", "keys"), EXAMPLES)
def test_a_model_answers_its_documented_example_in_its_shape(
    server: RunningSandbox, model: str, values: dict[str, Any], keys: set[str]
) -> None:
    answer = server.generate(model, **{"prompt": T_REX, **values})
    assert answer.status_code == 200
    assert answer.json().keys() == keys


def test_the_hybrid_shape_holds_the_same_files_twice(server: RunningSandbox) -> None:
    body = server.generate("flux/srpo", num_images=2).json()
    assert body["images"] == body["data"]
    assert len({image["url"] for image in body["images"]}) == 2


def test_the_files_are_what_the_answer_says(server: RunningSandbox) -> None:
    body = server.generate(image_size="portrait_4_3", output_format="png").json()
    file = server.client.get(body["images"][0]["url"])
    assert file.headers["content-type"] == body["images"][0]["content_type"] == "image/png"
    assert Image.open(io.BytesIO(file.content)).size == (768, 1024)


def test_the_same_seed_gives_the_same_pictures_and_none_gives_new_ones(
    server: RunningSandbox,
) -> None:
    twice = [server.generate(seed=7).json() for _ in range(2)]
    random = [server.generate().json() for _ in range(2)]
    assert twice[0]["images"] == twice[1]["images"]
    assert random[0]["images"] != random[1]["images"]
    assert random[0]["seed"] != random[1]["seed"]


@pytest.mark.parametrize("name", ["nothing.jpeg", f"{'0' * 64}-5000x64.png", f"{'0' * 64}-8x8.gif"])
def test_an_address_it_never_gave_is_not_found(server: RunningSandbox, name: str) -> None:
    assert server.client.get(f"/files/{name}").status_code == 404


def test_a_request_is_charged_at_the_catalogs_price(server: RunningSandbox) -> None:
    answer = server.generate("blackforestlabs/flux-2", num_images=3)
    credits_ = provider_cost(get_model("flux-2"), {"num_images": 3}) // 500
    assert answer.headers["x-aimlapi-credits-used"] == str(credits_)
    assert float(answer.headers["x-aimlapi-usd-spent"]) == credits_ / 2_000_000
    assert answer.json()["meta"]["usage"] == {"tokens_used": credits_}
    assert server.last_call()["credits"] == credits_


@pytest.mark.parametrize(("sent", "echoed"), [("a.B:c_1-2", "a.B:c_1-2"), ("not legal", None)])
def test_a_legal_client_id_is_echoed_and_kept(
    server: RunningSandbox, sent: str, echoed: str | None
) -> None:
    server.client.headers["X-Client-Request-Id"] = sent
    answer = server.generate()
    del server.client.headers["X-Client-Request-Id"]
    assert answer.headers.get("x-client-request-id") == echoed
    assert server.last_call()["client_request_id"] == echoed
    assert server.last_call()["inference_id"] == answer.headers["x-inference-id"]


@pytest.mark.parametrize(
    ("authorization", "status", "name"),
    [
        ("", 401, "UnauthorizedException"),
        ("Key abc", 401, "UnauthorizedException"),
        ("Bearer invalid-key", 401, "UnauthorizedException"),
        ("Bearer broke-key", 403, "ForbiddenException"),
    ],
)
def test_keys_made_to_be_refused_are(
    server: RunningSandbox, authorization: str, status: int, name: str
) -> None:
    body = {"model": "flux-realism", "prompt": "A fox"}
    answer = httpx.post(
        f"{server.url}/v1/images/generations", json=body, headers={"Authorization": authorization}
    )
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json; charset=utf-8"
    assert answer.json()["error"]["name"] == name
    assert server.last_call()["credits"] == 0


def test_a_key_without_funds_is_told_in_the_vendors_spelling(server: RunningSandbox) -> None:
    body = {"model": "flux-realism", "prompt": "A fox"}
    answer = httpx.post(
        f"{server.url}/images/generations", json=body, headers={"Authorization": "Bearer broke"}
    )
    assert answer.json()["error"]["data"] == {"kind": "err_insufficent_credits"}


def test_a_bad_request_is_refused_with_its_issues_and_costs_nothing(
    server: RunningSandbox,
) -> None:
    answer = server.generate(num_images=9)
    assert answer.status_code == 400
    assert answer.json()["error"]["data"][0]["path"] == ["num_images"]
    assert server.logs()["data"][0]["status"] == "failed"
    assert server.logs()["data"][0]["cost"] == {"usd": 0, "credits": 0}


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff"])
def test_a_body_that_is_no_object_is_refused(server: RunningSandbox, body: bytes) -> None:
    assert server.client.post("/v1/images/generations", content=body).status_code == 400


def test_a_client_that_hangs_up_is_charged_all_the_same(server: RunningSandbox) -> None:
    server.fault(fault="delay", match="hang up", seconds=0.3)
    with pytest.raises(httpx.ReadTimeout):
        server.generate(prompt="hang up", timeout=0.1)
    assert server.last_call()["status"] == "open"
    time.sleep(0.4)
    assert server.last_call()["status"] == "succeeded"


def test_a_killed_sandbox_forgets_nothing(tmp_path: Path) -> None:
    with sandbox("--book", tmp_path / "book") as first:
        first.generate()
        before = first.calls()
        first.kill()
    with sandbox("--book", tmp_path / "book", "--delay", "0.2", "--log-lag", "60") as second:
        assert second.calls() == before
        assert second.generate().elapsed.total_seconds() >= 0.2
        assert second.logs()["pagination"]["total"] == 0


def test_a_sandbox_told_to_stop_ends_its_work_uncharged(tmp_path: Path) -> None:
    with (
        sandbox("--book", tmp_path / "book", "--delay", "60") as server,
        ThreadPoolExecutor() as pool,
    ):
        waiting = pool.submit(server.generate)
        while not server.calls():
            time.sleep(0.02)
        server.process.terminate()
        assert server.process.wait(8) in {0, -signal.SIGTERM}
        assert isinstance(waiting.exception(), httpx.RemoteProtocolError)
    assert [(call.status, call.credits) for call in Book(tmp_path / "book").calls] == [
        ("failed", 0)
    ]


@pytest.mark.parametrize(
    ("client", "status"),
    [(("127.0.0.1", 5), 200), (("::1", 5), 200), (("192.0.2.7", 5), 403), (None, 403)],
)
def test_the_control_endpoints_are_for_this_machine_alone(
    client: tuple[str, int] | None, status: int
) -> None:
    scope = {"type": "http", "app": create_app(None, 0), "client": client}
    assert asyncio.run(control.show_book(Request(scope))).status_code == status


def test_a_bad_rule_is_refused_with_the_reason(server: RunningSandbox) -> None:
    answer = server.client.post("/_sandbox/faults", json=[{"fault": "drip", "speed": 3}])
    assert answer.status_code == 400
    assert "'speed'" in answer.json()["message"]
