"""Reads what a finished request gave: pictures in any of the documented shapes, and the cost."""

import base64
import binascii
import re
from collections.abc import Iterable, Iterator, Mapping
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

from generations.providers.base import Answer, Cost, Output, RawAnswer
from generations.providers.decoding import decode, integer, mapping, sequence, string
from generations.providers.errors import UnreadableAnswer

NANO_USD_PER_USD = 1_000_000_000
NANO_USD_PER_CREDIT = 500  # 1 USD is 2,000,000 of the provider's credits
_BIGGEST = 2**63 - 1
_TYPE = re.compile(r"image/[\w.+-]{1,40}", re.ASCII)
_INLINE = ("b64_json", "base64", "image_base64")


def read_answer(raw: RawAnswer) -> Answer:
    """The pictures, seed and cost of a 2xx. Raises UnreadableAnswer and nothing else."""
    try:
        document = mapping(decode(raw.body))
    except ValueError:
        raise UnreadableAnswer(
            f"The provider answered {raw.status_code} with something other than JSON",
            raw=raw,
            cost=read_cost(None, raw.headers),
        ) from None
    cost = read_cost(document, raw.headers)
    outputs = _read_outputs(document)
    if not outputs:
        raise UnreadableAnswer(
            f"The provider answered {raw.status_code} without a picture", raw=raw, cost=cost
        )
    return Answer(
        outputs=outputs,
        seed=integer(document.get("seed"), minimum=0, maximum=_BIGGEST),
        cost=cost,
        inference_id=raw.headers.get("x-inference-id", ""),
    )


def read_cost(document: object, headers: Mapping[str, str]) -> Cost | None:
    """What the body states, else the headers, else None: not knowing is not the same as 0."""
    usage = mapping(mapping(mapping(document).get("meta")).get("usage"))
    return _cost(
        usd=usage.get("usd_spent"),
        natives=(usage.get("credits_used"), usage.get("tokens_used")),
        source="body",
    ) or _cost(
        usd=headers.get("x-aimlapi-usd-spent"),
        natives=(headers.get("x-aimlapi-credits-used"),),
        source="header",
    )


def _cost(*, usd: object, natives: Iterable[object], source: str) -> Cost | None:
    native = next(filter(_is_number, (scaled(value, 1) for value in natives)), None)
    stated = scaled(usd, NANO_USD_PER_USD)
    nano_usd = scaled(native, NANO_USD_PER_CREDIT) if stated is None else stated
    if nano_usd is None:
        return None
    if native is None:
        return Cost(nano_usd, nano_usd, "nano_usd", source)
    return Cost(nano_usd, native, "credits", source)


def _is_number(value: int | None) -> bool:
    return value is not None


def scaled(value: object, factor: int) -> int | None:
    """The amount times the factor as a whole number, or None if it is no sensible amount.

    Rounded to the nearest: a stated 0.026000000000000002 USD is a float's noise, not a price.
    """
    if isinstance(value, bool) or not isinstance(value, int | str | Decimal):
        return None
    try:
        amount = Decimal(value)
    except InvalidOperation:
        return None
    if not amount.is_finite() or not 0 <= amount <= _BIGGEST // factor:
        return None
    return int((amount * factor).to_integral_value(ROUND_HALF_UP))


def _read_outputs(document: Mapping[str, object]) -> tuple[Output, ...]:
    """The first list that holds pictures: `images` and `data` may both hold the same files."""
    flags = sequence(document.get("has_nsfw_concepts"))
    choices = mapping(document.get("output")).get("choices")
    for items in (document.get("images"), document.get("data"), choices):
        outputs: dict[object, Output] = {}
        for index, item in enumerate(sequence(items)):
            output = _read_output(item, flagged=flags[index : index + 1] == [True])
            if output:
                outputs.setdefault(output.url or index, output)
        if outputs:
            return tuple(outputs.values())
    return ()


def _read_output(item: object, *, flagged: bool) -> Output | None:
    fields = mapping(item) or {"url": item}
    address = string(fields.get("url"))
    is_link = address.lower().startswith(("http://", "https://")) and address.isprintable()
    data = next(filter(None, map(_decode_base64, _inline(fields))), None)
    if not (is_link or data):
        return None
    return Output(
        url=address if is_link else None,
        data=data,
        width=integer(fields.get("width"), minimum=1, maximum=65_535),
        height=integer(fields.get("height"), minimum=1, maximum=65_535),
        content_type=_read_type(fields.get("content_type") or fields.get("mime_type")),
        flagged=flagged,
    )


def _read_type(value: object) -> str | None:
    return string(value) if _TYPE.fullmatch(string(value)) else None


def _inline(fields: Mapping[str, object]) -> Iterator[str]:
    address = string(fields.get("url"))
    if address.startswith("data:"):
        yield address
    yield from (string(fields.get(name)) for name in _INLINE)


def _decode_base64(text: str) -> bytes | None:
    encoded = text.partition(",")[2] if text.startswith("data:") else text
    try:
        return base64.b64decode("".join(encoded.split()), validate=True) or None
    except (binascii.Error, ValueError):
        return None
