"""The API of a running Darkroom, as the programs meet it that it is made for."""

import asyncio
import base64
import io
import shlex
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import openai
import pytest
from PIL import Image as Picture

from config.paths import BASE
from tests.instance import OWNER, TEAM, Instance, running

pytestmark = [pytest.mark.process, pytest.mark.timeout(180)]

POOL = 4
WAITING = 24
MAKING = 4.0  # seconds


@pytest.fixture(scope="module")
def darkroom() -> Iterator[Instance]:
    with (
        tempfile.TemporaryDirectory(prefix="darkroom-") as folder,
        running(
            Path(folder), SANDBOX_DELAY=str(MAKING), DATABASE_POOL_SIZE=str(POOL), LOG_LEVEL="INFO"
        ) as instance,
    ):
        yield instance


@pytest.fixture(scope="module")
def secret(darkroom: Instance) -> str:
    return darkroom.manage("create_token", OWNER, TEAM).stdout.strip()


@pytest.fixture
def client(darkroom: Instance, secret: str) -> openai.OpenAI:
    return openai.OpenAI(base_url=f"{darkroom.url}/v1", api_key=secret, timeout=60)


def size_of(data: bytes) -> tuple[int, int]:
    with Picture.open(io.BytesIO(data)) as picture:
        return picture.size


def test_openais_own_client_makes_images(client: openai.OpenAI) -> None:
    made = client.images.generate(
        model="flux/dev",
        prompt="A lighthouse at dusk",
        n=2,
        size="768x512",
    )

    assert made.data
    pictures = [httpx.get(str(one.url)) for one in made.data]
    assert [size_of(picture.content) for picture in pictures] == [(768, 512)] * 2
    assert (made.model_extra or {})["credits"]["charged"] == "6.6"


def test_openais_own_client_gets_images_inside_the_answer(client: openai.OpenAI) -> None:
    made = client.images.generate(
        model="flux/dev",
        prompt="A lighthouse at dawn",
        response_format="b64_json",
        extra_body={"image_size": "square", "seed": 11},
    )

    assert made.data
    assert size_of(base64.b64decode(made.data[0].b64_json or "")) == (512, 512)


def test_openais_own_client_understands_a_refusal(client: openai.OpenAI) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        client.images.generate(model="flux/dev", prompt="A lighthouse", n=9)

    assert caught.value.param == "n"
    assert "Not charged." in str(caught.value)


def test_openais_own_client_lists_the_models(client: openai.OpenAI) -> None:
    assert "flux/dev" in {model.id for model in client.models.list()}


def test_the_readmes_example_works(darkroom: Instance, secret: str) -> None:
    text = (BASE / "README.md").read_text()
    command = text[text.index("curl http://") :].partition("\n\n")[0]
    words = shlex.split(command.replace("$TOKEN", secret))
    headers = [words[place + 1] for place, word in enumerate(words) if word == "-H"]
    parts = (header.partition(": ") for header in headers)

    answer = httpx.post(
        words[1].replace("http://127.0.0.1:8000", darkroom.url),
        headers={name: value for name, _, value in parts},
        content=words[words.index("-d") + 1],
        timeout=60,
    )

    assert answer.status_code == 200
    assert len(answer.json()["data"]) == 2


def test_calls_that_wait_leave_the_database_to_others(darkroom: Instance, secret: str) -> None:
    answers, seconds = asyncio.run(_wait_and_look(darkroom, secret))

    assert [answer.status_code for answer in answers] == [200] * WAITING
    assert seconds < MAKING / 2


async def _wait_and_look(darkroom: Instance, secret: str) -> tuple[list[httpx.Response], float]:
    """Many calls at once, and how long another took that was made in the midst of them."""
    bearer = {"Authorization": f"Bearer {secret}"}
    body: dict[str, Any] = {"model": "flux/schnell", "prompt": "Many at once"}
    async with httpx.AsyncClient(base_url=darkroom.url, headers=bearer, timeout=90) as caller:
        calls = [
            asyncio.create_task(caller.post("/v1/images/generations", json=body))
            for _ in range(WAITING)
        ]
        await asyncio.sleep(MAKING / 2)
        began = time.monotonic()
        assert (await caller.get("/v1/models")).status_code == 200
        seconds = time.monotonic() - began
        return list(await asyncio.gather(*calls)), seconds


def test_no_log_holds_a_token(darkroom: Instance, secret: str) -> None:
    httpx.get(f"{darkroom.url}/v1/models", headers={"Authorization": f"Bearer {secret}"})
    httpx.get(f"{darkroom.url}/v1/models", headers={"Authorization": secret})
    assert darkroom.lines
    assert not [line for line in darkroom.lines if secret in line]
