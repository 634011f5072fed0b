"""Colours that go together: each palette runs from its darkest colour to its lightest."""

from collections.abc import Sequence
from dataclasses import dataclass

Colour = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Palette:
    ramp: tuple[Colour, ...]
    accent: Colour  # stands out against every colour of the ramp: a sun, a single sphere

    def at(self, position: float) -> Colour:
        """The colour at 0 (darkest) to 1 (lightest), mixed where it lies between two."""
        return mix_ramp(self.ramp, position)

    def span(self, start: float, end: float, steps: int = 6) -> tuple[Colour, ...]:
        """Colours on the way from `start` to `end`; the way down if `end` is the smaller."""
        return tuple(self.at(start + (end - start) * step / (steps - 1)) for step in range(steps))


def mix(first: Colour, second: Colour, share: float) -> Colour:
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(first, second, strict=True))
    return red, green, blue


def mix_ramp(ramp: Sequence[Colour], position: float) -> Colour:
    place = min(max(position, 0.0), 1.0) * (len(ramp) - 1)
    index = min(int(place), len(ramp) - 2)
    return mix(ramp[index], ramp[index + 1], place - index)


def _palette(ramp: str, accent: str) -> Palette:
    return Palette(ramp=tuple(_colour(word) for word in ramp.split()), accent=_colour(accent))


def _colour(word: str) -> Colour:
    red, green, blue = bytes.fromhex(word)
    return red, green, blue


PALETTES = (
    _palette("1b0f1e 4a1a3a 8f2f4b d9573f f59a5b fde2b3", "fff3d6"),  # ember
    _palette("0f1230 2a2a63 5b4a94 a86aa8 f09c92 ffe1c4", "fff0dc"),  # dusk
    _palette("0b1d2a 123c50 2a6b7c 64a3a3 b5d2c3 f3f1dc", "f6b26b"),  # fjord
    _palette("101c14 22402a 4a6f3c 8aa152 c9cf86 f6f0cf", "fff6d0"),  # moss
    _palette("2a1020 5d2140 9e3f62 d87c8a f2b9ae fdebdd", "ffd8a8"),  # rose
    _palette("0c1626 1d3a63 3b6fa8 7fb0d6 c2dcec f6fafb", "ffd9a0"),  # ice
    _palette("1f140c 4c2c17 8c5424 c98a3b e9c07a fbf0d3", "fff8e4"),  # ochre
    _palette("160d26 3a1d5a 6d3a8f a86bb8 dba9d0 fbe9f0", "ffd3b0"),  # plum
    _palette("06202a 0b4a55 17857f 58b89a b0dfb4 f7f6d9", "ffc37d"),  # lagoon
    _palette("111417 2b3238 59646b 93a0a3 c9d1cf f4f3ec", "f0744e"),  # graphite
    _palette("0e2430 1d4f5c 4e8f8d d9b98f ee8f63 fbe4cc", "fff1d8"),  # canyon
    _palette("14122b 31265f 7a2f7d d14b72 f88f6a fee2a8", "fff4cf"),  # neon evening
)
