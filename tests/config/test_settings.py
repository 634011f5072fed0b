"""What the settings make of their environment, each read in a process of its own."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from config.paths import BASE

PRINT = """
import json, sys
from config import settings
print(json.dumps(getattr(settings, sys.argv[1])))
"""
PRINT_LINK = """
import json, os
os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
import django
django.setup()
from config import settings
from generations.storage import S3
policy = settings.CONTENT_SECURITY_POLICY["DIRECTIVES"]
print(json.dumps([S3().link("images/one.png", "image/png"), policy["img-src"]]))
"""


def _run(*command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    bare = {"PATH": os.environ["PATH"], "ENV_FILE": os.devnull, "SECRET_KEY": "given"}
    return subprocess.run(
        [sys.executable, *command],
        env=bare | environment,
        cwd=BASE,
        capture_output=True,
        text=True,
        check=False,
    )


def _setting(name: str, **environment: str) -> object:
    done = _run("-c", PRINT, name, **environment)
    assert done.returncode == 0, done.stderr
    value: object = json.loads(done.stdout)
    return value


def test_without_a_key_the_sandbox_is_the_provider() -> None:
    assert _setting("AIMLAPI_BASE_URL", SANDBOX_PORT="4321") == "http://127.0.0.1:4321"
    assert _setting("PROVIDER_RESULT_HOSTS", SANDBOX_PORT="4321") == ["127.0.0.1:4321"]


def test_with_a_key_the_provider_is_asked_where_it_is_said_to_be() -> None:
    key = {"AIMLAPI_KEY": "a-key", "AIMLAPI_BASE_URL": "http://10.1.2.3:9000/"}
    assert _setting("AIMLAPI_BASE_URL", **key) == "http://10.1.2.3:9000"
    assert _setting("AIMLAPI_BASE_URL", AIMLAPI_KEY="a-key") == "https://api.aimlapi.com"
    assert _setting("PROVIDER_RESULT_HOSTS", **key) == []


@pytest.mark.parametrize(
    ("ours", "told_at"),
    [("https://darkroom.example.org", "https://darkroom.example.org"), ("http://192.168.1.20", "")],
)
def test_fal_is_given_an_address_only_where_it_can_reach_us(ours: str, told_at: str) -> None:
    assert _setting("WEBHOOK_ORIGIN", FAL_KEY="a-key", PUBLIC_URL=ours) == told_at
    assert _setting("WEBHOOK_ORIGIN", PUBLIC_URL=ours) == ours  # the sandbox is on this machine


def test_a_database_url_is_taken_apart() -> None:
    url = "postgresql://me:p%40ss@db.example.org:6543/pictures?sslmode=require"
    plain = {"DATABASE_POOL": "false", "DATABASE_LOCK_SECONDS": "0"}
    database = _setting("DATABASES", DATABASE_URL=url, **plain)
    assert isinstance(database, dict)
    assert database["default"] == {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": "pictures",
        "USER": "me",
        "PASSWORD": "p@ss",
        "HOST": "db.example.org",
        "PORT": "6543",
        "OPTIONS": {"sslmode": "require", "prepare_threshold": 0},
    }


def test_a_session_waits_for_locks_and_holds_them_only_so_long() -> None:
    database = _setting("DATABASES", DATABASE_LOCK_SECONDS="4")
    assert isinstance(database, dict)
    options = database["default"]["OPTIONS"]["options"]
    assert "-c lock_timeout=4s -c idle_in_transaction_session_timeout=12s" in options


def test_redis_becomes_broker_and_cache() -> None:
    redis = {"REDIS_URL": "redis://broker.example.org/3"}
    assert _setting("CELERY_BROKER_URL", **redis) == redis["REDIS_URL"]
    caches = _setting("CACHES", **redis)
    assert isinstance(caches, dict)
    assert caches["default"]["LOCATION"] == redis["REDIS_URL"]


def test_images_of_a_bucket_are_allowed_by_the_content_policy() -> None:
    store = {"S3_BUCKET": "pictures", "S3_ENDPOINT_URL": "https://s3.example.org"}
    policy = _setting("CONTENT_SECURITY_POLICY", **store)
    assert isinstance(policy, dict)
    assert "https://s3.example.org" in policy["DIRECTIVES"]["img-src"]


@pytest.mark.parametrize("region", [None, "us-east-1", "eu-central-1"])
def test_what_amazon_is_asked_for_is_allowed_by_the_content_policy(region: str | None) -> None:
    store = {"S3_BUCKET": "pictures", "AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": "secret"}
    there = {"AWS_DEFAULT_REGION": region} if region else {}
    done = _run("-c", PRINT_LINK, **store, **there)

    assert done.returncode == 0, done.stderr
    link, allowed = json.loads(done.stdout)
    assert link.partition("/images/")[0] in allowed


def test_a_secret_key_is_made_once_and_kept_to_its_owner(tmp_path: Path) -> None:
    first = _setting("SECRET_KEY", SECRET_KEY="", DARKROOM_DATA=str(tmp_path))
    assert isinstance(first, str)
    assert len(first) > 50
    assert _setting("SECRET_KEY", SECRET_KEY="", DARKROOM_DATA=str(tmp_path)) == first
    assert (tmp_path / "secret_key").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("value", ["eighty", "0"])
def test_a_setting_that_cannot_be_read_stops_the_start_and_says_why(value: str) -> None:
    done = _run("manage.py", "check", PORT=value)
    assert done.returncode != 0
    assert f"PORT='{value}' is not usable: write a whole number" in done.stderr


def test_django_finds_nothing_to_warn_of_in_production() -> None:
    done = _run(
        *("manage.py", "check", "--deploy", "--fail-level", "WARNING"),
        PUBLIC_URL="https://darkroom.example.org",
        SECRET_KEY="".join(map(chr, range(40, 110))),
        ALLOWED_HOSTS="darkroom.example.org",
    )
    assert done.returncode == 0, done.stderr
