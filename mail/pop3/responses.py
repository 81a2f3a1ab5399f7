"""Responses: +OK or -ERR, a code for programs (RFC 2449 §8, RFC 3206), a text for people. Pure."""

import re
from base64 import b64encode
from enum import StrEnum
from typing import Final

MAX_TEXT: Final = 400
"""Characters; RFC 2449 §4 allows 512 octets with all the rest."""

_UNSAFE: Final = re.compile(r"[^\x20-\x7e]")


class Code(StrEnum):
    """Why something was refused."""

    AUTH = "AUTH"
    LOGIN_DELAY = "LOGIN-DELAY"
    SYS_TEMP = "SYS/TEMP"
    SYS_PERM = "SYS/PERM"


def ok(text: str = "") -> bytes:
    """Return a response of success."""
    return f"+OK {_clean(text)}".rstrip().encode("ascii") + b"\r\n"


def octets_follow(size: int) -> bytes:
    """Return the first line of the response to RETR. Hot: of many messages at once."""
    return b"+OK %d octets\r\n" % size


def err(text: str, code: Code | None = None) -> bytes:
    """Return a response of failure."""
    shown = f"[{code}] " if code else ""
    return f"-ERR {shown}{_clean(text)}\r\n".encode("ascii")


def lines(text: str, rows: list[str]) -> bytes:
    """Return a multi-line response of rows, none of which begins with a dot."""
    return ok(text) + "".join(f"{row}\r\n" for row in (*rows, ".")).encode("ascii")


def challenge(data: bytes) -> bytes:
    """Return a challenge of AUTH (RFC 5034 §4)."""
    return b"+ " + b64encode(data) + b"\r\n"


def _clean(text: str) -> str:
    return _UNSAFE.sub("?", text)[:MAX_TEXT]


END: Final = b".\r\n"
UNKNOWN_COMMAND: Final = err("There is no such command.")
LINE_TOO_LONG: Final = err("The line is too long.")
LOG_IN_FIRST: Final = err("Log in first.")
LOGGED_IN_ALREADY: Final = err("The session is logged in already.")
NO_SUCH_MESSAGE: Final = err("There is no such message.")
DELETED: Final = err("The message is marked as deleted; RSET takes the marks off.")
GONE: Final = err("The message is gone: another program removed it after this session began.")
DAMAGED: Final = err("The message cannot be read; the server's log says why.", Code.SYS_PERM)
CANCELLED: Final = err("The login was cancelled.")
USER_FIRST: Final = err("USER comes before PASS.")
TLS_ALREADY: Final = err("TLS is on already.")
NO_TLS: Final = err("There is no TLS here.")
TOP_FOLLOWS: Final = ok("The top of the message:")
BEGIN_TLS: Final = ok("Begin TLS now.")
PASSWORD_WANTED: Final = ok("Now the password.")
PRIVACY: Final = err("Passwords are taken under TLS only: begin with STLS, or use the TLS port.")
UNKNOWN_MECHANISM: Final = err("That mechanism is not known here.")
NOT_PLAIN: Final = err("That is no PLAIN message.")
NOBODY_ACTS: Final = err("Nobody acts for another here.", Code.AUTH)
TOO_MANY_ERRORS: Final = err("Too many errors: closing the connection.")
TOO_MANY_FAILURES: Final = err("Too many failed logins: closing the connection.", Code.AUTH)
TOO_MANY_CONNECTIONS: Final = err("Too many connections: try again later.", Code.SYS_TEMP)
TOO_MANY_SESSIONS: Final = err("The account has too many sessions.", Code.SYS_TEMP)
STOPPING: Final = err("The server is shutting down: try again in a moment.", Code.SYS_TEMP)
REVOKED: Final = err("The session was revoked: log in again.", Code.AUTH)
ENDED: Final = err("This session was ended by its person or an administrator.", Code.SYS_TEMP)
BUG: Final = err("The server failed; the failure is in its log.", Code.SYS_TEMP)
