"""Replies: a code, an enhanced status (RFC 3463) and a text for a person. Pure."""

import re
from dataclasses import dataclass

MAX_TEXT = 400

_UNSAFE = re.compile(r"[^\x20-\x7e]")


@dataclass(frozen=True, slots=True)
class Reply:
    """One reply; without an enhanced status where none belongs (greeting, LHLO, 354)."""

    code: int
    enhanced_status: str
    lines: tuple[str, ...]

    def serialize(self) -> bytes:
        """Return the reply as it goes over the wire."""
        status = f"{self.enhanced_status} " if self.enhanced_status else ""
        last = len(self.lines) - 1
        return "".join(
            f"{self.code}{' ' if number == last else '-'}{status}{_text(line)}\r\n"
            for number, line in enumerate(self.lines)
        ).encode("ascii")


def _text(line: str) -> str:
    return _UNSAFE.sub("?", line)[:MAX_TEXT]


def reply(code: int, enhanced_status: str, *lines: str) -> Reply:
    """Return a reply of one line or several."""
    return Reply(code, enhanced_status, lines)


OK = reply(250, "2.0.0", "OK")
SENDER_OK = reply(250, "2.1.0", "Sender OK")
RECIPIENT_OK = reply(250, "2.1.5", "Recipient OK")
START_DATA = reply(354, "", "Send the message; end it with <CRLF>.<CRLF>")
BYE = reply(221, "2.0.0", "Bye")
HELP = reply(214, "2.0.0", "LHLO MAIL RCPT DATA RSET NOOP VRFY QUIT")
CANNOT_VERIFY = reply(252, "2.5.0", "Send to it and see")
BAD_SEQUENCE = reply(503, "5.5.1", "This command does not belong here")
UNKNOWN_COMMAND = reply(500, "5.5.1", "There is no such command")
LINE_TOO_LONG = reply(500, "5.5.6", "The command line is too long")
TOO_MANY_RECIPIENTS = reply(452, "4.5.3", "Too many recipients: send the message again for them")
TOO_MANY_ERRORS = reply(421, "4.7.0", "Too many errors: closing the connection")
TIMEOUT = reply(421, "4.4.2", "Nothing was heard for too long: closing the connection")
STOPPING = reply(421, "4.3.2", "The server is stopping: try again in a moment")
TOO_MANY_CONNECTIONS = reply(421, "4.7.0", "Too many connections: try again in a moment")
TOO_LARGE = reply(552, "5.3.4", "The message is larger than the server takes")
MESSAGE_LINE_TOO_LONG = reply(554, "5.6.0", "A line of the message is longer than the limit")
BUG = reply(451, "4.3.0", "The server failed: try again later")
