"""Stacked bars as geometry for a drawing on the server: no script, the colours are the page's.

Along the width everything is in percent and along the height in pixels, so that a drawing fills its
card at any width and its words keep their size.
"""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from accounts.money import MICROCREDITS, format_credits

PLOT_TOP = 10
PLOT_HEIGHT = 200
HEIGHT = PLOT_TOP + PLOT_HEIGHT + 24
GUTTER = 5.5  # percent, for the amounts at the left
TICKS = 5
SHARE_OF_BAR = 0.92  # the rest is the gap to the next
MOST_LABELS = 7
COLOURS = 6
OTHERS = ""
STEPS = (1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10)


@dataclass(frozen=True, slots=True)
class Column:
    """What a bar shows: amounts by series, with its name in words and, short, for the axis."""

    name: str
    short: str
    amounts: Mapping[Any, int]


@dataclass(frozen=True, slots=True)
class Series:
    """One colour. `key` is what the columns call it, OTHERS for all that have no own colour."""

    key: Hashable
    name: str
    colour: int


@dataclass(frozen=True, slots=True)
class Segment:
    y: float
    height: float
    colour: int


@dataclass(frozen=True, slots=True)
class Bar:
    x: float
    width: float
    title: str
    segments: Sequence[Segment]


@dataclass(frozen=True, slots=True)
class Label:
    text: str
    at: float


@dataclass(frozen=True, slots=True)
class Chart:
    """`rows` is the same as a table: a name, an amount for each series, and the sum."""

    series: Sequence[Series]
    bars: Sequence[Bar]
    ticks: Sequence[Label]
    labels: Sequence[Label]
    rows: Sequence[tuple[str, Sequence[int], int]]
    gutter: float = GUTTER
    height: int = HEIGHT
    foot: int = PLOT_TOP + PLOT_HEIGHT

    @property
    def label_y(self) -> int:
        return self.height - 6


def stacked_bars(columns: Sequence[Column], names: Mapping[Any, str]) -> Chart:
    """Bars over the columns, the greatest series at the foot. `names` says what a key is called."""
    series = _series(columns, names)
    top = axis(max((sum(column.amounts.values()) for column in columns), default=0))
    rows = [
        (column.name, amounts, sum(amounts))
        for column in columns
        for amounts in [_amounts(column, series)]
    ]
    step = (100 - GUTTER) / max(len(columns), 1)
    return Chart(
        series=series,
        bars=[_bar(row, series, top, GUTTER + n * step, step) for n, row in enumerate(rows)],
        ticks=_ticks(top),
        labels=_labels([column.short for column in columns], step),
        rows=rows,
    )


def axis(most: int) -> int:
    """The least round amount above `most` whose quarters are round, too."""
    quarter = max(-(-most // (TICKS - 1)), 1)
    power = 10 ** (len(str(quarter)) - 1)
    step = next(int(step * power) for step in STEPS if step * power >= quarter)
    return step * (TICKS - 1) if most else MICROCREDITS


def _series(columns: Sequence[Column], names: Mapping[Any, str]) -> list[Series]:
    totals: dict[Hashable, int] = {}
    for column in columns:
        for key, amount in column.amounts.items():
            totals[key] = totals.get(key, 0) + amount
    ranked = sorted(totals, key=lambda key: (-totals[key], _name(key, names)))
    own = ranked if len(ranked) <= COLOURS else ranked[: COLOURS - 1]
    series = [Series(key, _name(key, names), n) for n, key in enumerate(own, start=1)]
    if len(ranked) > COLOURS:
        series.append(Series(OTHERS, f"{len(ranked) - len(own)} others", COLOURS))
    return series


def _name(key: Hashable, names: Mapping[Any, str]) -> str:
    return names.get(key, str(key))


def _amounts(column: Column, series: Sequence[Series]) -> list[int]:
    amounts = [column.amounts.get(one.key, 0) for one in series]
    if series and series[-1].key == OTHERS:
        amounts[-1] = sum(column.amounts.values()) - sum(amounts[:-1])
    return amounts


def _bar(
    row: tuple[str, Sequence[int], int], series: Sequence[Series], top: int, x: float, step: float
) -> Bar:
    name, amounts, total = row
    edges = [0]
    for amount in amounts:
        edges.append(edges[-1] + amount)
    segments = [
        _segment(low, high, top, one.colour)
        for (low, high), one in zip(pairwise(edges), series, strict=True)
        if high > low
    ]
    parts = [
        f"{one.name} {format_credits(amount)}"
        for amount, one in zip(amounts, series, strict=True)
        if amount
    ]
    title = "\n".join([f"{name}: {format_credits(total)} credits", *parts])
    return Bar(round(x, 3), round(step * SHARE_OF_BAR, 3), title, segments)


def _segment(low: int, high: int, top: int, colour: int) -> Segment:
    # Both edges from the exact sums, so that what is rounded does not add up over a bar.
    upper, lower = (PLOT_TOP + PLOT_HEIGHT * (1 - edge / top) for edge in (high, low))
    seam = 1 if low else 0  # a hairline between two colours
    return Segment(round(upper, 1), round(max(lower - upper - seam, 0.5), 1), colour)


def _ticks(top: int) -> list[Label]:
    quarters = range(TICKS - 1, -1, -1)
    return [
        Label(
            format_credits(top * n // (TICKS - 1)), PLOT_TOP + PLOT_HEIGHT * (1 - n / (TICKS - 1))
        )
        for n in quarters
    ]


def _labels(names: Sequence[str], step: float) -> list[Label]:
    every = -(-len(names) // MOST_LABELS)
    return [
        Label(name, round(GUTTER + n * step, 3)) for n, name in enumerate(names) if n % every == 0
    ]
