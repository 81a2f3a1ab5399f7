"""What an expansion may cost."""

from __future__ import annotations

__all__ = ["AllConsideredError", "Allowance", "Fuel", "OutOfFuel"]

_PORTION = 500


class OutOfFuel(Exception):
    """An expansion took more than it was given."""


class AllConsideredError(Exception):
    """Every day of a window was considered."""


class Fuel:
    """What an expansion may cost: days and instances considered.

    `is_cut` tells afterwards whether a rule goes on beyond the window, as far as can be seen.
    """

    __slots__ = ("is_cut", "left")

    def __init__(self, amount: int) -> None:
        self.left = amount
        self.is_cut = False

    def spend(self, amount: int = 1) -> None:
        """Take some; raises `OutOfFuel` where it does not suffice."""
        self.left -= amount
        if self.left < 0:
            raise OutOfFuel


class Allowance:
    """What there is to consider in a window, taken from the fuel a portion at a time."""

    __slots__ = ("_fuel", "_portion", "_window")

    def __init__(self, fuel: Fuel, window: int) -> None:
        self._fuel = fuel
        self._window = window
        self._portion = 0

    def spend(self, amount: int = 1) -> None:
        """Take some; raises `OutOfFuel`, and `AllConsideredError` where the window is through."""
        self._portion -= amount
        if self._portion < 0:
            self._take(amount)

    def _take(self, amount: int) -> None:
        if self._window < 0:
            raise AllConsideredError
        # Others spend of the same fuel meanwhile: most of it stays there.
        taken = max(amount, min(_PORTION, self._fuel.left // 4))
        self._fuel.spend(taken)
        self._window -= taken
        self._portion += taken

    def prepay(self, amount: int) -> None:
        """Take for what is done once, whatever the window."""
        self._fuel.spend(amount)

    def close(self) -> None:
        """Give back what is left of the portion."""
        self._fuel.left += max(self._portion, 0)
        self._portion = 0
