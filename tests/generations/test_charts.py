"""Bars that are as high as what they stand for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.money import MICROCREDITS
from generations import charts
from generations.charts import Column

AMOUNTS = st.dictionaries(st.sampled_from("abcdefgh"), st.integers(0, 10**9), max_size=8)


def columns(amounts: list[dict[str, int]]) -> list[Column]:
    return [Column(f"Day {n}", f"D{n}", one) for n, one in enumerate(amounts)]


@given(st.lists(AMOUNTS, min_size=1, max_size=20))
def test_the_table_holds_every_amount_whatever_has_a_colour(amounts: list[dict[str, int]]) -> None:
    chart = charts.stacked_bars(columns(amounts), {})

    assert [total for _, _, total in chart.rows] == [sum(one.values()) for one in amounts]
    assert all(sum(parts) == total for _, parts, total in chart.rows)
    assert len(chart.series) <= charts.COLOURS


@given(st.lists(AMOUNTS, min_size=1, max_size=20))
def test_no_bar_leaves_the_drawing(amounts: list[dict[str, int]]) -> None:
    chart = charts.stacked_bars(columns(amounts), {})

    for bar in chart.bars:
        assert bar.x >= charts.GUTTER
        assert bar.x + bar.width <= 100.001
        assert all(charts.PLOT_TOP <= part.y <= chart.foot for part in bar.segments)


def test_a_bar_is_as_high_as_its_share_of_the_axis() -> None:
    chart = charts.stacked_bars(columns([{"a": 50 * MICROCREDITS, "b": 50 * MICROCREDITS}]), {})

    (bar,) = chart.bars
    assert charts.axis(100 * MICROCREDITS) == 100 * MICROCREDITS
    assert [part.y for part in bar.segments] == [110.0, 10.0]
    assert bar.segments[0].height == 100.0


@pytest.mark.parametrize(
    ("most", "top"),
    [(0, 1), (1, 1), (117, 120), (166, 200), (200, 200), (201, 240), (3_912, 4_000)],
)
def test_an_axis_has_round_quarters(most: int, top: int) -> None:
    found = charts.axis(most * MICROCREDITS)

    assert found == top * MICROCREDITS


def test_there_are_five_ticks_from_the_top_down() -> None:
    chart = charts.stacked_bars(columns([{"a": 166 * MICROCREDITS}]), {})

    assert [tick.text for tick in chart.ticks] == ["200", "150", "100", "50", "0"]
    assert [tick.at for tick in chart.ticks] == [10, 60, 110, 160, 210]


def test_the_greatest_have_colours_and_the_rest_share_one() -> None:
    chart = charts.stacked_bars(columns([{key: n for n, key in enumerate("abcdefgh", 1)}]), {})

    assert [one.name for one in chart.series] == ["h", "g", "f", "e", "d", "3 others"]
    assert chart.rows[0][1][-1] == 1 + 2 + 3


def test_a_bar_says_what_it_is_made_of() -> None:
    chart = charts.stacked_bars(columns([{"a": 2_500_000, "b": 0}]), {"a": "FLUX.1 [dev]"})

    assert chart.bars[0].title == "Day 0: 2.5 credits\nFLUX.1 [dev] 2.5"


def test_a_few_labels_stand_under_many_bars() -> None:
    chart = charts.stacked_bars(columns([{"a": 1}] * 30), {})

    assert [label.text for label in chart.labels] == ["D0", "D5", "D10", "D15", "D20", "D25"]
