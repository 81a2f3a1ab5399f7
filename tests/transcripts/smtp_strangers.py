"""Connections of strangers without a network: what a server does before a session begins."""

import asyncio
from typing import Any

from groupware.core.budget import UploadBudget
from mail.smtp.limits import reception_limits
from mail.smtp.reception import ReceptionSession
from mail.smtp.server import Server, SmtpProtocol
from mail.smtp.session import Session
from tests.transcripts.smtp_playing import STRANGER, new_shared


class Wire(asyncio.Transport):
    """A transport whose peer says what it likes, and has the address that it likes."""

    def __init__(self, address: str) -> None:
        super().__init__({"peername": (address, 4711)})
        self.told = b""
        self.is_heard = asyncio.Event()
        self.is_paused = False
        self._is_closing = False
        self._protocol: asyncio.BaseProtocol | None = None

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        self.buffer_limits = (high, low)

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.told += bytes(data)
        self.is_heard.set()

    def is_closing(self) -> bool:
        return self._is_closing

    def pause_reading(self) -> None:
        self.is_paused = True

    def resume_reading(self) -> None:
        self.is_paused = False

    def close(self) -> None:
        self._is_closing = True

    def abort(self) -> None:
        self.close()


class Stranger:
    """One connection from the first octet on."""

    def __init__(self, server: Server, address: str = STRANGER, *, secure: bool = False) -> None:
        self.wire = Wire(address)
        self.connection: SmtpProtocol = server.connect(secure=secure)
        self.connection.connection_made(self.wire)

    @property
    def told(self) -> bytes:
        return self.wire.told

    def send(self, data: bytes) -> None:
        self.connection.data_received(data)

    def leave(self) -> None:
        self.connection.connection_lost(None)


def new_server(role: type[Session] = ReceptionSession, limits: Any = None) -> Server:
    """Return a server of a role that listens nowhere."""
    limits = limits or reception_limits()
    return Server(role, new_shared(limits), UploadBudget(limits.uploading), None)
