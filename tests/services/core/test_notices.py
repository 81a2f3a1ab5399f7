"""Events of this and other processes in the event loop of a server."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError, connections

from groupware.core import aio, auth, db, events
from groupware.core import hub as hub_module
from groupware.core.changes import begin_change
from groupware.core.events import CollectionChanged, CredentialsChanged, Event
from groupware.core.hub import Hub
from groupware.core.models import Account
from tests.services.processes import Channel, go, running
from tests.services.store import append, mailbox

pytestmark = pytest.mark.django_db(transaction=True)
SECONDS = 20


class Session:
    """What one session hears."""

    def __init__(self) -> None:
        self.heard: asyncio.Queue[Event] = asyncio.Queue()

    def __call__(self, event: Event) -> None:
        self.heard.put_nowait(event)

    async def wait_for(self, wanted: Event) -> list[Event]:
        """Wait until an event is heard; return what was heard before it."""
        before: list[Event] = []
        async with asyncio.timeout(SECONDS):
            while (event := await self.heard.get()) != wanted:
                before.append(event)
        return before


@pytest.fixture
async def hub(own_data: Path) -> AsyncIterator[Hub]:
    made = Hub(asyncio.get_running_loop(), aio.read)
    made.start()
    yield made
    await made.close()
    await asyncio.to_thread(aio.close_crossing)


@pytest.fixture
def polls_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub_module, "POLL_SECONDS", 0.02)


@pytest.fixture
def polls_never(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let what is heard come from notices alone."""
    monkeypatch.setattr(hub_module, "POLL_SECONDS", 3600.0)


def append_one(_: Channel, account_id: int) -> int:
    """Append a message to INBOX (another process)."""
    return append(Account.objects.get(pk=account_id)).modseq


def end_sessions(_: Channel, account_id: int) -> None:
    """Revoke every session (another process)."""
    auth.end_sessions(account_id)


async def in_process(function: Callable[..., Any], *arguments: Any) -> Any:
    """Return the result of a function that another process ran."""

    def run() -> Any:
        with running(function, arguments) as channels:
            return go(channels)[0]

    return await asyncio.to_thread(run)


async def in_store(function: Callable[..., Any], *arguments: Any) -> Any:
    """Call a function on a thread whose connection is closed after it."""

    def call() -> Any:
        try:
            return function(*arguments)
        finally:
            connections.close_all()

    return await asyncio.to_thread(call)


async def collection_of(account: Account) -> int:
    return (await aio.read(mailbox, account)).collection_id


async def test_change_of_another_process_is_heard(
    polls_never: None, ann: Account, hub: Hub
) -> None:
    session = Session()
    hub.subscribe(ann.pk, session)
    modseq = await in_process(append_one, ann.pk)
    await session.wait_for(CollectionChanged(ann.pk, await collection_of(ann), modseq))


async def test_change_of_this_process_is_heard(polls_never: None, ann: Account, hub: Hub) -> None:
    session = Session()
    hub.subscribe(ann.pk, session)
    done = await aio.write(append, ann)
    await session.wait_for(CollectionChanged(ann.pk, await collection_of(ann), done.modseq))


async def test_revoked_credentials_are_heard_across_processes(
    polls_never: None, ann: Account, hub: Hub
) -> None:
    session = Session()
    hub.subscribe(ann.pk, session)
    await in_process(end_sessions, ann.pk)
    await session.wait_for(CredentialsChanged(ann.pk))


async def test_only_the_accounts_own_sessions_hear_it(
    polls_never: None, ann: Account, ben: Account, hub: Hub
) -> None:
    anns, bens, other = Session(), Session(), Session()
    hub.subscribe(ann.pk, anns)
    hub.subscribe(ben.pk, bens)
    hub.subscribe(ann.pk, other)()
    events.publish(CredentialsChanged(ann.pk))
    events.publish(CredentialsChanged(ben.pk))
    assert await anns.wait_for(CredentialsChanged(ann.pk)) == []
    assert await bens.wait_for(CredentialsChanged(ben.pk)) == []
    assert other.heard.empty()


def change_silently(account_id: int) -> int:
    """Change the account as if the notice were lost."""
    with db.write_transaction():
        return begin_change(account_id).modseq


def set_silently(account_id: int, **fields: Any) -> None:
    """Change the account's row as if the notice were lost."""
    with db.write_transaction():
        Account.objects.filter(pk=account_id).update(**fields)


async def test_change_whose_notice_was_lost_is_found_by_the_poll(
    polls_often: None, ann: Account, hub: Hub
) -> None:
    session = Session()
    hub.subscribe(ann.pk, session)
    for _ in range(3):
        modseq = await in_store(change_silently, ann.pk)
        await session.wait_for(CollectionChanged(ann.pk, 0, modseq + 1))


