"""Moments on the command line: a date, a date with a time, or how long ago; all UTC."""

import re
from argparse import ArgumentTypeError
from datetime import UTC, datetime

from groupware.core.clock import epoch

_AGO = re.compile(r"([0-9]{1,5})([mhdw])")
_SECONDS = {"m": 60, "h": 3600, "d": 24 * 3600, "w": 7 * 24 * 3600}


def parse_seconds(text: str) -> int | None:
    """Return the seconds of `30m`, `12h`, `3d` or `2w`; None for any other text."""
    found = _AGO.fullmatch(text)
    return int(found[1]) * _SECONDS[found[2]] if found else None


def parse_moment(text: str) -> int:
    """Return epoch seconds of `2026-11-25`, `2026-11-25T09:30`, `30m`, `12h`, `3d` or `2w`."""
    if (ago := parse_seconds(text)) is not None:
        return epoch() - ago
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise ArgumentTypeError(
            f"{text!r} is no moment: write 2026-11-25, 2026-11-25T09:30, or 12h, 3d, 2w ago"
        ) from error
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())


def show_moment(seconds: int) -> str:
    """Return a moment to the minute, as a person reads it."""
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M}"


def show_day(seconds: int) -> str:
    """Return the day of a moment (UTC)."""
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d}"


def iso_moment(seconds: int) -> str:
    """Return a moment as JSON has it."""
    return datetime.fromtimestamp(seconds, UTC).isoformat()
