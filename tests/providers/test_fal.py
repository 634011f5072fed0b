"""The client of fal's queue, against sockets that say exactly what a test wants."""

import base64
import json
import socket
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from generations.providers import fal_uploads
from generations.providers.base import Cancellation, Charge, Stage
from generations.providers.errors import ErrorKind, Outcome, ProviderError, UnreadableAnswer
from generations.providers.fal_signatures import KeysUnavailable
from tests.providers.conftest import Serve
from tests.providers.fal import ADMIN_KEY, ID, REALISM, answers, connect, payload, raw, submission
from tests.providers.servers import KEY, PROMPT, Behaviour, hang_up, says, slam

SINCE = datetime(2026, 8, 17, tzinfo=UTC)
HOOK = "https://darkroom.example/hooks/fal/1.2/"
SENT_AS = "request.1"


def test_a_request_is_submitted_once_with_our_key_and_the_input_unwrapped(serve: Serve) -> None:
    server = serve(answers(submission()))
    connect(server).submit(payload=payload(), client_request_id=SENT_AS, webhook=HOOK)
    (head,) = server.heads
    assert head.startswith(f"POST /{REALISM}?fal_webhook=https%3A%2F%2Fdarkroom.example%2Fhooks")
    assert f"Authorization: Key {KEY}" in head
    assert f"X-Client-Request-Id: {SENT_AS}" in head
    assert "X-Fal-Request-Timeout: 1800" in head
    body = json.loads(server.requests[0].partition(b"\r\n\r\n")[2])
    assert body == {"prompt": PROMPT, "seed": 7}


def test_without_an_address_of_ours_none_is_given(serve: Serve) -> None:
    server = serve(answers(submission()))
    connect(server).submit(payload=payload(), client_request_id=SENT_AS, webhook="")
    assert server.heads[0].startswith(f"POST /{REALISM} ")


@pytest.mark.parametrize("behaviour", [hang_up, slam], ids=["no answer", "reset"])
def test_a_submit_without_an_answer_is_unclear_and_never_repeated(
    serve: Serve, behaviour: Behaviour
) -> None:
    server = serve(behaviour)
    with pytest.raises(ProviderError) as caught:
        connect(server).submit(payload=payload(), client_request_id=SENT_AS, webhook="")
    assert caught.value.outcome is Outcome.UNKNOWN
    assert len(server.requests) <= 1


@pytest.mark.parametrize(
    ("status", "detail", "outcome", "kind"),
    [
        (401, "Authentication is required", Outcome.REJECTED, ErrorKind.UNAUTHORIZED),
        (403, "User is locked. Reason: Exhausted balance.", Outcome.REJECTED, ErrorKind.NO_CREDITS),
        (403, "This key may not", Outcome.REJECTED, ErrorKind.FORBIDDEN),
        (404, "Application 'x' not found", Outcome.REJECTED, ErrorKind.MODEL_GONE),
        (429, "Queue is full", Outcome.NOT_RUN, ErrorKind.RATE_LIMITED),
        (502, "Bad gateway", Outcome.UNKNOWN, ErrorKind.UNAVAILABLE),
        (504, "Timeout", Outcome.UNKNOWN, ErrorKind.TIMEOUT),
    ],
)
def test_a_refused_submit_says_what_it_proves(
    serve: Serve, status: int, detail: str, outcome: Outcome, kind: ErrorKind
) -> None:
    server = serve(answers({"detail": detail}, status=status))
    with pytest.raises(ProviderError) as caught:
        connect(server).submit(payload=payload(), client_request_id=SENT_AS, webhook="")
    assert (caught.value.outcome, caught.value.kind) == (outcome, kind)


def test_a_server_that_cannot_be_reached_took_nothing(serve: Serve) -> None:
    client = connect(serve(says()), queue="http://127.0.0.1:9")
    with pytest.raises(ProviderError) as caught:
        client.submit(payload=payload(), client_request_id=SENT_AS, webhook="")
    assert caught.value.outcome is Outcome.NOT_RUN


def test_addresses_of_another_host_are_not_believed(serve: Serve) -> None:
    client = connect(serve(says()))
    with pytest.raises(UnreadableAnswer, match="not a host"):
        client.read_submission(raw(submission("https://evil.example")))


def test_our_key_goes_to_no_other_host(serve: Serve) -> None:
    server, other = serve(says()), serve(answers({"status": "COMPLETED"}))
    with pytest.raises(ProviderError, match="fal was not asked"):
        connect(server).progress(f"{other.url}/status", prompt=PROMPT)
    assert other.requests == []


