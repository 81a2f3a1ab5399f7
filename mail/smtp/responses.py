"""Replies: a code, an enhanced status (RFC 3463) and a text for a person. Pure."""

import re
from dataclasses import dataclass
from functools import cached_property
from typing import Final

MAX_TEXT: Final = 400

_UNSAFE: Final = re.compile(r"[^\x20-\x7e]")


@dataclass(frozen=True)
class Reply:
    """One reply; without an enhanced status where none belongs (greeting, EHLO, 3xx)."""

    code: int
    enhanced_status: str
    lines: tuple[str, ...]

    @cached_property
    def octets(self) -> bytes:
        """The reply as it goes over the wire."""
        status = f"{self.enhanced_status} " if self.enhanced_status else ""
        last = len(self.lines) - 1
        return "".join(
            f"{self.code}{' ' if number == last else '-'}{status}{_text(line)}\r\n"
            for number, line in enumerate(self.lines)
        ).encode("ascii")

    @property
    def text(self) -> str:
        """The reply in one line, for people."""
        status = f"{self.enhanced_status} " if self.enhanced_status else ""
        return f"{self.code} {status}{' '.join(self.lines)}"


def _text(line: str) -> str:
    return _UNSAFE.sub("?", line)[:MAX_TEXT]


def reply(code: int, enhanced_status: str, *lines: str) -> Reply:
    """Return a reply of one line or several."""
    return Reply(code, enhanced_status, lines)


OK: Final = reply(250, "2.0.0", "OK")
SENDER_OK: Final = reply(250, "2.1.0", "Sender OK")
RECIPIENT_OK: Final = reply(250, "2.1.5", "Recipient OK")
CHUNK_OK: Final = reply(250, "2.0.0", "The chunk is here")
START_DATA: Final = reply(354, "", "Send the message; end it with <CRLF>.<CRLF>")
BEGIN_TLS: Final = reply(220, "2.0.0", "Begin TLS now")
BYE: Final = reply(221, "2.0.0", "Bye")
CANNOT_VERIFY: Final = reply(252, "2.5.0", "Send to it and see")
NO_LISTS: Final = reply(502, "5.5.1", "Who is on a list is told to nobody")
BAD_SEQUENCE: Final = reply(503, "5.5.1", "This command does not belong here")
UNKNOWN_COMMAND: Final = reply(500, "5.5.1", "There is no such command")
LINE_TOO_LONG: Final = reply(500, "5.5.6", "The command line is too long")
TOO_MANY_RECIPIENTS: Final = reply(
    452, "4.5.3", "Too many recipients: send the message again for them"
)
TLS_ALREADY: Final = reply(503, "5.5.1", "TLS is on already")
NO_TLS: Final = reply(454, "4.7.0", "There is no TLS here now")

LOG_IN_FIRST: Final = reply(530, "5.7.0", "Authentication required: log in first")
TLS_FIRST: Final = reply(530, "5.7.0", "Begin with STARTTLS, or use the port with TLS")
PRIVACY: Final = reply(538, "5.7.11", "Passwords are taken under TLS only: begin with STARTTLS")
UNKNOWN_MECHANISM: Final = reply(504, "5.5.4", "That mechanism is not known here")
LOGGED_IN_ALREADY: Final = reply(503, "5.5.1", "The session is logged in already")
CANCELLED: Final = reply(501, "5.7.0", "The login was cancelled")
LOGGED_IN: Final = reply(235, "2.7.0", "Logged in")
NOBODY_ACTS: Final = reply(535, "5.7.8", "Nobody logs in for another here")
TOO_MANY_FAILURES: Final = reply(421, "4.7.0", "Too many failed logins: closing the connection")
REVOKED: Final = reply(421, "4.7.0", "The session was revoked: log in again")

TOO_MANY_ERRORS: Final = reply(421, "4.7.0", "Too many errors: closing the connection")
TOO_MANY_COMMANDS: Final = reply(
    421, "4.7.0", "Too many commands and no message: closing the connection"
)
TOO_MANY_UNKNOWN: Final = reply(
    421, "4.7.0", "Too many recipients that are not here: closing the connection"
)
TIMEOUT: Final = reply(421, "4.4.2", "Nothing was heard for too long: closing the connection")
TOO_SLOW: Final = reply(421, "4.4.2", "No message came for too long: closing the connection")
STOPPING: Final = reply(421, "4.3.2", "The server is stopping: try again in a moment")
ENDED: Final = reply(421, "4.7.0", "This session was ended by its person or an administrator")
TOO_MANY_CONNECTIONS: Final = reply(421, "4.7.0", "Too many connections: try again in a moment")
TOO_MANY_OF_NETWORK: Final = reply(
    421, "4.7.0", "Too many connections from your network: try again in a minute"
)
TOO_MANY_MESSAGES: Final = reply(
    450, "4.7.1", "Too many messages from your network: try again in a minute"
)
EARLY_TALKER: Final = reply(554, "5.5.1", "You spoke before it was your turn")

TOO_LARGE: Final = reply(552, "5.3.4", "The message is larger than the server takes")
MESSAGE_LINE_TOO_LONG: Final = reply(554, "5.6.0", "A line of the message is longer than the limit")
BARE_LINE_END: Final = reply(
    550, "5.6.0", "The message has a bare CR or LF: each line ends in CRLF (RFC 5321 2.3.8)"
)
NON_ASCII: Final = reply(
    553, "5.6.7", "The recipient's address is not ASCII, and SMTPUTF8 was not asked for"
)
LOOP: Final = reply(554, "5.4.6", "The message came through too many servers: it goes in circles")
BUG: Final = reply(451, "4.3.0", "The server failed: try again later")
