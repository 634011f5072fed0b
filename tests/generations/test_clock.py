import threading

import pytest

from generations import clock


@pytest.mark.parametrize("breaks", ["work", "close"])
def test_what_is_repeated_goes_on_after_a_failure(
    breaks: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    rounds: list[int] = []
    enough = threading.Event()

    def fail() -> None:
        raise OSError

    def work() -> None:
        rounds.append(1)
        if len(rounds) == 3:
            enough.set()
            threading.Event().wait()
        if breaks == "work":
            fail()

    monkeypatch.setattr(clock, "connection", Connection(fail if breaks == "close" else list))
    clock.every(0.01, work)
    assert enough.wait(5)


class Connection:
    def __init__(self, close: object) -> None:
        self.close = close
