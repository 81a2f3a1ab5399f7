"""The LMTP server: sockets, time-outs and limits around a session.

LMTP has no authentication: its port is for the mail server in front, on loopback or a network
of its own.
"""

import asyncio
from contextlib import suppress

import structlog

from groupware.core import aio, limits
from groupware.core.budget import UploadBudget
from groupware.core.listeners import Listeners
from groupware.core.logging import bind_session
from mail.smtp import responses
from mail.smtp.responses import Reply
from mail.smtp.session import Session

STOP_TIMEOUT = 4.0
"""Seconds for the deliveries in flight when the process is asked to stop."""
READ_SIZE = 256 * 1024
SMALL_UPLOAD = 1024 * 1024
"""Octets of a message up to which it is read whatever the others hold."""

_log = structlog.get_logger("groupware.lmtp")


class LmtpServer:
    """Serves connections until it is stopped."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()
        self._idle: set[asyncio.Task[None]] = set()
        self._stopping = False
        self._budget = UploadBudget(limits.LMTP_UPLOADING.value)

    def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Begin to serve a connection (asyncio's stream callback)."""
        task = asyncio.get_running_loop().create_task(self._serve(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def stop(self) -> None:
        """Let deliveries in flight finish, then close every connection."""
        self._stopping = True
        for task in list(self._idle):
            task.cancel()
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=STOP_TIMEOUT)
            for task in late:
                task.cancel()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peer = str((writer.get_extra_info("peername") or ("local",))[0])
        session_id = bind_session("lmtp", peer=peer)
        try:
            if len(self._tasks) > limits.LMTP_CONNECTIONS.value:
                await _send(writer, [responses.TOO_MANY_CONNECTIONS])
                return
            await self._converse(Session(peer=peer, session_id=session_id), reader, writer)
        except (ConnectionError, TimeoutError) as error:
            _log.info("connection lost", reason=type(error).__name__)
            # To close would wait for the peer to take what it does not read.
            writer.transport.abort()
        except asyncio.CancelledError:
            with suppress(ConnectionError, TimeoutError):
                await _send(writer, [responses.STOPPING])
        except Exception:  # noqa: BLE001 (logged with its traceback; only this connection ends)
            _log.exception("lmtp session failed")
        finally:
            self._budget.hold(writer, 0)
            writer.close()

    async def _converse(
        self, session: Session, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        await _send(writer, [session.greeting()])
        while not session.closing:
            event = session.connection.next_event()
            if event is not None:
                await _send(writer, await session.handle(event))
                continue
            self._budget.hold(writer, session.connection.buffered)
            if session.connection.buffered > SMALL_UPLOAD:
                await self._budget.wait_to_grow(writer)
            data = await self._read(reader)
            if data is None:
                await _send(writer, [responses.TIMEOUT])
                return
            if not data:
                return
            session.connection.receive(data)

    async def _read(self, reader: asyncio.StreamReader) -> bytes | None:
        """Return what came, b"" at the end, None after too long a silence."""
        if self._stopping:
            raise asyncio.CancelledError
        task = asyncio.current_task()
        if task is not None:
            self._idle.add(task)
        try:
            async with asyncio.timeout(limits.LMTP_READ_TIMEOUT.value):
                return await reader.read(READ_SIZE)
        except TimeoutError:
            return None
        finally:
            if task is not None:
                self._idle.discard(task)


async def _send(writer: asyncio.StreamWriter, replies: list[Reply]) -> None:
    """Write replies; a peer that reads nothing is left after LMTP_WRITE_TIMEOUT."""
    writer.write(b"".join(reply.serialize() for reply in replies))
    async with asyncio.timeout(limits.LMTP_WRITE_TIMEOUT.value):
        await writer.drain()


def run_lmtp(listeners: Listeners) -> None:
    """Serve LMTP on the inherited sockets until SIGTERM (the supervisor's entry point)."""

    async def main(stopping: aio.Stopping) -> None:
        server = LmtpServer()

        def new_protocol() -> asyncio.StreamReaderProtocol:
            reader = asyncio.StreamReader(limit=READ_SIZE)
            return asyncio.StreamReaderProtocol(reader, server.accept)

        servers = await aio.listen(new_protocol, listeners.get("lmtp"))
        await stopping.wait()
        for listening in servers:
            listening.close()
        await server.stop()

    aio.run_server(main)
