"""When a recipient is tried again. Pure; chance comes in as an argument."""

BACKOFF = (120, 300, 600, 1_200, 1_800, 3_600, 7_200, 10_800)
"""Seconds until the next attempt, the last one repeating.

The first are short for servers that put off who is new to them, mostly for one to five minutes.
"""
SPREAD = 0.1
"""The part by which each is shortened or lengthened, so that what failed together comes apart."""


def next_attempt(attempts: int, now: int, expires_at: int, chance: float) -> int:
    """Return when to try again after so many attempts, the last of them at the end of its time.

    `chance` is from 0 to 1.
    """
    pause = BACKOFF[min(max(attempts, 1), len(BACKOFF)) - 1]
    spread = 1 + SPREAD * (2 * chance - 1)
    return min(now + round(pause * spread), max(expires_at, now + 1))
