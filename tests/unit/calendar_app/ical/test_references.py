"""Objects without the zones that everybody has, and zones that are given (RFC 7809)."""

import pytest

from calendar_app.ical.errors import InvalidObject
from calendar_app.ical.references import leave_out_zones, put_in_zones, read_zone, zoned
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


def started(*params: str) -> bytes:
    """Return an object whose events begin by these parameters."""
    events = "".join(
        f"BEGIN:VEVENT\r\nUID:1\r\nDTSTART;{param}:20260710T120000\r\nEND:VEVENT\r\n"
        for param in params
    )
    return f"{HEAD}{events}{TAIL}".encode()


def test_zones_that_are_named_and_not_described_are_put_in() -> None:
    data = started("TZID=Europe/Berlin", "X-A=b;TZID=Europe/Berlin", 'TZID="Eastern Standard Time"')
    whole = put_in_zones(data)
    assert whole.count(b"BEGIN:VTIMEZONE") == 2
    assert b"TZID:Europe/Berlin\r\n" in whole
    assert b"TZID:Eastern Standard Time\r\n" in whole
    assert whole.startswith(HEAD.encode() + b"BEGIN:VTIMEZONE")
    assert put_in_zones(whole) == whole
    noon = parse_local("20260710T120000")
    alone = put_in_zones(started("TZID=Europe/Berlin"))
    assert read_zone(alone).to_local(noon) - noon == 7200
    assert leave_out_zones(alone) == started("TZID=Europe/Berlin")


@pytest.mark.parametrize("param", ["X-A=b", "TZID=My own", "TZID=", "VALUE=DATE"])
def test_what_needs_no_zone_or_has_none_stays(param: str) -> None:
    assert put_in_zones(started(param)) == started(param)


def test_a_zone_that_is_described_is_not_described_again() -> None:
    data = f"{HEAD}{zone('Europe/Berlin')}{TAIL}".encode().replace(
        TAIL.encode(), started("TZID=Europe/Berlin")[len(HEAD) :]
    )
    assert put_in_zones(data) == data
    assert put_in_zones(b"TZID=Europe/Berlin") == b"TZID=Europe/Berlin"


def test_zones_come_as_the_header_says() -> None:
    data = started("TZID=Europe/Berlin")
    assert zoned(data, "") == zoned(data, "x") == zoned(data, " f ") == data
    assert zoned(zoned(data, "T"), "F") == data != zoned(data, "t")
