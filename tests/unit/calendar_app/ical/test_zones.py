"""Zones of the IANA database, and the names that lead to them."""

import pytest
from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

from calendar_app.ical.zones import UTC, find_iana_zone
from tests.unit.calendar_app.ical.samples import utc, zone

PARIS = "Europe/Paris"


@pytest.mark.parametrize(
    ("spelling", "name"),
    [
        ("Europe/Paris", PARIS),
        ("europe/paris", PARIS),
        (" Europe/Paris ", PARIS),
        ("/freeassociation.sourceforge.net/Tzfile/Europe/Paris", PARIS),
        ("/freeassociation.sourceforge.net/Europe/Paris", PARIS),
        ("/mozilla.org/20050126_1/Europe/Paris", PARIS),
        ("/citadel.org/20250101_1/America/Argentina/Ushuaia", "America/Argentina/Ushuaia"),
        ("America/New York", "America/New_York"),
        ("US/Pacific", "US/Pacific"),
        ("Romance Standard Time", PARIS),
        ("W. Europe Standard Time", "Europe/Berlin"),
        ("Pacific Standard Time", "America/Los_Angeles"),
        ("tzone://Microsoft/Utc", "UTC"),
        ("GMT", "GMT"),
        ("Z", "UTC"),
        ("Etc/UTC", "UTC"),
    ],
)
def test_a_zone_is_found_by_any_spelling_of_its_name(spelling: str, name: str) -> None:
    assert zone(spelling).name == name


@pytest.mark.parametrize(
    "name", ["", "Eastern", "Nowhere/Middle", "../../etc/passwd", "x" * 300, "zones"]
)
def test_what_names_no_zone_leads_to_none(name: str) -> None:
    assert find_iana_zone(name) is None


def test_every_windows_name_leads_to_a_zone() -> None:
    assert [name for name in WINDOWS_TO_OLSON if find_iana_zone(name) is None] == []


def test_utc_is_one_zone_however_it_is_called() -> None:
    assert zone("UTC") is UTC
    assert zone("Etc/UTC") is UTC


def test_a_time_that_the_clock_leaves_out_is_taken_with_the_offset_before() -> None:
    paris = zone(PARIS)
    assert paris.to_utc(utc("20260329T023000")) == utc("20260329T013000")
    assert paris.to_local(utc("20260329T013000")) == utc("20260329T033000")


def test_a_time_that_comes_twice_is_the_first() -> None:
    assert zone(PARIS).to_utc(utc("20261025T023000")) == utc("20261025T003000")


def test_a_zone_of_long_ago_has_its_offset_of_then() -> None:
    # Amsterdam kept a time of 19 minutes and 32 seconds of its own until 1937.
    assert zone("Europe/Amsterdam").to_utc(utc("18900101T120000")) != utc("18900101T110000")
    assert zone("Europe/Paris").to_utc(utc("19000101T120000")) == utc("19000101T115039")
    # Double summer time.
    assert zone("Europe/London").to_utc(utc("19440701T120000")) == utc("19440701T100000")
    # Samoa left a day out.
    assert zone("Pacific/Apia").to_utc(utc("20111231T000000")) == utc("20111230T100000")


@pytest.mark.parametrize("name", ["Pacific/Kiritimati", "Pacific/Pago_Pago", "Europe/Paris"])
def test_the_edges_of_the_calendar_are_times_too(name: str) -> None:
    for edge in (utc("99991231T235959"), utc("00010101T000000")):
        assert abs(zone(name).to_utc(edge) - edge) <= 16 * 3_600
        assert abs(zone(name).to_local(edge) - edge) <= 16 * 3_600
    assert abs(zone(name).to_local(1 << 40) - (1 << 40)) <= 16 * 3_600


def test_local_time_and_utc_lead_to_each_other() -> None:
    paris = zone(PARIS)
    for day in range(366):
        moment = utc("20240101T120000") + day * 86_400
        assert paris.to_utc(paris.to_local(moment)) == moment


def test_a_zone_tells_its_name() -> None:
    assert repr(zone(PARIS)) == "IanaZone('Europe/Paris')"
