"""The time zone of a calendar."""

import pytest

from calendar_app.ical.components import parse_component
from calendar_app.ical.errors import InvalidObject
from calendar_app.ical.rulezones import find_zone
from calendar_app.ical.timezones import make_timezone, read_timezone
from calendar_app.ical.zones import find_iana_zone
from tests.unit.calendar_app.ical.samples import calendar, component

OWN = (
    "BEGIN:VTIMEZONE\nTZID:Own\nBEGIN:STANDARD\nDTSTART:19700101T000000\n"
    "TZOFFSETFROM:+0130\nTZOFFSETTO:+0130\nEND:STANDARD\nEND:VTIMEZONE"
)


@pytest.mark.parametrize("tzid", ["Europe/Berlin", "America/St_Johns", "Asia/Tokyo", "Etc/UTC"])
def test_a_zone_made_by_name_has_the_same_times(tzid: str) -> None:
    data = make_timezone(tzid).encode()
    assert read_timezone(data) == tzid
    named = find_iana_zone(tzid)
    [made] = parse_component(data.replace(b"TZID:", b"TZID:Made ")).children
    ruled = find_zone("Made " + tzid, made)
    assert named is not None
    assert ruled is not None
    times = range(1_700_000_000, 2_400_000_000, 1_000_003)
    assert [ruled.to_local(time) for time in times] == [named.to_local(time) for time in times]


def test_a_zone_of_its_own_rules_is_read() -> None:
    assert read_timezone(calendar(OWN)) == "Own"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"UTC",
        OWN.encode(),
        calendar(),
        calendar(OWN, OWN),
        calendar(OWN, component("UID:1")),
        calendar(component("UID:1")),
        calendar("BEGIN:VTIMEZONE\nTZID:Own\nEND:VTIMEZONE"),
        calendar(OWN.replace("+0130", "x")),
    ],
)
def test_what_is_no_zone_is_refused(data: bytes) -> None:
    with pytest.raises(InvalidObject) as refusal:
        read_timezone(data)
    assert refusal.value.precondition == "valid-calendar-data"


@pytest.mark.parametrize("tzid", ["Nowhere/City", "", "x" * 5000, "../../etc/passwd"])
def test_a_name_that_is_none_is_refused(tzid: str) -> None:
    with pytest.raises(InvalidObject) as refusal:
        make_timezone(tzid)
    assert refusal.value.precondition == "valid-timezone"
