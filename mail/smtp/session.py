"""One session: what each event leads to, and what is answered (RFC 5321 §3, §4).

What all roles have in common; a role says who may send to whom, and what becomes of a message. Knows
the state of the transaction; the socket is the server's.
"""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Final, Protocol

import structlog
from django.conf import settings

from groupware.core.clock import monotonic
from groupware.core.errors import GroupwareError
from groupware.core.principals import Principal
from mail.flow.envelopes import Envelope, EnvelopeRecipient
from mail.services import trace
from mail.services.trace import Note, Step
from mail.smtp import responses
from mail.smtp.bodies import count_received
from mail.smtp.commands import Command, State
from mail.smtp.connection import (
    AnswerReceived,
    ChunkReceived,
    ChunkRefused,
    CommandReceived,
    CommandRefused,
    Connection,
    Event,
    MessageReceived,
    MessageRefused,
)
from mail.smtp.errors import reply_of
from mail.smtp.fanning import FanOut
from mail.smtp.limits import ServerLimits
from mail.smtp.networks import Networks
from mail.smtp.parameters import MailFrom
from mail.smtp.responses import Reply, reply

CLOSING: Final = 421
"""The code with which a server ends a session (RFC 5321 §3.8)."""
TURN: Final = 16
"""Events that are worked off before others have their turn."""
ATTEMPTS: Final = 3
"""Times that bytes are staged when the collector takes them before they are claimed."""

_log = structlog.get_logger("groupware.smtp")


class Output(Protocol):
    """Where a session writes to."""

    def write(self, data: bytes) -> None:
        """Send, or keep until the command ends."""

    def flush(self) -> None:
        """Send what is kept."""

    async def drain(self) -> None:
        """Wait until little is kept; raises ConnectionError when the client takes nothing."""

    async def start_tls(self) -> None:
        """Go on in TLS."""

    def close(self) -> None:
        """Send what is kept and close."""

    def abort(self) -> None:
        """Close without sending what is kept."""


class Refused(Exception):
    """A command is answered so; 421 ends the session."""

    def __init__(self, answer: Reply) -> None:
        super().__init__(answer)
        self.answer = answer


@dataclass(slots=True)
class Shared:
    """What the sessions of one port in one process have in common."""

    limits: ServerLimits
    networks: Networks
    fan_out: FanOut
    has_tls: bool = True
    allow_plaintext: bool = False


@dataclass(slots=True)
class Transaction:
    """What MAIL and RCPT have said so far."""

    mail: MailFrom
    mail_from: str
    recipients: list[EnvelopeRecipient] = field(default_factory=list)

    def envelope(self) -> Envelope:
        """Return what the services are told."""
        mail = self.mail
        return Envelope(
            self.mail_from,
            tuple(self.recipients),
            ret=mail.ret,
            envid=mail.envid,
            is_8bit=mail.is_8bit,
            is_utf8=mail.is_utf8,
        )


def _is_refusal(answer: Reply) -> bool:
    return answer.code >= 400


Handler = Callable[[Any, Any], Awaitable[None]]
"""Does one command of a session and writes its reply; raises any `GroupwareError`."""


