from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.generations.sandbox.running import RunningSandbox

pytestmark = pytest.mark.process


@pytest.fixture
def used(server: RunningSandbox) -> RunningSandbox:
    """A server whose key has two charged calls, then a refused one."""
    server.generate("flux-realism")
    server.generate("flux-2")
    server.generate("flux-realism", num_images=9)
    return server


def models(page: dict[str, Any]) -> list[str]:
    return [row["model"] for row in page["data"]]


def around_now() -> dict[str, str]:
    now = datetime.now(UTC)
    ends = (now - timedelta(minutes=1), now + timedelta(minutes=1))
    return dict(zip(("start", "end"), (end.isoformat() for end in ends), strict=True))


def test_the_logs_show_all_calls_newest_first(used: RunningSandbox) -> None:
    page = used.logs(**around_now())
    assert models(page) == ["flux-realism", "flux-2", "flux-realism"]
    assert [row["status"] for row in page["data"]] == ["failed", "succeeded", "succeeded"]
    assert page["data"][2]["cost"] == {"usd": 0.046, "credits": 92_000}


def test_a_log_entry_has_exactly_the_documented_fields(used: RunningSandbox) -> None:
    assert used.logs()["data"][0].keys() == {
        "created", "status", "origin", "model", "cost", "tokens",
        "request_id", "inference_id", "client_request_id",
    }  # fmt: skip


def test_the_logs_come_in_pages(used: RunningSandbox) -> None:
    first, second = used.logs(limit=2), used.logs(limit=2, offset=2)
    assert first["pagination"] == {"limit": 2, "offset": 0, "total": 3, "has_more": True}
    assert second["pagination"] == {"limit": 2, "offset": 2, "total": 3, "has_more": False}
    assert models(first) + models(second) == models(used.logs())


def test_the_logs_can_be_narrowed(used: RunningSandbox) -> None:
    assert models(used.logs(status="failed")) == ["flux-realism"]
    assert len(used.logs(status=["failed", "succeeded"])["data"]) == 3
    assert models(used.logs(model="blackforestlabs/flux-2")) == ["flux-2"]
    assert models(used.logs(model="flux-pro,flux-2")) == []
    assert len(used.logs(period="1h")["data"]) == 3
    assert used.logs(start="2020-01-01T00:00:00", end="2020-02-01T00:00:00Z")["data"] == []


def test_a_key_sees_no_other_keys_calls(used: RunningSandbox) -> None:
    used.take_new_key()
    assert used.logs()["data"] == []
    assert used.client.get("/v2/logs", params={"key_prefix": "another1"}).status_code == 403


@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=101",
        "limit=x",
        "offset=-1",
        "status=succeeded,failed",
        "period=1w",
        "period=93d",
        "period=1h&start=2026-01-01&end=2026-01-02",
        "start=2026-01-01",
        "start=2026-01-02&end=2026-01-01",
        "start=2026-01-01&end=2026-05-01",
        "start=yesterday&end=today",
    ],
)
def test_a_query_outside_the_documents_is_refused(server: RunningSandbox, query: str) -> None:
    assert server.client.get(f"/v2/logs?{query}").status_code == 400


def test_the_transactions_are_the_charges_alone(used: RunningSandbox) -> None:
    charges = used.client.get("/v2/billing/transactions").json()["data"]
    logged = {row["inference_id"]: row["cost"] for row in used.logs(status="succeeded")["data"]}
    assert {charge["reference_id"]: charge["amount"] for charge in charges} == logged
    assert {charge["direction"] for charge in charges} == {"CHARGE"}


def test_the_transactions_go_on_from_a_cursor(used: RunningSandbox) -> None:
    first = used.client.get("/v2/billing/transactions?limit=1").json()
    cursor = first["pagination"]["next_cursor"]
    second = used.client.get(f"/v2/billing/transactions?limit=1&cursor={cursor}").json()
    assert models(first) + models(second) == ["flux-2", "flux-realism"]
    assert second["pagination"] == {"next_cursor": None, "has_more": False}


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("direction=CHARGE&type=MODEL_USAGE", 2),
        ("direction=TOPUP", 0),
        ("type=REFUND", 0),
        ("to=2026-01-01T00:00:00Z", 0),
        ("from=2026-01-01T00:00:00Z", 2),
    ],
)
def test_the_transactions_can_be_narrowed(used: RunningSandbox, query: str, count: int) -> None:
    found = used.client.get(f"/v2/billing/transactions?{query}").json()
    assert len(found["data"]) == count


def test_a_cursor_it_never_gave_is_refused(used: RunningSandbox) -> None:
    assert used.client.get("/v2/billing/transactions?cursor=abc").status_code == 400


def test_the_balance_falls_by_what_was_charged(used: RunningSandbox) -> None:
    spent = sum(row["cost"]["usd"] for row in used.logs()["data"])
    balance = used.client.get("/v2/billing").json()
    assert balance["current_balance"] == pytest.approx(1000 - spent)
    assert balance["currency"] == "USD"


def test_a_key_can_be_checked_without_spending(server: RunningSandbox) -> None:
    found = server.client.get("/v1/key").json()["data"]
    assert (found["prefix"], found["disabled"]) == (server.key[:8], False)


@pytest.mark.parametrize("path", ["/v1/key", "/v2/billing", "/v2/billing/transactions", "/v2/logs"])
def test_nothing_is_told_without_a_key(server: RunningSandbox, path: str) -> None:
    server.client.headers["Authorization"] = "Bearer invalid-key"
    assert server.client.get(path).status_code == 401


def test_the_listing_names_every_model_served_and_no_other(server: RunningSandbox) -> None:
    listed = server.client.get("/v1/models").json()["data"]
    ids = [model["id"] for model in listed]
    assert "flux-realism" in ids
    assert not any(id_.startswith("fal-ai/") for id_ in ids)
    assert not any("pricing" in model for model in listed)


@pytest.mark.parametrize("query", ["include=pricing,unheard_of", "include=all", "details=true"])
def test_the_listing_tells_prices_when_asked(server: RunningSandbox, query: str) -> None:
    [model] = server.client.get(f"/v1/models?id=flux-2&{query}").json()["data"]
    assert model["id"] == "blackforestlabs/flux-2"
    assert model["pricing"]["units"] == [{"price": 0.0156, "per": "megapixel"}]


def test_the_listing_can_be_narrowed(server: RunningSandbox) -> None:
    edits = server.client.get("/v1/models?input_modalities=image&output_modalities=image").json()
    assert edits["data"]
    assert all("edit" in m["id"] or "image-to-image" in m["id"] for m in edits["data"])
    assert server.client.get("/v1/models?type=chat").json()["data"] == []
