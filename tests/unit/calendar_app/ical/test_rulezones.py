"""Zones that a VTIMEZONE describes."""

import pytest

from calendar_app.ical.components import Component, parse_component
from calendar_app.ical.rulezones import BadZone, RuleZone, find_zone
from calendar_app.ical.values import DAY
from calendar_app.ical.zones import Zone
from tests.unit.calendar_app.ical.samples import utc, zone

# The rules of Paris since 1996, under a name that nobody knows.
OURS = """\
BEGIN:VTIMEZONE
TZID:Ours
BEGIN:DAYLIGHT
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
DTSTART:19960331T020000
RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU
END:DAYLIGHT
BEGIN:STANDARD
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
DTSTART:19961027T030000
RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU
END:STANDARD
END:VTIMEZONE
"""


def timezone(text: str) -> Component:
    return parse_component(text.encode())


def ours() -> Zone:
    return RuleZone(timezone(OURS))


@pytest.mark.parametrize("year", [1996, 2026, 2039, 2040, 2041, 2100, 2499, 2500, 3000, 9999])
def test_rules_lead_to_the_same_times_as_the_database(year: int) -> None:
    paris, made = zone("Europe/Paris"), ours()
    for hour in range(0, 365 * 24, 5):
        moment = utc(f"{year}0401T003000") + hour * 3_600
        if moment < utc("99991231T000000"):
            assert made.to_utc(moment) == paris.to_utc(moment)
            assert made.to_local(moment) == paris.to_local(moment)


def test_before_the_first_change_the_offset_before_it_holds() -> None:
    assert ours().to_utc(utc("19500701T120000")) == utc("19500701T110000")


def test_a_gap_and_an_overlap_are_read_as_in_any_zone() -> None:
    assert ours().to_utc(utc("20260329T023000")) == utc("20260329T013000")
    assert ours().to_utc(utc("20261025T023000")) == utc("20261025T003000")


@pytest.mark.parametrize("until", ["20000326T010000Z", "20000326T020000", "20000326"])
def test_a_rule_ends_with_its_until(until: str) -> None:
    old = "DTSTART:19960331T020000\nRRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU"
    made = RuleZone(timezone(OURS.replace(old, f"{old};UNTIL={until}")))
    assert made.to_utc(utc("20000701T120000")) == utc("20000701T100000")
    assert made.to_utc(utc("20010701T120000")) == utc("20010701T110000")


def test_changes_may_be_listed_as_dates() -> None:
    made = RuleZone(
        timezone(
            "BEGIN:VTIMEZONE\nTZID:Listed\n"
            "BEGIN:STANDARD\nTZOFFSETFROM:+0000\nTZOFFSETTO:+0000\nDTSTART:20200101T000000\n"
            "RDATE:20211031T020000,20221030T020000\nEND:STANDARD\n"
            "BEGIN:DAYLIGHT\nTZOFFSETFROM:+0000\nTZOFFSETTO:+0100\nDTSTART:20210328T010000\n"
            "RDATE:20220327T010000\nEND:DAYLIGHT\nEND:VTIMEZONE\n"
        )
    )
    for text, hours in (("20210601", 1), ("20211201", 0), ("20220601", 1), ("20230601", 0)):
        noon = utc(f"{text}T120000")
        assert made.to_utc(noon) == noon - hours * 3_600


def test_a_zone_without_changes_has_one_offset() -> None:
    text = (
        "BEGIN:VTIMEZONE\nTZID:Fixed\nBEGIN:STANDARD\nTZOFFSETFROM:+0530\nTZOFFSETTO:+0530\n"
        "DTSTART:19700101T000000\nEND:STANDARD\nEND:VTIMEZONE"
    )
    assert RuleZone(timezone(text)).to_utc(DAY) == DAY - 19_800


def test_a_name_of_the_database_wins_over_an_outdated_vtimezone() -> None:
    outdated = timezone(OURS.replace("Ours", "Europe/Moscow"))
    found = find_zone("Europe/Moscow", outdated)
    assert found is not None
    assert found.to_utc(utc("20260701T120000")) == utc("20260701T090000")


def test_a_location_beside_a_name_of_its_own_wins_too() -> None:
    located = timezone(OURS.replace("TZID:Ours", "TZID:Ours\nX-LIC-LOCATION:Asia/Tokyo"))
    found = find_zone("Ours", located)
    assert found is not None
    assert found.name == "Asia/Tokyo"


def test_zones_of_the_same_text_are_one() -> None:
    assert find_zone("Ours", timezone(OURS)) is find_zone("Ours", timezone(OURS))
    other = timezone(OURS.replace("+0200", "+0300"))
    assert find_zone("Ours", other) is not find_zone("Ours", timezone(OURS))


def test_a_long_vtimezone_is_read_and_not_kept() -> None:
    long = OURS.replace("TZID:Ours", "TZID:Ours\nCOMMENT:" + "x" * 40_000)
    found = find_zone("Ours", timezone(long))
    assert found is not None
    assert found is not find_zone("Ours", timezone(long))


def test_a_name_without_any_rules_leads_nowhere() -> None:
    assert find_zone("Ours") is None


@pytest.mark.parametrize(
    "change",
    [
        ("BEGIN:DAYLIGHT", "BEGIN:X-D"),
        ("TZOFFSETTO:+0200", "TZOFFSETTO:2"),
        ("DTSTART:19960331T020000", "DTSTART:1996"),
        ("DTSTART:19960331T020000", "X:1"),
        ("FREQ=YEARLY", "FREQ=OFTEN"),
        ("FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU", "FREQ=HOURLY"),
        ("FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU", "FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=30"),
        (
            "DTSTART:19960331T020000",
            "DTSTART:19960331T020000\nRDATE:" + ",".join(["20260101"] * 5_000),
        ),
    ],
)
def test_a_vtimezone_from_which_no_zone_can_be_made_is_refused(change: tuple[str, str]) -> None:
    broken = OURS.replace(*change)
    if change[0].startswith("BEGIN"):
        broken = broken.replace("END:DAYLIGHT", "END:X-D").replace("STANDARD", "X-S")
    with pytest.raises(BadZone, match="Ours"):
        find_zone("Ours", timezone(broken))


def test_an_observance_without_the_offset_before_it_has_the_one_after() -> None:
    text = (
        "BEGIN:VTIMEZONE\nTZID:Half\nBEGIN:STANDARD\nTZOFFSETTO:+0200\n"
        "DTSTART;VALUE=DATE:19700101\nRDATE;VALUE=PERIOD:19710101T000000Z/PT1H\n"
        "END:STANDARD\nEND:VTIMEZONE"
    )
    assert RuleZone(timezone(text)).to_utc(0) == -7_200