def test_progress_tells_the_place_and_the_last_line_without_the_prompt(serve: Serve) -> None:
    lines = [{"message": "Loading"}, {"message": f"Drawing {PROMPT} with {KEY}"}, {"message": " "}]
    server = serve(
        answers({"status": "IN_QUEUE", "queue_position": 2}, status=202),
        answers({"status": "IN_PROGRESS", "logs": lines}, status=202),
        answers({"status": "COMPLETED", "logs": None, "error": "Invalid status code: 422"}),
    )
    client = connect(server)
    seen = [client.progress(f"{server.url}/status", prompt=PROMPT) for _ in range(3)]
    assert [one.stage for one in seen] == [Stage.QUEUED, Stage.WORKING, Stage.DONE]
    assert [one.position for one in seen] == [2, None, None]
    assert seen[1].words == "Drawing [hidden] with [hidden]"
    assert all("logs=1" in head for head in server.heads)


@pytest.mark.parametrize(
    "behaviour", [answers({}, status=502), answers({}, status=401), hang_up, answers({"status": 1})]
)
def test_a_status_that_cannot_be_read_says_nothing_about_the_request(
    serve: Serve, behaviour: Behaviour
) -> None:
    server = serve(behaviour)
    with pytest.raises(ProviderError) as caught:
        connect(server).progress(f"{server.url}/status", prompt="")
    assert caught.value.outcome is Outcome.UNKNOWN


def test_a_result_is_read_with_what_was_billed(serve: Serve, png: bytes) -> None:
    inside = f"data:image/png;base64,{base64.b64encode(png).decode()}"
    found = {"images": [{"url": inside, "width": 96}], "seed": 196619188014358660}
    server = serve(answers(found, x_fal_billable_units="1.5", x_fal_request_id=ID))
    client = connect(server)
    answer = client.parse(client.result(f"{server.url}/requests/{ID}", prompt=PROMPT))
    assert answer.seed == 196619188014358660
    assert (answer.units, answer.cost) == (Decimal("1.5"), None)
    assert answer.outputs[0].data == png


def test_a_result_without_pictures_still_says_what_was_billed(serve: Serve) -> None:
    client = connect(serve(says()))
    with pytest.raises(UnreadableAnswer) as caught:
        client.parse(raw({"images": []}, x_fal_billable_units="1"))
    assert caught.value.units == Decimal(1)


def test_a_cut_result_says_nothing_about_the_request(serve: Serve) -> None:
    server = serve(says("{}", headers={"Content-Length": "100"}))
    with pytest.raises(ProviderError) as caught:
        connect(server).result(f"{server.url}/requests/{ID}", prompt="")
    assert caught.value.outcome is Outcome.UNKNOWN


@pytest.mark.parametrize(
    ("status", "said", "expected"),
    [
        (202, "CANCELLATION_REQUESTED", Cancellation.REQUESTED),
        (200, "OK", Cancellation.ACKNOWLEDGED),
        (400, "ALREADY_COMPLETED", Cancellation.TOO_LATE),
    ],
)
def test_a_cancellation_is_acknowledged_or_too_late(
    serve: Serve, status: int, said: str, expected: Cancellation
) -> None:
    server = serve(answers({"status": said}, status=status))
    assert connect(server).cancel(f"{server.url}/cancel") is expected
    assert server.heads[0].startswith("PUT /cancel ")


@pytest.mark.parametrize("status", [404, 401, 500])
def test_any_other_answer_to_a_cancellation_acknowledges_nothing(serve: Serve, status: int) -> None:
    server = serve(answers({"status": "NOT_FOUND"}, status=status))
    with pytest.raises(ProviderError):
        connect(server).cancel(f"{server.url}/cancel")


