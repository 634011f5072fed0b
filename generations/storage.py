"""Where the bytes of images are: the only module that knows the file system from S3.

Keys cannot be guessed: they carry a keyed digest of the image and its content. Writing the same key
twice leaves the same bytes, so everything here may be repeated.
"""

import contextlib
import hashlib
import hmac
import os
import secrets
import threading
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol, cast
from uuid import UUID

import botocore.config
import botocore.exceptions
from django.conf import settings
from django.core.files.storage import FileSystemStorage, default_storage
from storages.backends.s3 import S3Storage

from generations.errors import StorageUnavailable

LINK_SECONDS = 300
_making_a_client = threading.Lock()


class ObjectStore(Protocol):
    def put(self, key: str, data: bytes, content_type: str) -> None: ...
    def get(self, key: str) -> bytes: ...
    def delete_object(self, key: str) -> None: ...
    def link(self, key: str, content_type: str) -> str | None: ...


def folder_for(*, team: UUID, image: UUID, digest: str) -> str:
    """The unguessable folder of one image's original and renditions."""
    secret = hashlib.sha256(b"object keys" + settings.SECRET_KEY.encode()).digest()
    name = hmac.new(secret, f"{image}:{digest}".encode(), hashlib.sha256).hexdigest()
    return f"images/{team}/{name[:2]}/{name}"


def put(key: str, data: bytes, content_type: str) -> None:
    """Store the bytes under the key. Raises StorageUnavailable."""
    _store().put(key, data, content_type)


def get(key: str) -> bytes:
    """The bytes under the key. Raises FileNotFoundError, StorageUnavailable."""
    return _store().get(key)


def delete(key: str) -> None:
    """Remove what is under the key, if anything is. Raises StorageUnavailable."""
    _store().delete_object(key)


def link(key: str, content_type: str) -> str | None:
    """A signed address that opens the object for five minutes, or None if we serve it."""
    return _store().link(key, content_type)


def _store() -> ObjectStore:
    return cast("ObjectStore", default_storage)


class Files(FileSystemStorage):
    """Objects as files in the data folder, which no web server shows."""

    def put(self, key: str, data: bytes, content_type: str) -> None:
        path = Path(self.path(key))
        part = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with part.open("wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())  # Settled means stored, also after a power cut.
            part.replace(path)
        except OSError as error:
            with contextlib.suppress(OSError):
                part.unlink()
            raise StorageUnavailable(error.strerror or "The file could not be written.") from error

    def get(self, key: str) -> bytes:
        try:
            return Path(self.path(key)).read_bytes()
        except FileNotFoundError:
            raise
        except OSError as error:
            raise StorageUnavailable(error.strerror or "The file could not be read.") from error

    def delete_object(self, key: str) -> None:
        try:
            Path(self.path(key)).unlink(missing_ok=True)
        except OSError as error:
            raise StorageUnavailable(error.strerror or "The file could not be removed.") from error

    def link(self, key: str, content_type: str) -> str | None:
        return None


class S3(S3Storage):  # type: ignore[misc]  # django-storages carries no types
    """Objects in a bucket, over one client a process: one a thread costs 14 MiB each (measured)."""

    def __init__(self, **options: Any) -> None:
        super().__init__(
            **options,
            bucket_name=settings.S3_BUCKET,
            endpoint_url=settings.S3_ENDPOINT_URL or None,
            querystring_expire=LINK_SECONDS,
            client_config=botocore.config.Config(
                max_pool_connections=64,
                connect_timeout=5,
                read_timeout=30,
                retries={"mode": "standard", "max_attempts": 4},
                signature_version="s3v4",
                # Stores that speak S3 without being AWS refuse the SDK's newer checksums.
                request_checksum_calculation="when_required",
                response_checksum_validation="when_required",
            ),
        )

    @property
    def client(self) -> Any:
        # From Python 3.12 on, each thread that comes at the same time would make one.
        with _making_a_client:
            return self._client

    @cached_property
    def _client(self) -> Any:
        return self.connection.meta.client

    def put(self, key: str, data: bytes, content_type: str) -> None:
        try:
            self.client.put_object(
                Bucket=self.bucket_name, Key=key, Body=data, ContentType=content_type
            )
        except (botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError) as error:
            raise StorageUnavailable("The object store did not take the image.") from error

    def get(self, key: str) -> bytes:
        try:
            return bytes(self.client.get_object(Bucket=self.bucket_name, Key=key)["Body"].read())
        except self.client.exceptions.NoSuchKey as error:
            raise FileNotFoundError(key) from error
        except (botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError) as error:
            raise StorageUnavailable("The object store did not give the image.") from error

    def delete_object(self, key: str) -> None:
        try:
            self.client.delete_object(Bucket=self.bucket_name, Key=key)
        except (botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError) as error:
            raise StorageUnavailable("The object store did not remove the image.") from error

    def link(self, key: str, content_type: str) -> str | None:
        return str(
            self.client.generate_presigned_url(
                "get_object",
                Params={
                    "Bucket": self.bucket_name,
                    "Key": key,
                    "ResponseContentType": content_type,
                    "ResponseContentDisposition": "inline",
                    "ResponseCacheControl": f"private, max-age={LINK_SECONDS}",
                },
                ExpiresIn=LINK_SECONDS,
            )
        )
