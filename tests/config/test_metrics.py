"""Who may read the figures, which are nobody else's business."""

import pytest
from django.test import Client
from prometheus_client.parser import text_string_to_metric_families
from pytest_django import Settings

pytestmark = pytest.mark.django_db

TOKEN = "a token for the scraper"
ELSEWHERE = {"REMOTE_ADDR": "10.0.0.7"}


@pytest.fixture
def scraper() -> Client:
    """On this machine, by its address."""
    return Client(headers={"host": "127.0.0.1:8000"})


@pytest.fixture
def token(settings: Settings) -> str:
    settings.METRICS_TOKEN = TOKEN
    return TOKEN


def test_this_machine_reads_them(scraper: Client) -> None:
    answer = scraper.get("/metrics")
    names = {family.name for family in text_string_to_metric_families(answer.text)}
    assert answer.status_code == 200
    assert answer["Content-Type"].startswith("text/plain; version=")
    assert {"darkroom_held_microcredits", "darkroom_requests_open"} <= names


@pytest.mark.parametrize("host", ["localhost", "[::1]:8000", "[::1]", "127.0.0.1"])
def test_this_machine_has_several_names(host: str) -> None:
    assert Client(headers={"host": host}).get("/metrics").status_code == 200


def test_nobody_else_does(scraper: Client) -> None:
    assert scraper.get("/metrics", **ELSEWHERE).status_code == 404  # type: ignore[arg-type]  # WSGI's name


@pytest.mark.parametrize("name", ["X-Forwarded-For", "X-Real-IP", "Forwarded", "Via"])
def test_a_proxy_on_this_machine_does_not_for_others(scraper: Client, name: str) -> None:
    assert scraper.get("/metrics", headers={name: "203.0.113.9"}).status_code == 404


def test_behind_a_proxy_only_the_token_counts(
    scraper: Client, settings: Settings, token: str
) -> None:
    settings.TRUST_PROXY = True
    bearer = {"Authorization": f"Bearer {token}", "X-Forwarded-For": "203.0.113.9"}
    assert scraper.get("/metrics").status_code == 404
    assert scraper.get("/metrics", headers=bearer).status_code == 200


def test_a_page_that_renamed_its_host_does_not() -> None:
    assert Client(headers={"host": "rebound.example:8000"}).get("/metrics").status_code == 404


def test_who_knows_the_token_reads_them_from_anywhere(scraper: Client, token: str) -> None:
    bearer = {"Authorization": f"Bearer {token}", "Host": "10.0.0.9"}
    assert scraper.get("/metrics", headers=bearer, **ELSEWHERE).status_code == 200  # type: ignore[arg-type]  # see above


@pytest.mark.parametrize("said", ["Bearer wrong", "Bearer ", "Bearer", f"Basic {TOKEN}", TOKEN, ""])
def test_a_wrong_token_opens_nothing(scraper: Client, token: str, said: str) -> None:
    answer = scraper.get("/metrics", headers={"Authorization": said}, **ELSEWHERE)  # type: ignore[arg-type]  # see above
    assert answer.status_code == 404


def test_no_token_is_not_an_empty_token(scraper: Client, settings: Settings) -> None:
    settings.METRICS_TOKEN = ""
    answer = scraper.get("/metrics", headers={"Authorization": "Bearer "}, **ELSEWHERE)  # type: ignore[arg-type]  # see above
    assert answer.status_code == 404


@pytest.mark.parametrize("elsewhere", [{}, ELSEWHERE])
def test_no_browser_or_cache_keeps_the_answer(scraper: Client, elsewhere: dict[str, str]) -> None:
    answer = scraper.get("/metrics", **elsewhere)  # type: ignore[arg-type]  # see above
    assert answer["Cache-Control"] == "no-store"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Security-Policy"].startswith("default-src 'none'")
    assert "Set-Cookie" not in answer


def test_they_are_only_read(scraper: Client) -> None:
    assert scraper.post("/metrics").status_code == 405
