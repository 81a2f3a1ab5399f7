"""Charts: well-formed, in proportion, and in words as well."""

from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from groupware.panel.charts import (
    BOTTOM,
    HEIGHT,
    LINES,
    TOP,
    WIDTH,
    Bar,
    Series,
    columns,
    ranking,
    scale,
    short,
)

ROOM = HEIGHT - TOP - BOTTOM
FIGURES = st.integers(0, 10**9)


def drawn(chart: str) -> ET.Element:
    """Return a chart as a browser reads it."""
    return ET.fromstring(chart)  # noqa: S314 - our own


def heights(chart: str, level: str) -> list[float]:
    return [
        float(one.attrib["height"])
        for one in drawn(chart).iter("rect")
        if one.get("class") == level
    ]


def test_columns_stand_on_each_other_in_proportion() -> None:
    chart = columns(
        "Mail", "told", ["Mo", "Tu"], [Series("in", [3, 1]), Series("out", [1, 0], "second")]
    )
    assert heights(chart, "main") == [pytest.approx(ROOM * 3 / 4), pytest.approx(ROOM / 4, abs=0.1)]
    assert heights(chart, "second") == [pytest.approx(ROOM / 4, abs=0.1)]
    first, second = [one for one in drawn(chart).iter("rect") if float(one.attrib["x"]) < WIDTH / 2]
    bottom = float(second.attrib["y"]) + float(second.attrib["height"])
    assert bottom == pytest.approx(float(first.attrib["y"]), abs=0.11)


def test_a_chart_says_in_words_what_it_shows() -> None:
    chart = drawn(columns("Mail <in>", "Most on Tuesday", ["Mo"], [Series("in & out", [1200])]))
    assert chart.attrib["role"] == "img"
    names = chart.attrib["aria-labelledby"].split()
    texts = {one.get("id"): one.text for one in chart if one.get("id")}
    assert [texts[name] for name in names] == ["Mail <in>", "Most on Tuesday"]
    assert [one.text for one in chart.iter("title")][1:] == ["Mo: in & out 1.2k"]


def test_two_charts_of_a_page_have_names_of_their_own() -> None:
    first, second = (drawn(columns("a", "b", [], [])) for _ in range(2))
    assert first.attrib["aria-labelledby"] != second.attrib["aria-labelledby"]


@given(st.lists(st.tuples(FIGURES, FIGURES), max_size=60))
def test_no_column_leaves_the_chart(values: list[tuple[int, int]]) -> None:
    series = [Series("in", [one for one, _ in values]), Series("out", [two for _, two in values])]
    for rect in drawn(columns("t", "d", ["x"] * len(values), series)).iter("rect"):
        assert float(rect.attrib["y"]) >= TOP - 0.1
        assert float(rect.attrib["height"]) <= ROOM + 0.1


@given(st.floats(0, 1e12))
def test_a_scale_has_room_and_even_lines(largest: float) -> None:
    top = scale(largest)
    assert top >= largest
    assert top <= max(LINES, largest * 8)
    assert (top / LINES * 2).is_integer()


def test_a_series_without_a_value_for_each_label_is_refused() -> None:
    with pytest.raises(ValueError, match="as many values"):
        columns("t", "d", ["Mo", "Tu"], [Series("in", [1])])


def test_bars_are_as_long_as_their_share_and_lead_somewhere() -> None:
    bars = [
        Bar("ann <a@b>", "2 GB", 1, "/admin/1?a=1&b=2"),
        Bar("ben", "1 GB", 0.5),
        Bar("x", "0", 7),
    ]
    chart = drawn(ranking("Largest", "told", bars))
    widths = [
        float(one.attrib["width"]) for one in chart.iter("rect") if one.get("class") == "main"
    ]
    assert widths == [WIDTH, WIDTH / 2, WIDTH]
    assert chart.attrib["role"] == "group"
    [link] = chart.iter("a")
    assert link.attrib["href"] == "/admin/1?a=1&b=2"
    assert [one.text for one in chart.iter("text")][:2] == ["ann <a@b>", "2 GB"]


@pytest.mark.parametrize(
    ("figure", "text"),
    [(0, "0"), (2.5, "2.5"), (999, "999"), (1500, "1.5k"), (2e6, "2M"), (3e9, "3G")],
)
def test_figures_are_short(figure: float, text: str) -> None:
    assert short(figure) == text
