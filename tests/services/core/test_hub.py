"""The look each second, which finds what notices missed."""

import asyncio
import sqlite3
from pathlib import Path

import pytest

from groupware.core import aio, changes, db, events, hub
from groupware.core.models import Account
from tests.conftest import open_hubs

pytestmark = pytest.mark.django_db(transaction=True)
SECONDS = 10


class FailingWatch(hub.ChangeWatch):
    """A watch whose database cannot be read for a while."""

    def __init__(self, failures: int) -> None:
        super().__init__()
        self.failures = failures

    def version(self) -> int:
        if self.failures:
            self.failures -= 1
            raise sqlite3.OperationalError("disk I/O error")
        return super().version()


def change(account_id: int) -> None:
    with db.write_transaction():
        changes.begin_change(account_id)


def test_look_goes_on_when_the_database_is_back(
    ann: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub, "POLL_SECONDS", 0.01)

    async def session() -> None:
        held = hub.Hub(asyncio.get_running_loop(), aio.read)
        held._watch.close()
        held._watch = FailingWatch(failures=3)
        heard: asyncio.Queue[events.Event] = asyncio.Queue()
        held.subscribe(ann.pk, heard.put_nowait)
        held.start()
        try:
            async with asyncio.timeout(SECONDS):
                first = await heard.get()
                await aio.call(change, ann.pk)
                assert await heard.get() != first
        finally:
            await held.close()

    try:
        asyncio.run(session())
    finally:
        aio.close_crossing()


async def test_hub_that_is_left_open_is_found_by_the_guard_of_all_tests(own_data: Path) -> None:
    before = open_hubs()
    held = hub.Hub(asyncio.get_running_loop(), aio.read)
    held.start()
    assert len(open_hubs()) == len(before) + 1
    await held.close()
    assert open_hubs() == before
