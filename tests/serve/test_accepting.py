"""Connections are shared among the processes of a protocol, and accepted whatever went wrong."""

import asyncio
import contextlib
import re
import socket
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from groupware.core.accepting import HELD_FOR_EACH, Acceptor
from tests.serve.running import Running, serving, wait_for

CONNECTIONS = 24


class Kept(asyncio.Protocol):
    """A connection that says hello."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        transport.write(b"hello\r\n")


@contextlib.asynccontextmanager
async def accepting(*, held: int = 0, is_shared: bool = True) -> AsyncIterator[int]:
    listening = socket.create_server(("127.0.0.1", 0))
    port = int(listening.getsockname()[1])
    acceptor = Acceptor(listening, Kept, lambda: held, is_shared=is_shared)
    try:
        yield port
    finally:
        acceptor.close()


async def greeting(port: int) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        return await reader.readline()
    finally:
        writer.close()
        await writer.wait_closed()


@pytest.mark.parametrize("held", [0, 3, 10 * HELD_FOR_EACH])
@pytest.mark.parametrize("is_shared", [True, False])
async def test_everybody_who_comes_is_accepted(held: int, *, is_shared: bool) -> None:
    async with accepting(held=held, is_shared=is_shared) as port:
        said = await asyncio.gather(*(greeting(port) for _ in range(CONNECTIONS)))
    assert said == [b"hello\r\n"] * CONNECTIONS


async def test_two_who_accept_at_one_socket_meet_everybody_once() -> None:
    listening = socket.create_server(("127.0.0.1", 0))
    port = int(listening.getsockname()[1])
    both = [Acceptor(listening.dup(), Kept, lambda: 0, is_shared=True) for _ in range(2)]
    said = await asyncio.gather(*(greeting(port) for _ in range(CONNECTIONS)))
    for acceptor in both:
        acceptor.close()
    listening.close()
    assert said == [b"hello\r\n"] * CONNECTIONS


async def test_nobody_is_accepted_behind_the_end() -> None:
    async with accepting() as port:
        assert await greeting(port) == b"hello\r\n"
    with pytest.raises(ConnectionError):
        await greeting(port)


@pytest.mark.slow
@pytest.mark.timeout(180)
def test_processes_share_the_connections_that_come_at_once(tmp_path: Path) -> None:
    with serving(tmp_path / "data", "lmtp") as server, contextlib.ExitStack() as stack:
        both = [pid for pid, name in server.children().items() if name == "lmtp"]
        assert len(both) == 2
        address = ("127.0.0.1", server.ports["LMTP"])
        with contextlib.ExitStack() as probes:
            # On a busy machine the first process is there a good while before the second.
            def both_accept() -> bool:
                probes.enter_context(socket.create_connection(address, 30)).recv(1)
                return set(shares_of(server)) == set(both)

            wait_for(both_accept, "both processes to accept")
        wait_for(lambda: not shares_of(server), "the probes to be gone")
        for _ in range(CONNECTIONS):
            stack.enter_context(socket.create_connection(address, 30)).recv(1)
        shares = shares_of(server)
        wait_for(lambda: shares_of(server).total() >= CONNECTIONS, "the list of connections")
        shares = shares_of(server)
    assert set(shares) == set(both)
    assert min(shares.values()) >= CONNECTIONS / 4


def shares_of(server: Running) -> Counter[int]:
    """Return how many connections to LMTP each process holds."""
    inodes = set()
    port = f":{server.ports['LMTP']:04X}"
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        words = line.split()
        if words[1].endswith(port) and words[3] == "01":
            inodes.add(words[9])
    shares: Counter[int] = Counter()
    for pid in server.children():
        for descriptor in Path(f"/proc/{pid}/fd").iterdir():
            with contextlib.suppress(FileNotFoundError):
                found = re.fullmatch(r"socket:\[(\d+)\]", str(descriptor.readlink()))
                if found and found[1] in inodes:
                    shares[pid] += 1
    return shares
