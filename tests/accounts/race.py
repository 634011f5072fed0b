from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from threading import Barrier, BrokenBarrierError

from django.db import connection


def together(*calls: Callable[[], object]) -> list[object]:
    """Run the calls at once, each on its own connection: their results, or what they raised."""
    start = Barrier(len(calls))

    def run(call: Callable[[], object]) -> object:
        start.wait()
        try:
            return call()
        except Exception as error:  # noqa: BLE001  # The caller compares what was raised.
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


def meeting(call: Callable[..., object]) -> Callable[..., object]:
    """The call, after which two threads meet; they do not wait long, as a lock may part them."""
    barrier = Barrier(2)

    def met(*args: object, **kwargs: object) -> object:
        result = call(*args, **kwargs)
        with suppress(BrokenBarrierError):
            barrier.wait(timeout=0.5)
        return result

    return met


def wait_until_somebody_waits() -> None:
    """Until some connection to this database waits for a lock."""
    for _ in range(500):
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT 1 FROM pg_locks waits JOIN pg_locks holds USING (pid)"
                " JOIN pg_database here ON here.oid = holds.database"
                " WHERE NOT waits.granted AND here.datname = current_database()"
            )
            if cursor.fetchone():
                return
            cursor.execute("SELECT pg_sleep(0.01)")
    raise AssertionError("nobody waits")
