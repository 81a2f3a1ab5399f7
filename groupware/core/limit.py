"""What a limit is: a number with a name, a unit, bounds and a meaning; `limits` is their table."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from django.conf import settings

_NUMBER = re.compile(r"([0-9]{1,15})([KMGT]?)", re.IGNORECASE)
_FACTORS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}
NO_BOUND = 1 << 50


class Unit(Enum):
    """What a limit counts."""

    OCTETS = "octets"
    SECONDS = "seconds"
    MILLISECONDS = "milliseconds"
    DAYS = "days"
    COUNT = "count"
    PERCENT = "percent"


@dataclass(frozen=True, slots=True)
class Limit:
    """One limit; `name` is its variable's without the prefix."""

    name: str
    default: int
    unit: Unit
    meaning: str
    lowest: int = 1
    highest: int = NO_BOUND

    @property
    def value(self) -> int:
        """The limit that this installation has."""
        values: Mapping[str, int] = settings.GROUPWARE_LIMITS
        return values[self.name]

    def parse(self, text: str) -> int:
        """Read a value: a whole number, of octets also as 64K, 128M or 5G; raises ValueError."""
        found = _NUMBER.fullmatch(text)
        if found is None or (found[2] and self.unit is not Unit.OCTETS):
            form = " such as 64K, 128M or 5G" if self.unit is Unit.OCTETS else ""
            raise ValueError(f"expected a whole number{form} ({self.unit.value})")
        number = int(found[1]) * _FACTORS[found[2].upper()]
        if not self.lowest <= number <= self.highest:
            high = "" if self.highest == NO_BOUND else f" and at most {self.highest}"
            raise ValueError(f"expected at least {self.lowest}{high} ({self.unit.value})")
        return number
