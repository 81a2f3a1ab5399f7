"""Lanes: the ranges of a query hold all that may overlap it, and little else."""

from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calendar_app.ical.spans import FOREVER, NEVER
from calendar_app.ical.values import DATE, DAY, FLOATING, ZONED
from calendar_app.ical.zones import IanaZone
from calendar_app.lanes import (
    KINDS,
    LENGTHS,
    SPREAD,
    UNEXPANDED,
    Span,
    kind_of,
    lane_of,
    list_ranges,
    make_span,
    overlaps,
)

ZONES = [
    IanaZone(ZoneInfo(name))
    for name in ("Europe/Berlin", "Pacific/Kiritimati", "Pacific/Pago_Pago", "America/New_York")
]
MOMENTS = st.integers(1_700_000_000, 1_900_000_000)
LASTING = st.one_of(st.integers(1, 2 * DAY), st.integers(1, 500 * DAY), st.sampled_from(LENGTHS))


def is_looked_at(lane: int, start_at: int, span: Span) -> bool:
    return any(
        held.lane == lane and held.first <= start_at <= held.last for held in list_ranges(span)
    )


def test_each_kind_and_length_has_a_lane_of_its_own() -> None:
    lanes = [lane_of(kind, length) for kind in KINDS for length in (*LENGTHS, FOREVER)]
    assert lanes == list(range(UNEXPANDED))
    assert [kind_of(lane) for lane in lanes] == [kind for kind in KINDS for _ in range(5)]


@pytest.mark.parametrize("length", LENGTHS)
def test_a_lane_ends_with_the_length_that_it_is_named_by(length: int) -> None:
    assert lane_of(ZONED, length) + 1 == lane_of(ZONED, length + 1)


@given(start=MOMENTS, length=LASTING, begin=MOMENTS, lasting=LASTING)
def test_every_zoned_time_that_overlaps_is_looked_at(
    start: int, length: int, begin: int, lasting: int
) -> None:
    span = Span(begin, begin + lasting)
    if start < span.end and start + length > span.start:
        assert is_looked_at(lane_of(ZONED, length), start, span)


@given(
    kind=st.sampled_from([FLOATING, DATE]),
    start=MOMENTS,
    length=LASTING,
    begin=MOMENTS,
    lasting=LASTING,
    zone=st.sampled_from(ZONES),
)
def test_every_local_time_that_overlaps_in_some_zone_is_looked_at(
    kind: str, start: int, length: int, begin: int, lasting: int, zone: IanaZone
) -> None:
    span = Span(begin, begin + lasting)
    meets = zone.to_utc(start) < span.end and zone.to_utc(start + length) > span.start
    assert overlaps(start, start + length, span, zone.to_utc) == meets
    if meets:
        assert is_looked_at(lane_of(kind, length), start, span)


def test_zoned_times_are_looked_for_exactly() -> None:
    lane, span = lane_of(ZONED, 3600), Span(10 * DAY, 11 * DAY)
    assert is_looked_at(lane, span.end - 1, span)
    assert not is_looked_at(lane, span.end, span)
    assert is_looked_at(lane, span.start - DAY, span)
    assert not is_looked_at(lane, span.start - DAY - 1, span)


def test_what_is_not_expanded_up_to_the_end_is_looked_at() -> None:
    span = Span(10 * DAY, 11 * DAY)
    assert is_looked_at(UNEXPANDED, NEVER, span)
    assert is_looked_at(UNEXPANDED, span.end + SPREAD - 1, span)
    assert not is_looked_at(UNEXPANDED, span.end + SPREAD, span)


def test_an_open_range_reaches_everything() -> None:
    span = make_span(None, None)
    for kind in KINDS:
        for start in (NEVER, 0, FOREVER - 1):
            assert is_looked_at(lane_of(kind, DAY), start, span)
