"""The engine as a textbook has it: prefork, a task is one blocking call, acknowledged early."""

import os
import time
from pathlib import Path

import httpx
from celery import Celery

app = Celery("textbook", broker=os.environ["REDIS_URL"])
app.conf.update(task_ignore_result=True, broker_connection_retry_on_startup=True)


@app.task
def generate(url: str, order: dict[str, object], target: str) -> None:
    """Ask, fetch, write; how it ended is the file and its time."""
    headers = {"Authorization": "Bearer bench"}
    answer = httpx.post(f"{url}/v1/images/generations", json=order, headers=headers, timeout=120)
    picture = httpx.get(answer.json()["images"][0]["url"], timeout=60).content
    Path(target).write_bytes(picture)
    Path(target).with_suffix(".time").write_text(str(time.time()))
