"""The way from bytes to commands and back, for one client.

Events of the connection and hints of the hub stand in one queue and are worked off in order;
handlers do the commands, and every failure becomes a reply here.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final

import structlog
from prometheus_client import Histogram

from groupware.core import events
from groupware.core.clock import monotonic
from groupware.core.errors import GroupwareError
from groupware.core.metrics import COMMAND_SECONDS
from mail.imap import contact, responses
from mail.imap.capabilities import capability_code
from mail.imap.commands import Command, States
from mail.imap.connection import Connection
from mail.imap.errors import (
    CODES,
    REVOKED,
    SERVER_BUG,
    After,
    Challenge,
    Idling,
    MailboxGone,
    Outcome,
    Refused,
    Reply,
    bad,
    no,
    ok,
    reply_to,
)
from mail.imap.events import (
    AuthResponse,
    BadCommand,
    CommandReceived,
    CommandRefused,
    Event,
    Fatal,
    IdleDone,
    NeedContinuation,
    Refusal,
)
from mail.imap.output import Output
from mail.imap.requests import Append, Request, Search, Sort, Thread
from mail.imap.responses import Code, Condition
from mail.imap.session import Session, Shared
from mail.search.keys import has_seqs

_log = structlog.get_logger("groupware.imap")

TURN: Final = 16
"""Commands sent ahead that are done before others have their turn."""
TURN_SECONDS: Final = 0.005
"""How long they may take together: the one that goes beyond it is the last."""
PIECE: Final = 16 * 1024
"""Octets that are parsed before others have their turn."""


@dataclass(frozen=True, slots=True)
class Hint:
    """Something may have changed, or (`credentials`) the session may have been revoked."""

    credentials: bool = False


class Conversation:
    """One client; `receive` takes its bytes, `work` does what they ask for.

    `wake` is called when `work` should run although no bytes came.
    """

    def __init__(
        self,
        shared: Shared,
        output: Output,
        wake: Callable[[], None],
        *,
        secure: bool,
        network: str,
    ) -> None:
        self.session = Session(shared, output, self._on_event, secure=secure, network=network)
        self.connection = Connection(shared.limits)
        self._wake = wake
        self._queue: deque[Event | Hint] = deque()
        self._ahead = b""
        self._unfinished: tuple[CommandReceived, Challenge | Idling] | None = None

    @property
    def has_work(self) -> bool:
        """Tell whether `work` has something to do."""
        return bool(self._queue or self._ahead)

    @property
    def held(self) -> int:
        """Return how many octets of messages wait here, unfinished or for their turn."""
        waiting = (event.request for event in self._queue if isinstance(event, CommandReceived))
        sizes = (request.size for request in waiting if isinstance(request, Append))
        return self.connection.kept + sum(sizes)

    @property
    def is_idling(self) -> bool:
        """Tell whether the client waits for news, and may be told at any time."""
        return self._unfinished is not None and isinstance(self._unfinished[1], Idling)

    def greet(self) -> None:
        """Send the greeting."""
        text = "Groupware is ready."
        code = capability_code(self.session)
        self.session.write(responses.status_line(None, Condition.OK, text, code))

    def receive(self, data: bytes) -> None:
        """Take bytes of the client; what is more than a piece is parsed by `work`."""
        if self._ahead:
            self._ahead += data
        elif len(data) <= PIECE or self.connection.is_bulk(data):
            self._queue.extend(self.connection.feed(data))
        else:
            self._ahead = data
            self._parse_piece()

    async def work(self) -> None:
        """Work off the queue in order; one call at a time."""
        done, began = 0, monotonic()
        while self.has_work and not self.session.closing:
            if done == TURN or monotonic() - began > TURN_SECONDS:
                await asyncio.sleep(0)
                done, began = 0, monotonic()
            if not self._queue:
                self._parse_piece()
                done = TURN
                continue
            done += 1
            event = self._queue.popleft()
            try:
                await self._do(event)
            except ConnectionError:
                self.session.close()
            except Exception:  # noqa: BLE001 - logged with its traceback; this client alone ends
                _log.exception("session failed")
                self.session.abort()
        if self.session.closing:
            self._queue.clear()
            self._ahead = b""

    def _parse_piece(self) -> None:
        piece, self._ahead = self._ahead[:PIECE], self._ahead[PIECE:]
        self._queue.extend(self.connection.feed(piece))

    def _take_ahead(self) -> bytes:
        """Give back what came behind a command, before what follows it is read another way."""
        ahead, self._ahead = self.connection.take_ahead() + self._ahead, b""
        return ahead

    def _on_event(self, event: events.Event) -> None:
        hint = None
        if isinstance(event, events.CredentialsChanged):
            hint = Hint(credentials=True)
        elif isinstance(event, events.CollectionChanged) and self._watches(event.collection_id):
            hint = Hint()
        elif isinstance(event, events.MailboxListChanged) and self._watches(0):
            hint = Hint()  # what is granted may have changed
        if hint is not None and hint not in self._queue and not self.session.closing:
            self._queue.append(hint)
            self._wake()

    def _watches(self, collection_id: int) -> bool:
        if self.session.view is None or not self.is_idling:
            return False
        return collection_id in {0, self.session.view.identity.collection_id}

    async def _do(self, event: Event | Hint) -> None:
        match event:
            case CommandReceived():
                await self._execute(event)
            case NeedContinuation():
                self.session.write(responses.continuation(b"Ready."))
            case Hint():
                await self._follow(event)
            case AuthResponse() | IdleDone():
                await self._go_on(event)
            case BadCommand():
                self._unfinished = None
                self._reply(event.tag, bad(event.reason))
            case CommandRefused():
                self._reply(event.tag, _REFUSALS[event.refusal])
            case Fatal():
                self.session.say_bye(event.reason)

    async def _execute(self, event: CommandReceived) -> None:
        self.session.forget_look()
        self.session.last_command = event.command.name
        started = monotonic()
        outcome = await self._run(event)
        if self.session.closing:
            return
        if isinstance(outcome, Reply):
            await self._finish(event, outcome)
            _observe(event.command, outcome, monotonic() - started)
        elif isinstance(outcome, Challenge):
            self._challenge(event, outcome)
        else:
            self._unfinished = event, outcome
            self.session.forget_ahead()
            self.session.write(responses.continuation(b"Idling."))
            self._queue.extend(self.connection.resume_with_idle())
            await self._follow(Hint())

    def _challenge(self, event: CommandReceived, challenge: Challenge) -> None:
        self._unfinished = event, challenge
        self.session.write(responses.continuation(challenge.data))
        self._queue.extend(self.connection.resume_with_auth())

    async def _run(self, event: CommandReceived) -> Outcome:
        await self.session.check_token()
        if self.session.closing:
            return REVOKED
        if not self.session.state & event.command.states:
            return bad(_wrong_state(event.command, self.session.state))
        if self.session.is_guest and event.command.states is States.SELECTED:
            checked = await self._guard(self._check_rights(), event.command.name)
            if isinstance(checked, Reply) and checked.condition is not Condition.OK:
                return checked
        self.session.tag = event.tag
        handler = self.session.shared.handlers[event.command.name]
        return await self._guard(handler(self.session, event.request), event.command.name)

    async def _check_rights(self) -> Outcome:
        await self.session.check_rights()
        return ok("")

    async def _guard(self, work: Awaitable[Outcome], name: str) -> Outcome:
        """Turn every failure into a reply: outcomes by their table, bugs with a line in the log."""
        try:
            return await work
        except Refused as refused:
            return refused.reply
        except MailboxGone as gone:
            self.session.say_bye(gone.message, CODES[type(gone)])
            return reply_to(gone)
        except GroupwareError as error:
            _log.info("refused", command=name, reason=type(error).__name__, detail=error.detail)
            return reply_to(error)
        except ConnectionError:
            raise
        except Exception:  # noqa: BLE001 - logged with its traceback; the session goes on
            _log.exception("command failed", command=name)
            return SERVER_BUG

    async def _finish(self, event: CommandReceived, reply: Reply) -> None:
        command = event.command
        if reply.after is After.NEXT_COMMAND:
            await self._guard(self._catch_up_for(event, reply), command.name)
            if self.session.closing:
                return
        if command.name == "LOGOUT":
            self.session.write(responses.status_line(None, Condition.BYE, "Goodbye."))
        self._reply(event.tag, reply)
        contact.note(self.session)
        if reply.condition is Condition.BAD:
            self._queue.extend(self.connection.count_bad())
        else:
            self.connection.count_good()
        if reply.after is After.CLOSE:
            self.session.close()
            return
        if reply.after is After.START_TLS:
            # Before the handshake: its last octets may already bring the first command with them.
            self._queue.clear()
            self._take_ahead()
            await self.session.output.start_tls()
            self.session.secure = True
            self._queue.extend(self.connection.resume())
        elif self.connection.waits_for(event):
            if reply.after is After.COMPRESS:
                self.session.output.start_compression(self._take_ahead())
            self.connection.dialect = self.session.dialect
            resume = self.connection.resume
            if self.session.principal is not None:
                resume = self.connection.resume_authenticated
            self._queue.extend(resume())
        await self.session.output.drain()

    async def _catch_up_for(self, event: CommandReceived, reply: Reply) -> Reply:
        try:
            await self.session.catch_up()
        except MailboxGone:
            # What was done is answered before the end: the client would do it again.
            self._reply(event.tag, reply)
            raise
        if not self.session.closing:
            command = event.command
            expunge = command.breaks_seqs or not _speaks_in_numbers(command, event.request)
            self.session.flush_updates(expunge=expunge, told=reply.code)
        return reply

    def _reply(self, tag: bytes | None, reply: Reply) -> None:
        self.session.write(responses.status_line(tag, reply.condition, reply.text, reply.code))

    async def _go_on(self, event: AuthResponse | IdleDone) -> None:
        if self._unfinished is None:
            return
        command, unfinished = self._unfinished
        self._unfinished = None
        self.session.forget_look()
        if isinstance(unfinished, Challenge) and isinstance(event, AuthResponse):
            outcome = await self._guard(unfinished.answer(event.data), command.command.name)
            if self.session.closing:
                return
            if isinstance(outcome, Challenge):
                self._challenge(command, outcome)
                return
            assert isinstance(outcome, Reply)
            await self._finish(command, outcome)
        else:
            await self._finish(command, ok("Idle no more."))

    async def _follow(self, hint: Hint) -> None:
        """Tell an idling client what changed; end a session that was revoked."""
        self.session.forget_look()
        if hint.credentials:
            self.session.doubt()
        if self.is_idling:
            await self._guard(self._catch_up_idling(), "IDLE")
        elif hint.credentials:
            await self._guard(self._check_credentials(), "a hint")

    async def _check_credentials(self) -> Reply:
        await self.session.check_credentials()
        return ok("")

    async def _catch_up_idling(self) -> Reply:
        await self.session.catch_up()
        if not self.session.closing:
            self.session.flush_updates(expunge=True)
            contact.note(self.session)
            await self.session.output.drain()
        return ok("")


def _observe(command: Command, reply: Reply, seconds: float) -> None:
    outcome = "error" if reply is SERVER_BUG else reply.condition.name.lower()
    _seconds_of(command.name, outcome).observe(seconds)


@cache
def _seconds_of(name: str, outcome: str) -> Histogram:
    """Return where the seconds of commands are noted; both names are of small tables."""
    return COMMAND_SECONDS.labels("imap", name, outcome)


def _speaks_in_numbers(command: Command, request: Request) -> bool:
    """Tell whether EXPUNGE waits: also where a UID SEARCH looks for numbers (RFC 7162 §3.2.10.2)."""
    if isinstance(request, Search | Sort | Thread) and request.key is not None:
        return command.uses_seqs or has_seqs(request.key)
    return command.uses_seqs


def _wrong_state(command: Command, state: States) -> str:
    if state is States.NOT_AUTHENTICATED:
        return "Log in first."
    if command.states is States.SELECTED:
        return "Select a mailbox first."
    return "You are logged in already."


_REFUSALS: Mapping[Refusal, Reply] = {
    Refusal.TOO_BIG: no(Refusal.TOO_BIG.value, Code.TOOBIG),
    Refusal.TOO_MANY: no(Refusal.TOO_MANY.value, Code.LIMIT),
}