@pytest.mark.parametrize("change", [{"credential_epoch": 77}, {"is_active": False}])
async def test_revocation_whose_notice_was_lost_is_found_by_the_poll(
    polls_often: None, ann: Account, hub: Hub, change: dict[str, Any]
) -> None:
    session = Session()
    hub.subscribe(ann.pk, session)
    await session.wait_for(CredentialsChanged(ann.pk))
    await in_store(lambda: set_silently(ann.pk, **change))
    await session.wait_for(CredentialsChanged(ann.pk))


async def test_session_that_begins_is_told_to_look_once(
    polls_often: None, ann: Account, hub: Hub
) -> None:
    """It may have logged in before what the poll has known since: another session's account."""
    first, second = Session(), Session()
    hub.subscribe(ann.pk, first)
    await first.wait_for(CredentialsChanged(ann.pk))
    await in_store(lambda: set_silently(ann.pk, credential_epoch=77))
    await first.wait_for(CredentialsChanged(ann.pk))
    hub.subscribe(ann.pk, second)
    await second.wait_for(CredentialsChanged(ann.pk))


async def test_session_that_fails_silences_no_other(
    polls_never: None, ann: Account, hub: Hub
) -> None:
    def fail(event: Event) -> None:
        raise LookupError("a session's own bug")

    session = Session()
    hub.subscribe(ann.pk, fail)
    hub.subscribe(ann.pk, session)
    events.publish(CredentialsChanged(ann.pk))
    await session.wait_for(CredentialsChanged(ann.pk))


async def test_garbage_at_the_socket_is_passed_over(
    polls_never: None, ann: Account, hub: Hub
) -> None:
    session = Session()
    hub.subscribe(ann.pk, session)
    address = events.socket_address(events.directory() / events.own_socket_name())
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
        for data in (b"", b"\xff" * 400, b"c 1", b"x" * 5000):
            sender.sendto(data, address)
        sender.sendto(events.encode(CredentialsChanged(ann.pk)), address)
    assert await session.wait_for(CredentialsChanged(ann.pk)) == []


async def test_poll_outlives_a_database_that_is_away(
    polls_often: None, own_data: Path, ann: Account
) -> None:
    failures = [OperationalError("away"), OperationalError("still away")]

    async def read(function: Callable[..., Any], *arguments: Any) -> Any:
        if failures:
            raise failures.pop()
        return await aio.read(function, *arguments)

    hub = Hub(asyncio.get_running_loop(), read)
    hub.start()
    session = Session()
    hub.subscribe(ann.pk, session)
    try:
        await session.wait_for(CredentialsChanged(ann.pk))
        assert failures == []
    finally:
        await hub.close()
        await asyncio.to_thread(aio.close_crossing)


async def test_process_in_which_nobody_listens_is_not_woken(
    polls_often: None, ann: Account, hub: Hub
) -> None:
    assert list(events.directory().iterdir()) == []
    end = hub.subscribe(ann.pk, Session())
    assert [path.name for path in events.directory().iterdir()] == [events.own_socket_name()]
    end()
    async with asyncio.timeout(SECONDS):
        while list(events.directory().iterdir()):  # noqa: ASYNC110 (a folder wakes nobody)
            await asyncio.sleep(0.01)
    session = Session()
    hub.subscribe(ann.pk, session)
    with running(end_sessions, (ann.pk,)):
        await session.wait_for(CredentialsChanged(ann.pk))


async def test_closed_hub_leaves_no_socket_and_hears_nothing(
    polls_never: None, own_data: Path, ann: Account
) -> None:
    hub = Hub(asyncio.get_running_loop(), aio.read)
    hub.start()
    session = Session()
    hub.subscribe(ann.pk, session)
    assert [path.name for path in events.directory().iterdir()] == [events.own_socket_name()]
    assert events.directory().stat().st_mode & 0o777 == 0o700
    await hub.close()
    events.publish(CredentialsChanged(ann.pk))
    await asyncio.sleep(0)
    assert session.heard.empty()
    assert list(events.directory().iterdir()) == []


async def test_many_changes_in_a_moment_wake_another_process_a_few_times(
    polls_never: None, ann: Account, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub_module, "GATHER_SECONDS", 0.2)
    changes = [CollectionChanged(ann.pk, number % 2, number) for number in range(1_000)]
    loop = asyncio.get_running_loop()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as other:
        other.bind(events.socket_address(events.directory() / "1.sock"))
        for change in changes:
            events.publish(change)
        async with asyncio.timeout(SECONDS):
            heard = [events.decode(await loop.sock_recv(other, 100)) for _ in range(3)]
        assert heard[0] == changes[0]
        assert set(heard[1:]) == {changes[998], changes[999]}


async def test_notices_that_wait_go_out_before_the_hub_closes(
    polls_never: None, own_data: Path, ann: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub_module, "GATHER_SECONDS", 3_600.0)
    made = Hub(asyncio.get_running_loop(), aio.read)
    made.start()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as other:
        other.bind(events.socket_address(events.directory() / "1.sock"))
        for number in range(3):
            events.publish(CredentialsChanged(number))
        await asyncio.sleep(0)
        await made.close()
        assert [events.decode(other.recv(100)) for _ in range(3)] == [
            CredentialsChanged(number) for number in range(3)
        ]
