"""JSON from outside, read so that no shape of it can surprise: one error, and no floats."""

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal


def decode(text: str) -> object:
    """The document, with fractions as Decimal. Raises ValueError and nothing else."""
    try:
        document: object = json.loads(
            text.removeprefix("\ufeff"), parse_float=Decimal, parse_constant=lambda _: None
        )
    except (ArithmeticError, RecursionError) as error:
        # An exponent no Decimal holds, or brackets nested thousands deep.
        raise ValueError("not a sensible JSON document") from error
    return document


def mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, dict) else {}


def sequence(value: object) -> Sequence[object]:
    return value if isinstance(value, list) else ()


def string(value: object) -> str:
    return value if isinstance(value, str) else ""


def integer(value: object, *, minimum: int, maximum: int) -> int | None:
    """The value if it is a whole number within the bounds; true is not one."""
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if minimum <= value <= maximum else None
