"""Objects without the zones that everybody has, and zones that are given (RFC 7809)."""

import pytest

from calendar_app.ical.errors import InvalidObject
from calendar_app.ical.references import leave_out_zones, read_zone
from calendar_app.ical.values import parse_local


def zone(tzid: str, offset: str = "+0100") -> str:
    """Return a VTIMEZONE."""
    lines = ("BEGIN:VTIMEZONE", f"TZID:{tzid}", "BEGIN:STANDARD", "DTSTART:19700101T000000")
    rest = (f"TZOFFSETFROM:{offset}", f"TZOFFSETTO:{offset}", "END:STANDARD", "END:VTIMEZONE", "")
    return "\r\n".join((*lines, *rest))


HEAD = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\n"
EVENT = "BEGIN:VEVENT\r\nUID:1\r\nSUMMARY:BEGIN:VTIMEZONE\r\nEND:VEVENT\r\n"
TAIL = "END:VCALENDAR\r\n"


@pytest.mark.parametrize(
    ("tzid", "stays"),
    [
        ("Europe/Berlin", False),
        ("UTC", False),
        ("europe/berlin", True),
        ("/example.test/Europe/Berlin", True),
        ("W. Europe Standard Time", True),
        ("My own", True),
        ("Europe/Ber\r\n lin", True),
    ],
)
def test_only_zones_that_are_known_by_their_very_names_go(tzid: str, stays: bool) -> None:
    data = f"{HEAD}{zone(tzid)}{EVENT}{zone('Also own')}{TAIL}"
    left = f"{HEAD}{zone(tzid) if stays else ''}{EVENT}{zone('Also own')}{TAIL}"
    assert leave_out_zones(data.encode()).decode() == left
    lines = data.replace("\r\n", "\n").replace("\n lin", "\n\tlin")
    assert (b"Berlin" in leave_out_zones(lines.encode())) == (stays and "Berlin" in tzid)


def test_a_zone_without_a_name_stays() -> None:
    data = f"{HEAD}{zone('x').replace('TZID:x', 'X-TZID:Europe/Berlin')}{EVENT}{TAIL}".encode()
    assert leave_out_zones(data) == data


def test_a_zone_is_read_by_its_name_or_its_rules() -> None:
    noon = parse_local("20260710T120000")
    for tzid, offset in (("Europe/Berlin", 7200), ("My own", 3600)):
        found = read_zone(f"{HEAD}{zone(tzid)}{TAIL}".encode())
        assert found.to_local(noon) - noon == offset


@pytest.mark.parametrize(
    "data",
    [
        "",
        "nonsense",
        HEAD + TAIL,
        HEAD + zone("a") + zone("b") + TAIL,
        zone("a"),
        HEAD + zone("a", "x") + TAIL,
        HEAD + "BEGIN:VTIMEZONE\r\nTZID:a\r\nEND:VTIMEZONE\r\n" + TAIL,
    ],
)
def test_what_is_no_zone_is_refused(data: str) -> None:
    with pytest.raises(InvalidObject) as caught:
        read_zone(data.encode())
    assert caught.value.precondition == "valid-calendar-data"