def test_charges_are_read_page_by_page_with_the_admin_key(serve: Serve) -> None:
    def event(name: str, cost: object) -> dict[str, object]:
        return {
            "request_id": name,
            "endpoint_id": REALISM,
            "timestamp": "2026-08-17T10:00:00Z",
            "output_units": 1.5,
            "cost_estimate_nano_usd": cost,
            "auth_method": "User Key: darkroom",
        }

    server = serve(
        answers({"billing_events": [event("a", 35_000_000)], "next_cursor": "Mg==", "has_more": 1}),
        answers({"billing_events": [event("b", 1800000)], "next_cursor": None, "has_more": False}),
    )
    found = list(connect(server).read_charges(since=SINCE, until=SINCE + timedelta(days=1)))
    at = datetime(2026, 8, 17, 10, tzinfo=UTC)
    assert found == [
        Charge(name, nano_usd, at, "User Key: darkroom")
        for name, nano_usd in (("a", 35_000_000), ("b", 1_800_000))
    ]
    assert f"Authorization: Key {ADMIN_KEY}" in server.heads[0]
    assert "cursor=Mg%3D%3D" in server.heads[1]
    assert all("expand=auth_method" in head for head in server.heads)


def test_fal_has_no_log_that_could_prove_a_request_absent(serve: Serve) -> None:
    client = connect(serve(says()))
    with pytest.raises(ProviderError):
        client.find_in_log(client_request_ids={SENT_AS}, since=SINCE, until=SINCE)


def test_keys_that_cannot_be_fetched_leave_a_webhook_undecided(serve: Serve) -> None:
    client = connect(serve(says(status=500)))
    with pytest.raises(KeysUnavailable):
        client.fetch_keys()


def test_a_small_reference_travels_inside_and_a_large_one_by_storage(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fal_uploads, "LARGEST_INSIDE", 100)
    data = base64.b64encode(bytes(200)).decode()
    large, small = f"data:image/png;base64,{data}", "data:image/png;base64,AAAA"
    where: dict[str, str] = {}

    def storage(connection: socket.socket) -> None:
        answers(where)(connection)

    server = serve(storage, says(), answers(submission()))
    where |= {"upload_url": f"{server.url}/put", "file_url": f"{server.url}/file.png"}
    wanted = payload(image_urls=[small, large, "https://pictures.example/1.png"])
    connect(server).submit(payload=wanted, client_request_id=SENT_AS, webhook="")
    initiated, put, submitted = server.heads
    assert initiated.startswith("POST /storage/upload/initiate?storage_type=fal-cdn-v3")
    assert put.startswith("PUT /put ")
    assert "Authorization" not in put
    assert submitted.startswith(f"POST /{REALISM}")
    body = json.loads(server.requests[2].partition(b"\r\n\r\n")[2])
    address = f"{server.url}/file.png"
    assert body["image_urls"] == [small, address, "https://pictures.example/1.png"]


@pytest.mark.parametrize(
    "where",
    [
        {"upload_url": "http://169.254.169.254/put", "file_url": "https://v3.fal.media/x"},
        {"upload_url": "https://evil.example/put", "file_url": "https://v3.fal.media/x"},
        {},
    ],
)
def test_a_storage_that_names_a_strange_place_gets_nothing(
    serve: Serve, monkeypatch: pytest.MonkeyPatch, where: dict[str, str]
) -> None:
    monkeypatch.setattr(fal_uploads, "LARGEST_INSIDE", 10)
    server = serve(answers(where))
    image = "data:image/png;base64," + base64.b64encode(bytes(40)).decode()
    with pytest.raises(ProviderError) as caught:
        connect(server).submit(
            payload=payload(image_url=image), client_request_id=SENT_AS, webhook=""
        )
    assert caught.value.outcome is Outcome.NOT_RUN
    assert len(server.requests) == 1


def test_a_storage_whose_name_leads_inside_gets_nothing(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fal_uploads, "LARGEST_INSIDE", 10)
    address = "https://inside.fal.media/put"
    server = serve(answers({"upload_url": address, "file_url": address}))
    client = connect(server, resolver=lambda *_: ["127.0.0.1"])
    image = "data:image/png;base64," + base64.b64encode(bytes(40)).decode()
    with pytest.raises(ProviderError) as caught:
        client.submit(payload=payload(image_url=image), client_request_id=SENT_AS, webhook="")
    assert caught.value.outcome is Outcome.NOT_RUN
    assert len(server.requests) == 1


def test_neither_key_is_in_what_people_may_see(serve: Serve) -> None:
    server = serve(answers({"detail": f"Bad key {KEY} for {PROMPT}"}, status=400))
    client = connect(server)
    with pytest.raises(ProviderError) as caught:
        client.submit(payload=payload(), client_request_id=SENT_AS, webhook="")
    shown = f"{caught.value} {client.__dict__['_config']!r}"
    assert KEY[:12] not in shown
    assert ADMIN_KEY not in shown
    assert PROMPT not in shown
