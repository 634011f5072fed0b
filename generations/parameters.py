"""The kinds of parameter a model takes. Each checks one value and knows its default.

An empty value (None, "" or []) stands for the default; a default of None means "not sent".
"""

import math
import re
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from generations import references

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"

BIGGEST = 2**63 - 1  # what the database's bigint and every provider's JSON reader can hold
EXACT = 2**53  # below it, every whole number is a float of its own
WHOLE = re.compile(r"[+-]?[0-9]{1,30}", re.ASCII)
DECIMAL = re.compile(r"[+-]?[0-9]{1,30}(\.[0-9]{1,30})?(e[+-]?[0-9]{1,3})?", re.ASCII)
FREE_SIZE = re.compile(r"([0-9]{1,6})\s*[x\u00d7]\s*([0-9]{1,6})", re.ASCII | re.IGNORECASE)
REPOSITORY = re.compile(r"[\w.-]{1,96}/[\w.-]{1,96}", re.ASCII)

# fal's toolkit, IMAGE_SIZE_PRESETS; AIML API passes the names through.
PRESETS: Mapping[str, tuple[int, int]] = {
    "square_hd": (1024, 1024),
    "square": (512, 512),
    "portrait_4_3": (768, 1024),
    "portrait_16_9": (576, 1024),
    "landscape_4_3": (1024, 768),
    "landscape_16_9": (1024, 576),
}


class InvalidParameters(ValueError):
    """Everything that is wrong with a request: field → what to change, in the user's words."""

    def __init__(self, errors: Mapping[str, str]) -> None:
        super().__init__(" ".join(errors.values()))
        self.errors = dict(errors)


class ParameterError(InvalidParameters):
    """One value the model does not take. `field` is empty where it is the parameter's own."""

    def __init__(self, message: str, *, field: str = "") -> None:
        super().__init__({field: message})
        self.message = message
        self.field = field


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter(ABC):
    label: str
    help: str = ""
    default: Json = None

    def clean(self, value: object) -> Json:
        """The value as it is sent, or the default for an empty one; raises InvalidParameters."""
        if value is None or value in ("", []):
            return self.default
        return self.accept(value)

    @abstractmethod
    def accept(self, value: object) -> Json: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice(Parameter):
    values: tuple[str, ...]

    def accept(self, value: object) -> str:
        # safety_tolerance is a string of digits on the wire, and people type a number.
        text = str(value) if type(value) is int else value
        if not isinstance(text, str) or text not in self.values:
            raise ParameterError(f"{self.label} must be {_or(self.values)}.")
        return text


@dataclass(frozen=True, slots=True, kw_only=True)
class AspectRatio(Choice):
    """A shape such as "16:9", drawn over an area of the model's own choosing."""

    area: int = references.MEGAPIXEL

    def dimensions(self, value: Json) -> tuple[int, int]:
        width, height = (int(side) for side in str(value or self.default).split(":"))
        unit = math.sqrt(self.area / (width * height))
        return round(width * unit / 32) * 32, round(height * unit / 32) * 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Integer(Parameter):
    minimum: int
    maximum: int | None = None

    def accept(self, value: object) -> int:
        number = _whole(value)
        high = BIGGEST if self.maximum is None else self.maximum
        if number is None or not self.minimum <= number <= high:
            bounds = f"between {self.minimum} and {high}"
            if high == BIGGEST and (number is None or number < self.minimum):
                bounds = f"of at least {self.minimum}"
            raise ParameterError(f"{self.label} must be a whole number {bounds}.")
        return number


@dataclass(frozen=True, slots=True, kw_only=True)
class Number(Parameter):
    minimum: float | None = None
    maximum: float | None = None

    def accept(self, value: object) -> int | float:
        number = _decimal(value)
        low = -math.inf if self.minimum is None else self.minimum
        high = math.inf if self.maximum is None else self.maximum
        if number is None or not low <= number <= high:
            bounds = "" if math.isinf(high) else f" between {low} and {high}"
            raise ParameterError(f"{self.label} must be a number{bounds}.")
        return int(number) if number.is_integer() and abs(number) < EXACT else number


