"""How outcomes become replies: one table (RFC 5530), and the failures of this protocol's own."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from groupware.core import errors
from mail.imap.responses import Code, Condition, code_bad_charset
from mail.services.mailboxes import HasChildren, UseRefused


class After(Enum):
    """What follows a reply."""

    NEXT_COMMAND = auto()
    START_TLS = auto()
    COMPRESS = auto()
    CLOSE = auto()


@dataclass(frozen=True, slots=True)
class Reply:
    """The tagged end of a command."""

    condition: Condition
    text: str
    code: Code | bytes | None = None
    after: After = After.NEXT_COMMAND


@dataclass(frozen=True, slots=True)
class Challenge:
    """A command that goes on with the client's answer to a challenge; `data` is base64."""

    data: bytes
    answer: "Callable[[bytes | None], Awaitable[Outcome]]"


@dataclass(frozen=True, slots=True)
class Idling:
    """A command that goes on until the client says DONE."""


Outcome = Reply | Challenge | Idling


class Refused(Exception):
    """A command ends with this reply, and what it began is undone."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(reply.text)
        self.reply = reply


class MailboxGone(errors.GroupwareError):
    """The selected mailbox is there no more, or is another one by that name."""


class AccessRevoked(MailboxGone):
    """The selected mailbox is another's, who does not let it be read any more."""


def ok(text: str, code: Code | bytes | None = None) -> Reply:
    """Return a reply of success."""
    return Reply(Condition.OK, text, code)


def no(text: str, code: Code | bytes | None = None) -> Reply:
    """Return a reply of failure."""
    return Reply(Condition.NO, text, code)


def bad(text: str) -> Reply:
    """Return a reply to a client that spoke against the protocol."""
    return Reply(Condition.BAD, text)


TRY_CREATE: Final = no("There is no such mailbox: create it first.", Code.TRYCREATE)
NO_RIGHT: Final = no("The right to do that is not granted on the mailbox.", Code.NOPERM)
READ_ONLY: Final = no("The mailbox is open for reading only.", Code.NOPERM)
BAD_CHARSET: Final = no("That charset is not known here.", code_bad_charset(["US-ASCII", "UTF-8"]))
NOT_SAVED: Final = no("That is more than a session may save.", Code.NOTSAVED)
EXPUNGE_ISSUED: Final = no("Some of the messages are gone.", Code.EXPUNGEISSUED)
REVOKED: Final = no("The session was revoked: log in again.", Code.EXPIRED)
SERVER_BUG: Final = no("The server failed; the failure is in its log.", Code.SERVERBUG)

CODES: Final[Mapping[type[errors.GroupwareError], Code]] = {
    errors.NotFound: Code.NONEXISTENT,
    errors.AlreadyExists: Code.ALREADYEXISTS,
    errors.NotAllowed: Code.NOPERM,
    errors.Invalid: Code.CANNOT,
    errors.LimitExceeded: Code.LIMIT,
    errors.OverQuota: Code.OVERQUOTA,
    errors.DiskReserve: Code.OVERQUOTA,
    errors.TooLarge: Code.TOOBIG,
    errors.Busy: Code.UNAVAILABLE,
    errors.Throttled: Code.UNAVAILABLE,
    errors.AuthenticationFailed: Code.AUTHENTICATIONFAILED,
    errors.Stale: Code.NONEXISTENT,
    UseRefused: Code.USEATTR,
    HasChildren: Code.HASCHILDREN,
    MailboxGone: Code.NONEXISTENT,
    AccessRevoked: Code.NOPERM,
}


def reply_to(error: errors.GroupwareError) -> Reply:
    """Return the reply of an outcome, by its class or the nearest one above it."""
    for kind in type(error).__mro__:
        if kind in CODES:
            return no(error.message, CODES[kind])
    return no(error.message)
