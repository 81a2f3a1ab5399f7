"""How large a card may be; beyond it is refused. Pure: who calls says what holds."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CardLimits:
    """Bounds of one card."""

    octets: int = 10 << 20
    """Of the whole card; photos make up nearly all of a large one."""

    lines: int = 10_000
    """Lines when unfolded: a group of ten thousand members is the largest card."""


DEFAULT_LIMITS = CardLimits()
NO_LIMITS = CardLimits(octets=1 << 40, lines=1 << 40)
"""For cards that are kept already, and those that the server makes: a group has its members."""
