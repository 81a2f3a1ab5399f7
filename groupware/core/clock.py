"""The one home of the wall clock."""

import time
from datetime import UTC, datetime


def now() -> datetime:
    """Return the present moment, aware, in UTC."""
    return datetime.now(UTC)


def epoch() -> int:
    """Return the present moment in whole epoch seconds."""
    return int(time.time())


def epoch_us() -> int:
    """Return the present moment in whole epoch microseconds."""
    return time.time_ns() // 1000


def monotonic() -> float:
    """Return seconds that only ever grow, for time-outs."""
    return time.monotonic()
