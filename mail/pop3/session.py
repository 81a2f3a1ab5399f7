"""One POP3 session: what each event leads to, and what is answered (RFC 1939 §4 to §7).

Knows the services and the state of the session; the socket is the server's.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

import structlog

from groupware.core import aio, auth, events
from groupware.core.errors import GroupwareError
from groupware.core.hub import Hub
from mail.keptmaildrops import Memory
from mail.maildrops import Policy, Snapshot
from mail.pop3 import responses
from mail.pop3.commands import State
from mail.pop3.connection import (
    AuthReceived,
    CommandReceived,
    Connection,
    Event,
    Refused,
    RunReceived,
)
from mail.pop3.errors import response_to
from mail.pop3.limits import Limits
from mail.pop3.maildrop import Maildrop
from mail.pop3.reading import Reader
from mail.pop3.seen import SeenMarks
from mail.pop3.topreading import TopReader
from mail.pop3.tops import Tops
from mail.retention import Expiry
from mail.sasl import PARSERS

_log = structlog.get_logger("groupware.pop3")

MECHANISMS: Final = ("PLAIN", *PARSERS)
"""What AUTH takes, as it is announced."""

Handler = Callable[["Session", Any], Awaitable[int | None]]
"""Does one command and writes its response; raises any `GroupwareError`.

That of a run returns how many lines it answered; what it raises is the answer to the first.
"""


class Output(Protocol):
    """Where a session writes to."""

    def write(self, data: bytes) -> None:
        """Send, or keep until the client takes it."""

    async def drain(self) -> None:
        """Wait until little is kept; raises ConnectionError when the client takes nothing."""

    async def start_tls(self) -> None:
        """Go on in TLS."""

    def close(self) -> None:
        """Send what is kept and close."""

    def abort(self) -> None:
        """Close without sending what is kept."""


@dataclass(slots=True)
class Shared:
    """What the sessions of one process have in common."""

    handlers: Mapping[str, Handler]
    hub: Hub
    limits: Limits = field(default_factory=Limits)
    has_tls: bool = True
    allow_plaintext: bool = False
    sessions_of: dict[int, int] = field(default_factory=dict)
    marking: set[SeenMarks] = field(default_factory=set)
    memory: Memory = field(default_factory=Memory)
    tops: Tops = field(init=False)

    def __post_init__(self) -> None:
        self.tops = Tops(self.limits.tops)


@dataclass(frozen=True, slots=True)
class Open:
    """What a session has from its login on."""

    principal: auth.Principal
    snapshot: Snapshot
    policy: Policy
    expiry: Expiry
    maildrop: Maildrop
    reader: Reader
    tops: TopReader
    seen: SeenMarks

    @property
    def credential(self) -> int:
        """Return the id of the app password, 0 for the account's own password."""
        return self.principal.app_password_id or 0


