from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from config import env


def test_a_dotenv_file_gives_what_the_environment_does_not_say(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("# a comment\n\nPORT=9000\n  HOST = 'example.org' \nKEY=a=b\nno assignment\n")
    assert env.read_dotenv(file, {"PORT": "8000"}) == {"HOST": "example.org", "KEY": "a=b"}


def test_no_dotenv_file_gives_nothing(tmp_path: Path) -> None:
    assert env.read_dotenv(tmp_path / ".env", {}) == {}


def test_text_falls_back_to_its_default_when_blank(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORD", "  ")
    assert env.text("WORD", "default") == "default"


def test_a_secret_may_come_from_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "key").write_text("from the file\n")
    monkeypatch.setenv("KEY", "from the environment")
    assert env.secret("KEY") == "from the environment"
    monkeypatch.setenv("KEY_FILE", str(tmp_path / "key"))
    assert env.secret("KEY") == "from the file"


@pytest.mark.parametrize(
    ("word", "value"), [("1", True), ("Yes", True), ("off", False), ("FALSE", False), ("", True)]
)
def test_a_switch_takes_the_usual_words(
    monkeypatch: pytest.MonkeyPatch, word: str, value: bool
) -> None:
    monkeypatch.setenv("SWITCH", word)
    assert env.boolean("SWITCH", default=True) is value


def test_a_switch_that_is_neither_on_nor_off_says_what_to_write(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SWITCH", "maybe")
    with pytest.raises(ImproperlyConfigured, match=r"SWITCH='maybe'.*write true or false"):
        env.boolean("SWITCH", default=True)


def test_a_number_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", " 8080 ")
    assert env.integer("PORT", 1) == 8080
    assert env.integer("UNSET_NUMBER", 7) == 7


@pytest.mark.parametrize("word", ["eight", "-1", "0", "8.5", "²"])
def test_a_number_that_is_none_or_too_small_says_what_to_write(
    monkeypatch: pytest.MonkeyPatch, word: str
) -> None:
    monkeypatch.setenv("PORT", word)
    with pytest.raises(ImproperlyConfigured, match=r"PORT=.*whole number of at least 1"):
        env.integer("PORT", 8000, minimum=1)


def test_seconds_may_have_a_fraction(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PAUSE", "0.5")
    assert env.seconds("PAUSE", 3) == 0.5
    assert env.seconds("UNSET_PAUSE", 3) == 3


@pytest.mark.parametrize("word", ["soon", "-1", "inf", "nan"])
def test_a_time_that_is_none_says_what_to_write(monkeypatch: pytest.MonkeyPatch, word: str) -> None:
    monkeypatch.setenv("PAUSE", word)
    with pytest.raises(ImproperlyConfigured, match=r"PAUSE=.*write seconds"):
        env.seconds("PAUSE", 3)


def test_a_list_drops_blanks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOSTS", "one, two,,three ,")
    assert env.words("HOSTS") == ["one", "two", "three"]
    assert env.words("UNSET_HOSTS", "a,b") == ["a", "b"]
