"""Files on disk and objects in a bucket keep the same promises."""

import threading
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import uuid4

import boto3
import pytest
from moto.server import ThreadedMotoServer
from pytest_django import Settings

from generations import storage
from generations.errors import StorageUnavailable
from generations.storage import S3, Files, ObjectStore

BUCKET = "darkroom-test"
KEY = "images/team/ab/folder/original.png"


@pytest.fixture(scope="module")
def s3_server() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def bucket(s3_server: str, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> S3:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    settings.S3_BUCKET = BUCKET
    settings.S3_ENDPOINT_URL = s3_server
    boto3.client("s3", endpoint_url=s3_server).create_bucket(Bucket=BUCKET)
    return S3()


@pytest.fixture(params=["files", "s3"])
def store(request: pytest.FixtureRequest) -> ObjectStore:
    made: ObjectStore = Files() if request.param == "files" else request.getfixturevalue("bucket")
    return made


def test_what_is_put_is_what_is_got(store: ObjectStore) -> None:
    store.put(KEY, b"\x00\xff bytes", "image/png")
    assert store.get(KEY) == b"\x00\xff bytes"


def test_putting_again_leaves_one_object(store: ObjectStore) -> None:
    store.put(KEY, b"first", "image/png")
    store.put(KEY, b"second", "image/png")
    assert store.get(KEY) == b"second"


def test_what_is_not_there_is_not_found(store: ObjectStore) -> None:
    with pytest.raises(FileNotFoundError):
        store.get("images/none")


def test_what_is_deleted_is_gone_and_may_be_deleted_again(store: ObjectStore) -> None:
    store.put(KEY, b"bytes", "image/png")
    store.delete_object(KEY)
    store.delete_object(KEY)
    with pytest.raises(FileNotFoundError):
        store.get(KEY)


def test_a_store_serves_many_threads(store: ObjectStore) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: store.put(f"many/{n}", str(n).encode(), "text/plain"), range(24)))
    assert [store.get(f"many/{n}") for n in range(24)] == [str(n).encode() for n in range(24)]


# Files.


def test_files_are_closed_to_others_and_leave_no_parts(settings: Settings) -> None:
    Files().put(KEY, b"bytes", "image/png")
    path = Path(settings.MEDIA_ROOT) / KEY
    assert path.parent.stat().st_mode & 0o077 == 0
    assert [found.name for found in path.parent.iterdir()] == [path.name]


def test_a_file_is_whole_or_not_there(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("generations.storage.os.fsync", full)
    with pytest.raises(StorageUnavailable, match="No space left"):
        Files().put(KEY, b"bytes", "image/png")
    assert list((Path(settings.MEDIA_ROOT) / KEY).parent.iterdir()) == []


@pytest.mark.parametrize("operation", ["put", "get", "delete"])
def test_a_folder_that_cannot_be_used_is_a_store_that_is_away(
    settings: Settings, operation: str
) -> None:
    Path(settings.MEDIA_ROOT).write_text("a file where the folder should be")
    operations: dict[str, Callable[[], object]] = {
        "put": lambda: Files().put(KEY, b"bytes", "image/png"),
        "get": lambda: Files().get(KEY),
        "delete": lambda: Files().delete_object(KEY),
    }
    with pytest.raises(StorageUnavailable):
        operations[operation]()


def test_files_have_no_address_of_their_own() -> None:
    assert Files().link(KEY, "image/png") is None


# A bucket.


def test_a_signed_address_opens_the_object_for_five_minutes(bucket: S3) -> None:
    bucket.put(KEY, b"bytes", "image/png")
    address = bucket.link(KEY, "image/png")
    assert address is not None
    assert f"X-Amz-Expires={storage.LINK_SECONDS}" in address
    with urllib.request.urlopen(address) as answer:
        assert answer.read() == b"bytes"
        assert answer.headers["content-type"] == "image/png"
        assert answer.headers["cache-control"] == "private, max-age=300"


@pytest.mark.parametrize("operation", ["put", "get", "delete"])
def test_a_bucket_that_does_not_answer_is_a_store_that_is_away(
    bucket: S3, settings: Settings, operation: str
) -> None:
    settings.S3_BUCKET = "no-such-bucket"
    away = S3()
    operations: dict[str, Callable[[], object]] = {
        "put": lambda: away.put(KEY, b"bytes", "image/png"),
        "get": lambda: away.get(KEY),
        "delete": lambda: away.delete_object(KEY),
    }
    with pytest.raises(StorageUnavailable):
        operations[operation]()


def test_all_threads_share_one_client(bucket: S3) -> None:
    clients = [bucket.client]
    thread = threading.Thread(target=lambda: clients.append(bucket.client))
    thread.start()
    thread.join()
    assert clients[0] is clients[1]


# Keys.


def test_a_folder_is_the_same_for_the_same_image_and_bytes() -> None:
    team, image = uuid4(), uuid4()
    first = storage.folder_for(team=team, image=image, digest="d")
    assert storage.folder_for(team=team, image=image, digest="d") == first


def test_a_folder_cannot_be_guessed_without_the_secret(settings: Settings) -> None:
    team, image = uuid4(), uuid4()
    first = storage.folder_for(team=team, image=image, digest="d")
    settings.SECRET_KEY = "another"
    assert storage.folder_for(team=team, image=image, digest="d") != first


@pytest.mark.parametrize("change", ["image", "digest"])
def test_another_image_or_other_bytes_have_another_folder(change: str) -> None:
    team, image = uuid4(), uuid4()
    first = storage.folder_for(team=team, image=image, digest="d")
    other = {"image": image, "digest": "d"} | {change: uuid4() if change == "image" else "e"}
    assert storage.folder_for(team=team, **other) != first  # type: ignore[arg-type]  # a table


@pytest.mark.parametrize("key", ["../outside", "/etc/passwd", "images/../../outside"])
def test_no_key_leads_out_of_the_folder(key: str) -> None:
    with pytest.raises(Exception, match="outside"):
        Files().put(key, b"bytes", "image/png")