class Session:
    """One client, from its connection to its end."""

    def __init__(self, shared: Shared, output: Output, *, secure: bool, network: str) -> None:
        """Begin before login; `network` is the client's address."""
        self.shared = shared
        self.output = output
        self.secure = secure
        self.network = network
        self.connection = Connection(shared.limits.line)
        self.username: str | None = None
        self.take_answer: Callable[[bytes | None], Awaitable[None]] | None = None
        self.failed_logins = 0
        self.client_name = ""
        self.last_command = ""
        self.closing = False
        self._open: Open | None = None
        self._errors = 0
        self._is_doubtful = False
        self._unsubscribe: Callable[[], None] | None = None

    @property
    def is_open(self) -> bool:
        """Tell whether somebody is logged in."""
        return self._open is not None

    @property
    def may_log_in(self) -> bool:
        """Tell whether a password may be sent."""
        return self.secure or self.shared.allow_plaintext

    @property
    def opened(self) -> Open:
        """Return what a command of the TRANSACTION state works on."""
        assert self._open is not None
        return self._open

    def greet(self, name: str) -> None:
        """Say the first line."""
        self.write(responses.ok(f"{name} POP3 ready."))

    def write(self, data: bytes) -> None:
        """Send lines, or pieces of a message."""
        self.output.write(data)

    def end(self, response: bytes) -> None:
        """End the session with a last response; what it marked stays (RFC 1939 §6)."""
        if not self.closing:
            self.write(response)
            self.close()

    def close(self) -> None:
        """End the session; what was written still goes out."""
        if not self.closing:
            self.closing = True
            self.release()
            self.output.close()

    def abort(self) -> None:
        """End the session at once."""
        self.close()
        self.output.abort()

    def release(self) -> None:
        """Forget what the session holds outside itself."""
        if self._unsubscribe is None:
            return
        self._unsubscribe()
        self._unsubscribe = None
        account_id = self.opened.principal.account_id
        self.shared.sessions_of[account_id] -= 1
        if not self.shared.sessions_of[account_id]:
            del self.shared.sessions_of[account_id]

    def begin(self, opened: Open) -> bool:
        """Go over to TRANSACTION; return False where the account has too many sessions."""
        account_id = opened.principal.account_id
        held = self.shared.sessions_of.get(account_id, 0)
        if held >= self.shared.limits.sessions:
            return False
        self.shared.sessions_of[account_id] = held + 1
        self._open = opened
        self.connection.state = State.TRANSACTION
        self._unsubscribe = self.shared.hub.subscribe(account_id, self._on_event)
        structlog.contextvars.bind_contextvars(account=account_id)
        return True

    def _on_event(self, event: events.Event) -> None:
        if isinstance(event, events.CredentialsChanged):
            self._is_doubtful = True

    async def work(self) -> None:
        """Answer what has come, as far as it is whole."""
        try:
            while not self.closing:
                if (run := self.connection.take_run()) is not None:
                    await self._take_run(run)
                elif (event := self.connection.next_event()) is not None:
                    await self._take(event)
                    await self.output.drain()
                else:
                    return
        except ConnectionError:
            self.abort()

    async def _take_run(self, run: RunReceived) -> None:
        while run.numbers and not self.closing:
            run = run.after(await self._take(run))
            await self.output.drain()
            await asyncio.sleep(0)  # others of the process have their turn

    async def _take(self, event: Event | RunReceived) -> int:
        """Answer an event; return how many lines of a run that was."""
        if isinstance(event, Refused):
            self._refuse(event.response)
            return 1
        try:
            if self._must_look and await self._is_revoked():
                self.end(responses.REVOKED)
            elif isinstance(event, AuthReceived):
                await self.shared.handlers["AUTH answer"](self, event)
            elif isinstance(event, RunReceived):
                self._errors = 0
                self.last_command = event.command.verb
                return await self.shared.handlers[f"{event.command.verb} run"](self, event) or 1
            else:
                await self._execute(event)
        except GroupwareError as error:
            _log.info("refused", reason=type(error).__name__, detail=error.detail)
            self.write(response_to(error))
        except ConnectionError:
            raise
        except Exception:  # noqa: BLE001 (logged with its traceback; only this session ends)
            _log.exception("pop3 command failed")
            self.end(responses.BUG)
        return 1

    async def _execute(self, event: CommandReceived) -> None:
        self._errors = 0
        self.last_command = event.command.verb
        await self.shared.handlers[event.command.verb](self, event.request)

    def _refuse(self, response: bytes) -> None:
        self._errors += 1
        if self._errors > self.shared.limits.errors:
            self.end(responses.TOO_MANY_ERRORS)
        else:
            self.write(response)

    async def _is_revoked(self) -> bool:
        """Look whether the session may go on, where its credentials may have changed.

        One that a token opened is looked at each time: tokens end by themselves.
        """
        principal = self.opened.principal
        self._is_doubtful = False
        return not await aio.glance(auth.is_principal_current, principal)

    @property
    def _must_look(self) -> bool:
        held = self._open
        return held is not None and (self._is_doubtful or held.principal.token_id is not None)
