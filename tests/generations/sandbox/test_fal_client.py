"""What fal's own client finds at the sandbox: the protocol, whatever our client makes of it."""

import io
import time
from collections.abc import Iterator

import fal_client
import httpx
import pytest
from PIL import Image

from tests.generations.sandbox.fal_caller import REALISM, arguments, connect
from tests.generations.sandbox.running import RunningSandbox


@pytest.fixture
def fal(server: RunningSandbox, monkeypatch: pytest.MonkeyPatch) -> Iterator[fal_client.SyncClient]:
    client = connect(server, monkeypatch)
    yield client
    client._client.close()


def test_subscribing_sees_the_queue_the_log_and_the_result(
    fal: fal_client.SyncClient, server: RunningSandbox
) -> None:
    server.fault(fault="fal_wait", seconds=0.8, position=3)
    server.fault(fault="delay", seconds=0.5)
    seen: list[fal_client.Status] = []
    result = fal.subscribe(
        REALISM, arguments(num_images=2), with_logs=True, on_queue_update=seen.append
    )
    waiting = [one.position for one in seen if isinstance(one, fal_client.Queued)]
    assert waiting[0] == 3
    assert waiting == sorted(waiting, reverse=True)
    words = [one.logs for one in seen if isinstance(one, fal_client.InProgress)]
    assert words[-1]
    assert words[-1][0]["message"] == "Loading the model"
    assert len(result["images"]) == 2
    assert httpx.get(result["images"][0]["url"]).headers["content-type"] == "image/jpeg"


def test_a_submitted_request_is_found_by_its_id(fal: fal_client.SyncClient) -> None:
    handle = fal.submit("fal-ai/flux/dev", arguments(seed=7))
    assert handle.response_url.endswith(f"/fal-ai/flux/requests/{handle.request_id}")
    assert fal.result("fal-ai/flux/dev", handle.request_id)["seed"] == 7
    status = fal.status("fal-ai/flux/dev", handle.request_id, with_logs=True)
    assert isinstance(status, fal_client.Completed)
    assert status.error is None
    assert status.metrics["inference_time"] >= 0


def test_what_waits_can_be_cancelled_and_costs_nothing(
    fal: fal_client.SyncClient, server: RunningSandbox
) -> None:
    server.fault(fault="fal_wait", seconds=30)
    handle = fal.submit(REALISM, arguments())
    fal.cancel(REALISM, handle.request_id)
    status = handle.status()
    assert isinstance(status, fal_client.Completed)
    assert status.error_type == "client_cancelled"
    assert server.last_call()["credits"] == 0
    with pytest.raises(fal_client.FalClientHTTPError, match="ALREADY_COMPLETED"):
        fal.cancel(REALISM, handle.request_id)


def test_a_wrong_input_shows_in_the_result_and_not_before(fal: fal_client.SyncClient) -> None:
    handle = fal.submit(REALISM, {"prompt": "A fox", "num_images": 9})
    with pytest.raises(fal_client.FalClientHTTPError) as caught:
        handle.get()
    assert caught.value.status_code == 422
    assert caught.value.response.json()["detail"][0]["loc"] == ["body", "num_images"]


def test_the_result_says_what_was_billed_and_the_book_agrees(
    fal: fal_client.SyncClient, server: RunningSandbox
) -> None:
    size = {"width": 2048, "height": 1024}
    handle = fal.submit(REALISM, {"prompt": "A fox", "image_size": size, "num_images": 2})
    handle.get()
    key = {"Authorization": f"Key {server.key}:secret"}
    answer = httpx.get(handle.response_url, headers=key)
    assert answer.headers["x-fal-billable-units"] == "4"
    assert answer.headers["x-fal-request-id"] == handle.request_id
    call = server.last_call()
    assert (call["units"], call["credits"] * 500) == ("4", 4 * 35_000_000)
    events = httpx.get(f"{server.url}/v1/models/billing-events", headers=key).json()
    assert [
        (one["request_id"], one["cost_estimate_nano_usd"]) for one in events["billing_events"]
    ] == [(handle.request_id, 4 * 35_000_000)]


def test_the_status_is_streamed_until_the_end(
    fal: fal_client.SyncClient, server: RunningSandbox
) -> None:
    server.fault(fault="fal_wait", seconds=0.6, position=2)
    handle = fal.submit(REALISM, arguments())
    key = {"Authorization": f"Key {server.key}:secret"}
    streamed = httpx.get(f"{handle.status_url}/stream", headers=key).text
    assert streamed.index("IN_QUEUE") < streamed.index("COMPLETED")


@pytest.fixture
def png() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (96, 64), "steelblue").save(file, "PNG")
    return file.getvalue()


def test_uploaded_files_serve_as_references(
    fal: fal_client.SyncClient, png: bytes, server: RunningSandbox
) -> None:
    for repository in ("fal_v3", "fal"):
        url = fal.upload(png, "image/png", repository=repository)
        assert httpx.get(url).content == png
        handle = fal.submit("fal-ai/flux/dev/image-to-image", {"prompt": "A fox", "image_url": url})
        assert handle.get()["images"][0]["width"] == 96
    assert server.last_call()["units"] == "1"


def test_only_the_same_key_sees_a_request(fal: fal_client.SyncClient) -> None:
    handle = fal.submit(REALISM, arguments())
    time.sleep(0.1)
    answer = httpx.get(handle.status_url, headers={"Authorization": "Key another:one"})
    assert answer.status_code == 404


@pytest.mark.parametrize(
    ("key", "status"), [("Bearer x", 401), ("Key invalid:x", 401), ("Key broke:x", 403), ("", 401)]
)
def test_a_bad_key_is_refused_before_anything_is_queued(
    server: RunningSandbox, key: str, status: int
) -> None:
    headers = {"Authorization": key} if key else {}
    answer = httpx.post(f"{server.url}/{REALISM}", json=arguments(), headers=headers)
    assert answer.status_code == status
    assert all(call["key_prefix"] != "broke:x" for call in server.calls())


def test_an_unknown_app_is_not_found(fal: fal_client.SyncClient) -> None:
    with pytest.raises(fal_client.FalClientHTTPError, match="not found") as caught:
        fal.submit("fal-ai/no-such-model", arguments())
    assert caught.value.status_code == 404
