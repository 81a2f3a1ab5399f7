"""Memory that the connections of one process may together hold for what they are uploading."""

import asyncio


class UploadBudget:
    """Who holds how much; the others wait where all together hold too much.

    Whoever holds most may always go on, so that one comes to its end and lets go. Lives in one
    event loop.
    """

    def __init__(self, octets: int) -> None:
        self._octets = octets
        self._held: dict[object, int] = {}
        self._total = 0
        self._released = asyncio.Event()

    def hold(self, holder: object, octets: int) -> None:
        """Note that `holder` now holds so much; 0 forgets it."""
        before = self._held.pop(holder, 0)
        if octets:
            self._held[holder] = octets
        self._total += octets - before
        if octets < before:
            self._released.set()
            self._released = asyncio.Event()

    def may_grow(self, holder: object) -> bool:
        """Tell whether more of this one's upload may be read now."""
        if self._total <= self._octets:
            return True
        return self._held.get(holder, 0) == max(self._held.values())

    async def wait_to_grow(self, holder: object) -> None:
        """Return when more of this one's upload may be read."""
        while not self.may_grow(holder):
            await self._released.wait()
