import json
import time
from pathlib import Path

import pytest

from generations.sandbox.book import Book, Call, Status


def received(book: Book, *, key: str = "key-one-and-more", id_: str | None = "abc") -> Call:
    return book.receive(key=key, model="flux/dev", client_request_id=id_)


def test_a_call_is_open_until_it_ends() -> None:
    book = Book()
    call = received(book)
    assert (call.status, book.open) == (Status.OPEN, 1)
    assert book.charge(call, 92_000).credits == 92_000
    assert book.open == 0


def test_only_the_beginning_of_a_key_is_kept(tmp_path: Path) -> None:
    received(Book(tmp_path / "book"), key="key-one-and-more")
    assert "key-one-" in (tmp_path / "book").read_text()
    assert "and-more" not in (tmp_path / "book").read_text()


def test_the_same_id_twice_is_charged_twice() -> None:
    book = Book()
    for _ in range(2):
        book.charge(received(book), 92_000)
    assert book.spent("key-one-") == 184_000


def test_a_failed_call_costs_nothing_and_is_in_the_log() -> None:
    book = Book()
    book.fail(received(book))
    assert [(call.status, call.credits) for call in book.log("key-one-")] == [("failed", 0)]


def test_a_failed_call_can_stay_out_of_the_log() -> None:
    book = Book()
    book.fail(received(book), logged=False)
    assert book.log("key-one-") == []


def test_the_log_shows_a_key_its_own_ended_calls_newest_first() -> None:
    book = Book()
    for name in ("first", "second"):
        book.charge(received(book, id_=name), 1)
    book.charge(received(book, key="another-key"), 1)
    received(book, id_="still open")
    assert [call.client_request_id for call in book.log("key-one-")] == ["second", "first"]


def test_the_log_lags() -> None:
    book = Book(log_lag=0.05)
    book.charge(received(book), 1)
    assert book.log("key-one-") == []
    time.sleep(0.06)
    assert len(book.log("key-one-")) == 1


def test_the_peak_is_the_most_calls_open_at_once() -> None:
    book = Book()
    first, _second = received(book), received(book)
    book.fail(first)
    received(book)
    assert book.peak == 2


def test_a_book_opened_again_remembers_everything(tmp_path: Path) -> None:
    book = Book(tmp_path / "book")
    book.charge(received(book), 92_000)
    book.fail(received(book, id_=None))
    assert Book(tmp_path / "book").calls == book.calls


def test_the_file_is_only_ever_appended_to(tmp_path: Path) -> None:
    book = Book(tmp_path / "book")
    call = received(book)
    before = (tmp_path / "book").read_bytes()
    book.charge(call, 1)
    assert (tmp_path / "book").read_bytes().startswith(before)
    assert len((tmp_path / "book").read_text().splitlines()) == 2


def test_work_that_died_with_the_process_failed_uncharged(tmp_path: Path) -> None:
    received(Book(tmp_path / "book"))
    again = Book(tmp_path / "book")
    assert [(call.status, call.credits) for call in again.calls] == [("failed", 0)]
    assert again.open == 0


@pytest.mark.parametrize("torn", ['{"inference_id": "ab', "{"])
def test_half_a_line_at_the_end_is_forgotten(tmp_path: Path, torn: str) -> None:
    book = Book(tmp_path / "book")
    book.charge(received(book), 5)
    with (tmp_path / "book").open("a") as file:
        file.write(torn)
    again = Book(tmp_path / "book")
    again.charge(received(again), 7)
    assert Book(tmp_path / "book").spent("key-one-") == 12


def test_every_line_is_json(tmp_path: Path) -> None:
    book = Book(tmp_path / "book")
    book.charge(received(book), 5)
    lines = [json.loads(line) for line in (tmp_path / "book").read_text().splitlines()]
    assert [line["status"] for line in lines] == ["open", "succeeded"]
