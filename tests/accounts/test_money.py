import pytest

from accounts.money import format_credits, parse_credits


@pytest.mark.parametrize(
    ("microcredits", "text"),
    [
        (0, "0"),
        (12_000_000, "12"),
        (3_300_000, "3.3"),
        (2_480_000_000, "2,480"),
        (1, "0.000001"),
        (1_234_567_890_123, "1,234,567.890123"),
        (-1_500_000, "-1.5"),
    ],
)
def test_credits_are_written_exactly(microcredits: int, text: str) -> None:
    assert format_credits(microcredits) == text


@pytest.mark.parametrize(
    ("text", "microcredits"),
    [
        ("0", 0),
        ("12", 12_000_000),
        (" 2.5 ", 2_500_000),
        ("0.000001", 1),
        (f"2.5{'0' * 30}", 2_500_000),
    ],
)
def test_credits_are_read_exactly(text: str, microcredits: int) -> None:
    assert parse_credits(text) == microcredits


@pytest.mark.parametrize(
    "text", ["", "ten", "-1", "nan", "inf", "1,5", "1e30", "0.0000001", f"1.{'0' * 30}1"]
)
def test_what_is_no_amount_of_credits_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="redits"):
        parse_credits(text)
