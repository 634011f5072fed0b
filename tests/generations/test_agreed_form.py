"""What was agreed to by pressing a button that said a price."""

from uuid import uuid4

import pytest

from generations.agreed_form import AgreedForm


@pytest.mark.parametrize(
    ("said", "agreed"),
    [("3300000", 3_300_000), ("0", 0), ("", 0), ("much", 0), ("-5", 0), ("1e9", 0), ("9" * 30, 0)],
)
def test_what_is_no_amount_agrees_to_nothing(said: str, agreed: int) -> None:
    form = AgreedForm({"idempotency_key": str(uuid4()), "agreed": said})

    assert form.is_valid()
    assert form.agreed_to == agreed


@pytest.mark.parametrize("key", ["", "none"])
def test_without_its_key_it_did_not_arrive_whole(key: str) -> None:
    form = AgreedForm({"idempotency_key": key, "agreed": "1"})

    assert form.errors["idempotency_key"] == [
        "This form did not arrive whole. Reload the page, then send."
    ]
