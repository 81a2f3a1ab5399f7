r"""`\Seen` of what was retrieved: of all that came within a moment in one transaction.

A transaction for each RETR would cost more than the RETR. The moment is short enough that an IMAP
session is told within 100 ms.
"""

import asyncio
from collections.abc import Iterable
from contextlib import suppress
from typing import Final

import structlog

from groupware.core import aio, db
from groupware.core.errors import GroupwareError
from mail.maildrops import Snapshot
from mail.services.pop3 import mark_seen

MOMENT: Final = 0.03
"""Seconds from the first RETR to the transaction."""
FEW: Final = 512
"""Messages that are marked in the event loop itself, within some two milliseconds."""

_log = structlog.get_logger("groupware.pop3")


class SeenMarks:
    """What one session retrieved and is not marked yet; in `pending` while there is any."""

    def __init__(self, snapshot: Snapshot, pending: "set[SeenMarks]") -> None:
        self._snapshot = snapshot
        self._pending = pending
        self._uids: set[int] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._task: asyncio.Task[None] | None = None

    def add(self, uids: Iterable[int]) -> None:
        """Mark messages soon, whatever becomes of the session."""
        self._uids.update(uids)
        self._pending.add(self)
        if self._timer is None and self._task is None:
            self._timer = asyncio.get_running_loop().call_later(MOMENT, self._begin)

    async def settle(self) -> None:
        """Return when all that was added is marked, or could not be; it begins now."""
        if self._timer is not None:
            self._timer.cancel()
            self._begin()
        if self._task is not None:
            await asyncio.shield(self._task)

    def _begin(self) -> None:
        self._timer = None
        self._task = asyncio.get_running_loop().create_task(self._mark())

    async def _mark(self) -> None:
        while self._uids:
            uids = sorted(self._uids)
            self._uids.clear()
            try:
                await self._write(uids)
            except GroupwareError as error:
                _log.info("not marked as seen", reason=type(error).__name__, messages=len(uids))
            except Exception:  # noqa: BLE001 (logged with its traceback; the session goes on)
                _log.exception("marking as seen failed")
        self._task = None
        self._pending.discard(self)

    async def _write(self, uids: list[int]) -> None:
        """Write as STORE does: a flag is worth no sync of its own (docs/adr/0019)."""
        if len(uids) <= FEW:
            with suppress(db.NotNow):
                aio.write_here(mark_seen, self._snapshot, uids)
                return
        await aio.write(mark_seen, self._snapshot, uids)