@dataclass(frozen=True, slots=True, kw_only=True)
class Boolean(Parameter):
    fixed: bool | None = None  # the only value that is ever sent

    def accept(self, value: object) -> bool:
        answer = {"true": True, "false": False}.get(str(value).lower())
        if answer is None:
            raise ParameterError(f"{self.label} must be true or false.")
        if self.fixed is not None and answer is not self.fixed:
            raise ParameterError(f"{self.label} can only be {str(self.fixed).lower()}.")
        return answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Size(Parameter):
    """A preset's name, {"width", "height"}, or "WIDTHxHEIGHT"."""

    minimum: int
    maximum: int
    step: int = 32
    width: int = 1024  # what the vendor takes for a side that is left out
    height: int = 768
    default: Json = "landscape_4_3"

    def accept(self, value: object) -> Json:
        if isinstance(value, str) and value in PRESETS:
            return value
        sides = self._sides(value)
        wrong = {
            name: self._hint(name, side) for name, side in sides.items() if not self._fits(side)
        }
        if wrong:
            raise InvalidParameters(wrong)
        return dict(sides)

    def dimensions(self, value: Json) -> tuple[int, int]:
        if isinstance(value, dict):
            return int(str(value["width"])), int(str(value["height"]))
        return PRESETS[str(value or self.default)]

    def _sides(self, value: object) -> dict[str, int | None]:
        typed = FREE_SIZE.fullmatch(value.strip()) if isinstance(value, str) else None
        sides = {"width": typed[1], "height": typed[2]} if typed else value
        if not isinstance(sides, Mapping) or not sides.keys() <= {"width", "height"}:
            presets = ", ".join(PRESETS)
            raise ParameterError(f"{self.label} must be {presets}, or a size such as 1024x768.")
        return {
            "width": _whole(sides.get("width", self.width)),
            "height": _whole(sides.get("height", self.height)),
        }

    def _fits(self, pixels: int | None) -> bool:
        return pixels is not None and pixels == self._nearest(pixels)

    def _hint(self, name: str, pixels: int | None) -> str:
        rule = f"a multiple of {self.step}" if self.step > 1 else "a whole number"
        nearest = "" if pixels is None else f"; the nearest is {self._nearest(pixels)}"
        bounds = f"between {self.minimum} and {self.maximum}"
        return f"{name.capitalize()} must be {rule} {bounds}{nearest}."

    def _nearest(self, pixels: int) -> int:
        low = -(-self.minimum // self.step) * self.step
        high = self.maximum // self.step * self.step
        return min(max((pixels + self.step // 2) // self.step * self.step, low), high)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferenceImages(Parameter):
    """https addresses or data URIs, of which at least one is required."""

    maximum: int = 1
    many: bool = False  # the vendor wants a list, even of one

    def clean(self, value: object) -> Json:
        images = [value] if isinstance(value, str) and value else value or []
        if not isinstance(images, Sequence) or not 1 <= len(images) <= self.maximum:
            many = f"1 to {self.maximum} reference images"
            wanted = many if self.maximum > 1 else "a reference image"
            raise ParameterError(f"Add {wanted}: this model works from pictures.")
        checked: list[Json] = [self._check(image) for image in images]
        return checked if self.many or len(checked) > 1 else checked[0]

    def accept(self, value: object) -> Json:
        return self.clean(value)

    def _check(self, image: object) -> str:
        try:
            return references.check(image if isinstance(image, str) else "")
        except references.BadReference as error:
            raise ParameterError(str(error)) from error


@dataclass(frozen=True, slots=True, kw_only=True)
class Loras(Parameter):
    """Weights to add: [{"path": address or "owner/repository", "scale": 0 to 4}]."""

    maximum: int = 3

    def accept(self, value: object) -> Json:
        if not isinstance(value, list) or len(value) > self.maximum:
            raise ParameterError(f"{self.label} must be a list of at most {self.maximum}.")
        return [self._lora(lora) for lora in value]

    def _lora(self, lora: object) -> dict[str, Json]:
        if not isinstance(lora, Mapping) or not lora.keys() <= {"path", "scale"}:
            raise ParameterError("A LoRA has a path and, if you like, a scale.")
        path, scale = lora.get("path"), lora.get("scale")
        if not isinstance(path, str) or not (
            REPOSITORY.fullmatch(path) or references.is_https(path)
        ):
            raise ParameterError("A LoRA's path must be an https address or owner/repository.")
        if scale is None:
            return {"path": path}
        return {"path": path, "scale": LORA_SCALE.accept(scale)}


LORA_SCALE = Number(label="A LoRA's scale", minimum=0, maximum=4)


def _whole(value: object) -> int | None:
    if type(value) is int:
        return value
    if isinstance(value, str) and WHOLE.fullmatch(value.strip()):
        return int(value)
    return None


def _decimal(value: object) -> float | None:
    text = str(value).strip()
    if type(value) not in (int, float, str) or not DECIMAL.fullmatch(text):
        return None
    number = float(text)
    return number if math.isfinite(number) else None


def _or(words: Sequence[str]) -> str:
    return f"{', '.join(words[:-1])} or {words[-1]}" if len(words) > 1 else words[0]
