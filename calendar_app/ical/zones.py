"""Zones: what leads between local time and UTC; those of the IANA database, found by name.

Those that a VTIMEZONE describes are `rulezones`'s. Names count in their other spellings too: with
a vendor's prefix, with spaces, and those of Windows (Unicode's table, as icalendar carries it).

A local time that occurs twice is the first of the two; one that a change of the clock leaves out
is taken with the offset before the change (RFC 5545 §3.3.5).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from functools import cache, lru_cache
from importlib import resources
from zoneinfo import ZoneInfo

import tzdata

from calendar_app.ical.values import DAY, to_datetime, to_seconds

__all__ = ["UTC", "ZONE_RULES_VERSION", "FixedZone", "IanaZone", "Zone", "find_iana_zone"]

ZONE_RULES_VERSION: str = tzdata.IANA_VERSION
"""What was computed with other rules than these is stale."""

_LONGEST_NAME = 200
_OTHER_NAMES = {
    "Z": "UTC",
    "GMT0": "UTC",
    "TZONE://MICROSOFT/UTC": "UTC",
    "COORDINATED UNIVERSAL TIME": "UTC",
}


class Zone(ABC):
    """A zone; times are seconds (`values`), local ones on the zone's own clock."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    @abstractmethod
    def to_utc(self, local: int) -> int:
        """Return the UTC of a local time."""

    @abstractmethod
    def to_local(self, utc: int) -> int:
        """Return the local time at a moment."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name!r})"


class FixedZone(Zone):
    """A zone whose clock never changes."""

    __slots__ = ("_offset",)

    def __init__(self, name: str, offset: int) -> None:
        super().__init__(name)
        self._offset = offset

    def to_utc(self, local: int) -> int:
        """Return the UTC of a local time."""
        return local - self._offset

    def to_local(self, utc: int) -> int:
        """Return the local time at a moment."""
        return utc + self._offset


UTC = FixedZone("UTC", 0)


class IanaZone(Zone):
    """A zone of the IANA database, in the version that the package tzdata has."""

    __slots__ = ("tzinfo",)

    def __init__(self, tzinfo: ZoneInfo) -> None:
        super().__init__(tzinfo.key)
        self.tzinfo = tzinfo

    def to_utc(self, local: int) -> int:
        """Return the UTC of a local time; `fold` is 0, which is what RFC 5545 asks for."""
        offset = self.tzinfo.utcoffset(to_datetime(local))
        assert offset is not None
        return local - offset.days * DAY - offset.seconds

    def to_local(self, utc: int) -> int:
        """Return the local time at a moment."""
        moment = to_datetime(utc)
        try:
            local = self.tzinfo.fromutc(moment.replace(tzinfo=self.tzinfo))
        except OverflowError:  # in the last hours of the year 9999, or the first of the year 1
            return utc
        return utc + to_seconds(local.replace(tzinfo=None)) - to_seconds(moment)


def find_iana_zone(name: str) -> Zone | None:
    """Return the zone that a TZID names, in any of its spellings."""
    return _find_zone(name) if len(name) <= _LONGEST_NAME else None


@lru_cache(maxsize=1_024)
def _find_zone(name: str) -> Zone | None:
    for spelling in _spellings(name):
        if found := _iana_names().get(spelling.upper()):
            return _load_zone(found)
    return None


def _spellings(name: str) -> Iterator[str]:
    name = name.strip()
    yield _OTHER_NAMES.get(name.upper(), name)
    if "/" in name:
        # /freeassociation.sourceforge.net/Tzfile/Europe/Berlin, and one or three parts of a name.
        parts = name.replace(" ", "_").split("/")
        for count in (3, 2, 1):
            yield "/".join(parts[-count:])
    else:
        # Imported where it is wanted: most names are IANA's, and icalendar takes 50 ms to load.
        from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

        yield WINDOWS_TO_OLSON.get(name, name)


@cache
def _iana_names() -> dict[str, str]:
    names = resources.files("tzdata").joinpath("zones").read_text("ascii").split()
    return {name.upper(): name for name in names}


@cache
def _load_zone(name: str) -> Zone:
    if name in {"UTC", "Etc/UTC"}:
        return UTC
    with resources.files("tzdata").joinpath("zoneinfo", name).open("rb") as file:
        return IanaZone(ZoneInfo.from_file(file, key=name))
