import base64
import json
from collections.abc import Iterator

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from generations.providers.fal_signatures import (
    BadSignature,
    KeysUnavailable,
    Signed,
    Verifier,
    read_keys,
)

NOW = 1_790_000_000
BODY = b'{"request_id":"r","status":"OK"}'
OURS, OTHERS = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()


class Fal:
    """Its list of keys, how often it was asked for, and a clock."""

    def __init__(self, *keys: Ed25519PrivateKey) -> None:
        self.keys = keys
        self.asked = 0
        self.is_down = False
        self.time = float(NOW)
        self.verifier = Verifier(self.fetch, now=lambda: self.time)

    def fetch(self) -> str:
        self.asked += 1
        if self.is_down:
            raise KeysUnavailable("down")
        return jwks(*self.keys)


def jwks(*keys: Ed25519PrivateKey, padded: bool = True) -> str:
    raw = [key.public_key().public_bytes_raw() for key in keys]
    texts = [base64.urlsafe_b64encode(one).decode() for one in raw]
    return json.dumps({"keys": [{"x": one if padded else one.rstrip("=")} for one in texts]})


def headers(key: Ed25519PrivateKey = OURS, body: bytes = BODY, *, at: int = NOW) -> dict[str, str]:
    named = {
        "x-fal-webhook-request-id": "r",
        "x-fal-webhook-user-id": "u",
        "x-fal-webhook-timestamp": str(at),
        "x-fal-webhook-signature": "00" * 64,
    }
    message = Signed.read(named).message(body)
    return named | {"x-fal-webhook-signature": key.sign(message).hex()}


def test_fals_signature_is_told_from_others() -> None:
    fal = Fal(OURS)
    assert fal.verifier.check(headers(), BODY).request_id == "r"
    with pytest.raises(BadSignature, match="somebody else"):
        fal.verifier.check(headers(OTHERS), BODY)


def test_any_key_of_the_list_will_do() -> None:
    assert Fal(OTHERS, OURS).verifier.check(headers(), BODY)


def test_another_body_is_refused() -> None:
    with pytest.raises(BadSignature):
        Fal(OURS).verifier.check(headers(), BODY + b" ")


@pytest.mark.parametrize("name", list(headers()))
def test_a_changed_or_a_missing_header_is_refused(name: str) -> None:
    fal, sent = Fal(OURS), headers()
    without = {key: value for key, value in sent.items() if key != name}
    for wrong in (without, sent | {name: sent[name][:-1] + "7"}):
        with pytest.raises(BadSignature):
            fal.verifier.check(wrong, BODY)


@pytest.mark.parametrize("away", [-301, 301])
def test_what_is_older_or_younger_than_five_minutes_is_refused(away: int) -> None:
    with pytest.raises(BadSignature, match="too old"):
        Fal(OURS).verifier.check(headers(at=NOW + away), BODY)


@pytest.mark.parametrize("away", [-300, 300])
def test_five_minutes_are_allowed(away: int) -> None:
    assert Fal(OURS).verifier.check(headers(at=NOW + away), BODY)


def test_keys_are_kept_for_a_day() -> None:
    fal = Fal(OURS)
    for _ in range(3):
        fal.verifier.check(headers(), BODY)
    assert fal.asked == 1
    fal.time += 25 * 3600
    fal.verifier.check(headers(at=int(fal.time)), BODY)
    assert fal.asked == 2


def test_an_unknown_signature_fetches_the_keys_once_and_not_at_forgers_pace() -> None:
    fal = Fal(OURS)
    fal.verifier.check(headers(), BODY)
    fal.time += 120
    for _ in range(5):
        with pytest.raises(BadSignature):
            fal.verifier.check(headers(OTHERS, at=int(fal.time)), BODY)
    assert fal.asked == 2


def test_a_rotated_key_is_accepted_after_one_fetch() -> None:
    fal = Fal(OURS)
    fal.verifier.check(headers(), BODY)
    fal.keys = (OTHERS,)
    fal.time += 120
    assert fal.verifier.check(headers(OTHERS, at=int(fal.time)), BODY)
    with pytest.raises(BadSignature):
        fal.verifier.check(headers(OURS, at=int(fal.time)), BODY)


def test_nothing_is_decided_while_the_list_is_down_but_known_keys_go_on() -> None:
    fal = Fal(OURS)
    fal.is_down = True
    for _ in range(2):
        with pytest.raises(KeysUnavailable):
            fal.verifier.check(headers(), BODY)
    assert fal.asked == 1
    fal.is_down, fal.time = False, fal.time + 61
    assert fal.verifier.check(headers(at=int(fal.time)), BODY)
    fal.is_down, fal.time = True, fal.time + 61
    assert fal.verifier.check(headers(at=int(fal.time)), BODY)
    with pytest.raises(KeysUnavailable):
        fal.verifier.check(headers(OTHERS, at=int(fal.time)), BODY)


@pytest.mark.parametrize("padded", [True, False])
def test_a_list_is_read_with_padding_and_without(padded: bool) -> None:
    assert len(read_keys(jwks(OURS, OTHERS, padded=padded))) == 2


@pytest.mark.parametrize("text", ["", "{}", '{"keys":[]}', '{"keys":[{"x":"AAAA"},{"x":1},7]}'])
def test_a_list_without_a_usable_key_decides_nothing(text: str) -> None:
    with pytest.raises(KeysUnavailable):
        read_keys(text)


@given(text=st.text(max_size=80), x=st.text(max_size=50))
def test_any_list_is_read_or_refused(text: str, x: str) -> None:
    for said in (text, json.dumps({"keys": [{"x": x}]})):
        try:
            assert read_keys(said)
        except KeysUnavailable:
            continue


def _headers() -> Iterator[str]:
    yield from headers()


@given(values=st.lists(st.text(max_size=130), min_size=4, max_size=4), body=st.binary(max_size=50))
def test_no_headers_are_ever_believed_by_accident(values: list[str], body: bytes) -> None:
    with pytest.raises(BadSignature):
        Fal(OURS).verifier.check(dict(zip(_headers(), values, strict=True)), body)
