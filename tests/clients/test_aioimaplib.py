import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest
from aioimaplib import IMAP4_SSL, extract_exists

from tests.clients.people import Person
from tests.clients.samples import MIXED, PLAIN, numbered
from tests.serve.running import Running

WAIT_SECONDS = 30.0

Open = Callable[[Person], AbstractAsyncContextManager[IMAP4_SSL]]


@pytest.fixture
def log_in(server: Running, tls: ssl.SSLContext) -> Open:
    """Return what opens sessions over implicit TLS."""

    @contextlib.asynccontextmanager
    async def session(person: Person) -> AsyncIterator[IMAP4_SSL]:
        closed = asyncio.Event()
        client = IMAP4_SSL("localhost", server.ports["IMAPS"], ssl_context=tls, timeout=30)
        client.protocol.conn_lost_cb = lambda _: closed.set()
        await client.wait_hello_from_server()
        try:
            done(await client.login(person.address, person.password))
            yield client
            assert (await client.logout()).result == "OK"
        finally:
            client.protocol.transport.close()
            await closed.wait()

    return session


def done(response: Any) -> list[bytes]:
    """Return the lines of an answer that is OK, octets of literals between them."""
    assert response.result == "OK", response
    return [bytes(line) for line in response.lines]


async def push(client: IMAP4_SSL) -> list[bytes]:
    """Return the next lines that come while IDLE lasts."""
    return [bytes(line) for line in await client.wait_server_push(timeout=WAIT_SECONDS)]


async def test_messages_are_appended_searched_flagged_and_moved(
    log_in: Open, person: Person
) -> None:
    async with log_in(person) as client:
        for message in (PLAIN, MIXED, numbered(3)):
            assert b"[APPENDUID " in done(await client.append(message))[-1]
        assert extract_exists(await client.select()) == 3
        assert PLAIN in done(await client.fetch("1", "(UID BODY.PEEK[])"))
        assert done(await client.uid_search('SUBJECT "Number"'))[0] == b"3"
        done(await client.uid("store", "2", r"+FLAGS.SILENT (\Flagged)"))
        assert done(await client.search("FLAGGED"))[0] == b"2"
        assert client.has_capability("MOVE")
        done(await client.uid("move", "2", "Archive"))
        assert extract_exists(await client.select("Archive")) == 1
        assert MIXED in done(await client.fetch("1", "(FLAGS BODY.PEEK[])"))


async def test_idle_tells_what_another_session_does(log_in: Open, person: Person) -> None:
    async with log_in(person) as reader, log_in(person) as writer:
        done(await writer.append(numbered(1)))
        assert extract_exists(await reader.select()) == 1
        done(await writer.select())
        waiting = await reader.idle_start(timeout=WAIT_SECONDS)
        done(await writer.append(numbered(2)))
        assert b"2 EXISTS" in await push(reader)
        done(await writer.store("2", "+FLAGS", r"(\Answered)"))
        [flags] = await push(reader)
        assert flags.startswith(b"2 FETCH (")
        assert rb"\Answered" in flags
        done(await writer.store("1", "+FLAGS.SILENT", r"(\Deleted)"))
        assert rb"\Deleted" in (await push(reader))[0]
        done(await writer.expunge())
        assert b"1 EXPUNGE" in await push(reader)
        reader.idle_done()
        done(await asyncio.wait_for(waiting, WAIT_SECONDS))
        assert done(await reader.search("ALL"))[0] == b"1"


async def test_mailboxes_are_made_renamed_subscribed_and_deleted(
    log_in: Open, person: Person
) -> None:
    async with log_in(person) as client:
        done(await client.create("Projects/2026"))
        done(await client.rename("Projects/2026", "Projects/2027"))
        done(await client.subscribe("Projects/2027"))
        listed = b"\n".join(done(await client.list('""', "Projects/*")))
        assert b"Projects/2027" in listed
        assert b"2026" not in listed
        assert b"Projects/2027" in b"\n".join(done(await client.lsub('""', "*")))
        status = done(await client.status("Projects/2027", "(MESSAGES UIDNEXT)"))[0]
        assert b"(MESSAGES 0 UIDNEXT 1)" in status
        done(await client.delete("Projects/2027"))
        assert (await client.select("Projects/2027")).result == "NO"


async def test_commands_are_sent_while_others_are_worked_off(log_in: Open, person: Person) -> None:
    async with log_in(person) as client:
        done(await client.append(PLAIN))
        done(await client.select())
        fetched, found, listed, status = await asyncio.gather(
            client.fetch("1", "(BODY.PEEK[])"),
            client.search("UNSEEN"),
            client.list('""', "Sent"),
            client.status("Sent", "(MESSAGES)"),
        )
        assert PLAIN in done(fetched)
        assert done(found)[0] == b"1"
        assert b"Sent" in done(listed)[0]
        assert done(status)[0].endswith(b"(MESSAGES 0)")