class Session(ABC):
    """One peer, from its connection to its end."""

    name: ClassVar[str]
    """That of its port."""
    commands: ClassVar[Mapping[bytes, Command]]
    protocol: ClassVar[str]
    """What the greeting says."""
    handlers: ClassVar[Mapping[str, Handler]]
    """By verb; the rows of `commands` have one each."""
    is_counted: ClassVar = False
    """Whether the network is a stranger's, which is counted and waits for the greeting."""

    def __init__(self, shared: Shared, output: Output, *, secure: bool) -> None:
        self.shared = shared
        self.output = output
        self.secure = secure
        self.network = ""
        self.session_id = ""
        self.cipher = ""
        self.principal: Principal | None = None
        """Whoever has logged in; of the roles with a login alone."""
        self.helo = ""
        self.last_command = ""
        self.closing = False
        self.is_trusted = False
        self.taken_at = monotonic()
        self.connection = Connection(self.commands, shared.limits.octets)
        self.transaction: Transaction | None = None
        self.is_extended = True
        self._errors = 0
        self._idle_commands = 0

    @property
    def is_logged_in(self) -> bool:
        """Tell whether there is nothing to log in to, or somebody is logged in."""
        return True

    @property
    def client_name(self) -> str:
        """What the peer calls itself."""
        return self.helo

    # What a role says and does.

    @abstractmethod
    def keywords(self) -> list[str]:
        """Return what EHLO offers."""

    @abstractmethod
    async def check_sender(self, transaction: Transaction) -> None:
        """Raise a `GroupwareError` where MAIL is refused."""

    @abstractmethod
    async def check_recipient(self, address: str, transaction: Transaction) -> None:
        """Raise a `GroupwareError` where RCPT is refused."""

    @abstractmethod
    async def take(self, data: bytes, transaction: Transaction) -> list[Reply]:
        """Take a message, and return the replies to its end: what they promise is durable."""

    def flaw_of(self, data: bytes) -> Reply | None:
        """Return why a message is refused before anybody reads it."""
        return responses.LOOP if count_received(data) > self.shared.limits.received_fields else None

    def refusals(self, refusal: Reply) -> list[Reply]:
        """Return the replies to the end of a message that is refused."""
        return [refusal]

    @abstractmethod
    def note_sent(self) -> None:
        """Go on with what was taken: the reply is on its way."""

    def protocol_word(self, transaction: Transaction) -> str:
        """Return how a message comes (RFC 3848, RFC 6531 §4.3)."""
        word = "ESMTP" if self.is_extended else "SMTP"
        if transaction.mail.is_utf8:
            word = "UTF8SMTP"
        return word + ("S" if self.secure else "")

    # The socket's side.

    def greet(self) -> None:
        """Say the first line."""
        self.write(reply(220, "", f"{settings.GROUPWARE_DOMAIN} {self.protocol} ready"))

    def write(self, answer: Reply) -> None:
        """Send a reply."""
        self.output.write(answer.octets)

    def answer(self, answer: Reply) -> None:
        """Send a reply, with which the session ends where it is one that says so."""
        if answer.code == CLOSING:
            self.end(answer)
        else:
            self.write(answer)

    def end(self, answer: Reply) -> None:
        """End the session with a last reply."""
        if not self.closing:
            self.write(answer)
            self.close()

    def close(self) -> None:
        """End the session; what was written still goes out."""
        if not self.closing:
            self.closing = True
            self.output.close()

    def abort(self) -> None:
        """End the session at once."""
        self.close()
        self.output.abort()

    async def work(self) -> None:
        """Answer what has come, as far as it is whole."""
        turn = 0
        try:
            while not self.closing and (event := self.connection.next_event()) is not None:
                await self._answer(event)
                await self.output.drain()
                turn += 1
                if turn % TURN == 0:
                    await asyncio.sleep(0)
        except ConnectionError as error:
            _log.info("connection lost", reason=type(error).__name__)
            self.abort()

    async def _answer(self, event: Event) -> None:
        try:
            match event:
                case CommandReceived(verb=verb, request=request):
                    self.last_command = verb
                    await self.handlers[verb](self, request)
                case MessageReceived(data=data):
                    self._end_message(await self._replies(data), len(data))
                case _:
                    await self._answer_rarer(event)
        except Refused as refused:
            self.answer(refused.answer)
        except GroupwareError as error:
            _log.info("refused", reason=type(error).__name__, detail=error.detail)
            self.write(reply_of(error))
        except ConnectionError:
            raise
        except Exception:  # noqa: BLE001 (logged with its traceback; the peer tries again)
            _log.exception("smtp command failed")
            self.write(responses.BUG)

    async def _answer_rarer(self, event: Event) -> None:
        match event:
            case CommandRefused(reply=refusal, is_last=is_last):
                self.refuse(refusal)
                if is_last:
                    self.close()
            case ChunkReceived():
                self.connection.state = State.CHUNKS
                self.write(responses.CHUNK_OK)
            case ChunkRefused(reply=refusal):
                self.end_transaction()
                self.write(refusal)
            case MessageRefused(reply=refusal):
                self._end_message(self.refusals(refusal))
            case AnswerReceived():
                await self.handlers["AUTH answer"](self, event)

    async def _replies(self, data: bytes) -> list[Reply]:
        transaction = self.transaction
        assert transaction is not None
        if (flaw := self.flaw_of(data)) is not None:
            return self.refusals(flaw)
        # No reply waits for another message: what is durable is told before it.
        self.output.flush()
        try:
            return await self.take(data, transaction)
        except Refused:
            raise
        except GroupwareError as error:
            _log.info("message refused", reason=type(error).__name__, detail=error.detail)
            return self.refusals(reply_of(error))
        except Exception:  # noqa: BLE001 (logged with its traceback; the peer tries again)
            _log.exception("message failed", size=len(data))
            return self.refusals(responses.BUG)

    def _end_message(self, answers: Sequence[Reply], size: int = 0) -> None:
        """Answer a message, together with what was sent along with its end (RFC 2920 §3.2)."""
        if (transaction := self.transaction) is not None and any(map(_is_refusal, answers)):
            # One for all of them, or one each (RFC 2033 §4.2).
            said = list(answers) * (len(transaction.recipients) if len(answers) == 1 else 1)
            for held, answer in zip(transaction.recipients, said, strict=False):
                if _is_refusal(answer):
                    self._note_refused(transaction, held.address, answer, size)
        self.end_transaction()
        self._idle_commands = 0
        self.taken_at = monotonic()
        for answer in answers:
            self.write(answer)
        self.note_sent()

    def note_refused(
        self, transaction: Transaction, recipient: str, error: GroupwareError | Refused
    ) -> None:
        """Let the trace tell that MAIL or RCPT is refused."""
        answer = error.answer if isinstance(error, Refused) else reply_of(error)
        self._note_refused(transaction, recipient, answer)

    def _note_refused(
        self, transaction: Transaction, recipient: str, answer: Reply, size: int = 0
    ) -> None:
        if not self.is_logged_in:
            return
        principal = self.principal
        trace.note(
            Note(
                Step.REFUSED,
                sender=transaction.mail_from,
                recipient=recipient,
                place=recipient,
                account_id=principal.account_id if principal is not None else None,
                reference=self.session_id,
                size=size,
                peer=self.network,
                detail=answer.text,
            )
        )

    def end_transaction(self) -> None:
        """Forget sender and recipients."""
        self.transaction = None
        self.connection.end_transaction()

    def refuse(self, refusal: Reply) -> None:
        """Refuse a command; one too many ends the session."""
        self._errors += 1
        too_many = self._errors > self.shared.limits.errors
        self.answer(responses.TOO_MANY_ERRORS if too_many else refusal)

    def answer_idly(self, answer: Reply) -> None:
        """Answer a command that leads to nothing; one too many ends the session."""
        self._idle_commands += 1
        most = self.shared.limits.idle_commands
        too_many = most and self._idle_commands > most
        self.answer(responses.TOO_MANY_COMMANDS if too_many else answer)
