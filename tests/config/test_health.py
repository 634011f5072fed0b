from pathlib import Path

import pytest
from django.db import connection
from django.test import Client
from pytest_django import Settings

from tests.instance import free_port


def test_the_process_is_alive_whatever_host_it_is_asked_by(client: Client) -> None:
    answer = client.get("/healthz", headers={"host": "10.0.0.7:8000"})
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


@pytest.mark.django_db
def test_it_is_ready_when_database_and_broker_answer(
    client: Client, settings: Settings, tmp_path: Path
) -> None:
    settings.BROKER_FOLDER = tmp_path
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()) == (
        200,
        {"status": "ok", "database": True, "broker": True},
    )


@pytest.mark.django_db(transaction=True)
def test_it_is_not_ready_without_its_database(
    client: Client, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.BROKER_FOLDER = tmp_path
    connection.close()
    with monkeypatch.context() as patch:
        patch.setitem(connection.settings_dict, "HOST", str(tmp_path))
        answer = client.get("/readyz")
    assert (answer.status_code, answer.json()) == (
        503,
        {"status": "unavailable", "database": False, "broker": True},
    )


@pytest.mark.django_db
def test_without_its_redis_it_still_answers_people_and_says_so(
    client: Client, settings: Settings
) -> None:
    settings.REDIS_URL = f"redis://127.0.0.1:{free_port()}/0"
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()) == (
        200,
        {"status": "degraded", "database": True, "broker": False},
    )


@pytest.mark.django_db
def test_a_broker_folder_that_is_gone_is_said(
    client: Client, settings: Settings, tmp_path: Path
) -> None:
    settings.BROKER_FOLDER = tmp_path / "gone"
    assert client.get("/readyz").json()["broker"] is False
