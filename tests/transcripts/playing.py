"""How a transcript of IMAP is played: against what is in memory, or over TCP."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from django.conf import settings

from groupware.core import aio
from groupware.core.accepting import Acceptor
from groupware.core.hub import Hub
from groupware.core.tls import TlsContext, ensure_certificate, own_certificate_files
from mail import queries
from mail.flags import parse_flags
from mail.imap.events import Limits
from mail.imap.handlers import HANDLERS
from mail.imap.limits import ServerLimits
from mail.imap.server import ImapProtocol, Server
from mail.imap.session import Shared
from mail.services import messages
from tests.transcripts.drivers import Client, MemoryClient, TcpClient, trusting_context
from tests.transcripts.runner import Runner
from tests.transcripts.script import read_script

LIMITS = Limits(message_limit=100_000)


@asynccontextmanager
async def new_shared() -> AsyncIterator[Shared]:
    loop = asyncio.get_running_loop()
    hub = Hub(loop, aio.read)
    watch = aio.change_watch()
    hub.start()
    try:
        yield Shared(HANDLERS, hub, watch, LIMITS)
    finally:
        await hub.close()
        watch.close()


async def deliver(account: str, mailbox: str, message: bytes, flags: list[str]) -> None:
    def put() -> None:
        from groupware.core.models import Account

        account_id = Account.objects.get(login=f"{account}@team.example").pk
        target = queries.get_mailbox(account_id, mailbox)
        mask, keywords = parse_flags(flags)
        prepared = messages.prepare_message(message)
        messages.append_message(
            account_id, target.collection_id, prepared, flags=mask, keywords=keywords
        )

    await aio.call(put)


async def play_in_memory(path: Path, size: int = 1 << 20) -> None:
    """Play a transcript, `size` octets of the client at a time."""
    async with new_shared() as shared:

        async def connect(secure: bool) -> Client:
            return MemoryClient(shared, secure=secure, size=size)

        await Runner(read_script(path), connect, deliver).run()


async def play_over_tcp(path: Path) -> None:
    """Play a transcript on sockets."""
    ensure_certificate(settings.GROUPWARE_DATA, ["localhost"])
    tls = TlsContext(*own_certificate_files(settings.GROUPWARE_DATA))
    async with new_shared() as shared:
        server = Server(shared, tls, ServerLimits())
        server.start()

        def listen(secure: bool) -> int:
            listening = socket.create_server(("127.0.0.1", 0))
            factory: Callable[[], ImapProtocol] = lambda: ImapProtocol(server, secure=secure)  # noqa: E731
            context = tls.context if secure else None
            listeners.append(Acceptor(listening, factory, lambda: 0, is_shared=False, ssl=context))
            return int(listening.getsockname()[1])

        listeners: list[Acceptor] = []
        ports = {True: listen(True), False: listen(False)}

        async def connect(secure: bool) -> Client:
            return await TcpClient.open(ports[secure], trusting_context() if secure else None)

        try:
            await Runner(read_script(path), connect, deliver).run()
        finally:
            for listener in listeners:
                listener.close()
            await server.stop()
