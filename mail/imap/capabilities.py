"""What the server tells that it can do, which depends on where a session is."""

from typing import Final

from mail.imap.responses import code_capability
from mail.imap.session import Session
from mail.sasl import PARSERS

_ALWAYS: Final = ("IMAP4rev1", "IMAP4rev2", "LITERAL+", "SASL-IR", "ID", "ENABLE", "IDLE")
_LOGGED_IN: Final = (
    *("QRESYNC", "UTF8=ACCEPT"),
    *("NAMESPACE", "UNSELECT", "UIDPLUS", "MOVE", "CHILDREN", "SPECIAL-USE", "CONDSTORE"),
    *("MULTIAPPEND", "BINARY", "COMPRESS=DEFLATE"),
    *("ESEARCH", "SEARCHRES", "SORT", "SORT=DISPLAY", "ESORT"),
    *("THREAD=ORDEREDSUBJECT", "THREAD=REFERENCES"),
    *(
        "LIST-EXTENDED",
        "LIST-STATUS",
        "LIST-MYRIGHTS",
        "STATUS=SIZE",
        "OBJECTID",
        "CREATE-SPECIAL-USE",
    ),
    *("ACL", "RIGHTS=texk"),
    *("QUOTA", "QUOTA=RES-STORAGE"),
)


def may_log_in(session: Session) -> bool:
    """Tell whether a password may be sent as things are."""
    return session.secure or session.shared.allow_plaintext


def capabilities_of(session: Session) -> list[str]:
    """Return the capabilities as of now."""
    found = list(_ALWAYS)
    if session.principal is not None:
        return [*found, *_LOGGED_IN, f"APPENDLIMIT={session.shared.limits.message_limit}"]
    if not session.secure:
        found.append("STARTTLS")
    if not may_log_in(session):
        return [*found, "LOGINDISABLED"]
    return [*found, "AUTH=PLAIN", *(f"AUTH={mechanism}" for mechanism in PARSERS)]


def capability_code(session: Session) -> bytes:
    """Return them as a response code."""
    return code_capability(capabilities_of(session))
