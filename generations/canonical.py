"""JSON with one text for one value, in the form of RFC 8785.

Whole numbers are exact up to 63 bits, where that RFC would have doubles.
"""

import json
import math
from typing import Any, NoReturn

from generations.parameters import BIGGEST, Json

DEEPEST = 8
# JavaScript writes an exponent below it.
PLAIN_FROM = 1e-6


class NotCanonical(ValueError):
    """The text is not a JSON object, or one that could be read in two ways; in the user's words."""


def read(text: str) -> dict[str, Any]:
    """The JSON object that the text says. Raises NotCanonical."""
    try:
        said = json.loads(text, object_pairs_hook=_once, parse_constant=_no_number)
        plain = _plain(said)
    except RecursionError as error:
        raise NotCanonical("It is nested too deeply.") from error
    except NotCanonical:
        raise
    except ValueError as error:
        raise NotCanonical("This is not JSON. Paste all of it, from { to }.") from error
    if not isinstance(plain, dict):
        raise NotCanonical("This is not a JSON object. Paste all of it, from { to }.")
    return plain


def write(value: Json) -> str:
    match value:
        case dict():
            # By UTF-16 units, as JavaScript sorts.
            names = sorted(value, key=lambda name: name.encode("utf-16-be"))
            inside = (f"{write(name)}:{write(value[name])}" for name in names)
            return "{" + ",".join(inside) + "}"
        case list():
            return "[" + ",".join(map(write, value)) + "]"
        case float():
            return _number(value)
        case _:
            return json.dumps(value, ensure_ascii=False)


def _number(value: float) -> str:
    size = abs(value)
    # Beyond, it would be read as a whole number that is too large.
    if value.is_integer() and size <= BIGGEST:
        return str(int(value))
    digits, _, exponent = repr(value).partition("e")
    if not exponent:
        return digits
    if size >= PLAIN_FROM and size < 1:
        return f"{value:.{len(digits.replace('.', '').lstrip('-')) - 1 - int(exponent)}f}"
    return f"{digits}e{int(exponent):+d}"


def _no_number(word: str) -> NoReturn:
    raise NotCanonical(f"{word} is not a number that JSON can hold.")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise NotCanonical("It says something twice.")
    return found


def _plain(value: Any, deep: int = 0) -> Any:
    """The value, if it has a canonical text."""
    if deep > DEEPEST:
        raise NotCanonical("It is nested too deeply.")
    match value:
        case dict():
            return {_plain(key): _plain(inner, deep + 1) for key, inner in value.items()}
        case list():
            return [_plain(inner, deep + 1) for inner in value]
        case str() if any("\ud800" <= character <= "\udfff" for character in value):
            raise NotCanonical("It holds a character that is not text.")
        case int() if abs(value) > BIGGEST:
            raise NotCanonical("It holds a number that is too large.")
        case float() if not math.isfinite(value):
            raise NotCanonical("It holds a number that is too large.")
    return value
