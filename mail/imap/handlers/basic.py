"""Commands about the session itself, but for logging in."""

from typing import Final

from mail.imap import responses
from mail.imap.capabilities import capabilities_of
from mail.imap.contact import note_name
from mail.imap.errors import After, Idling, Outcome, Reply, ok
from mail.imap.requests import Enable, Id, Plain
from mail.imap.responses import Condition
from mail.imap.session import Session
from mail.names import DELIMITER, FOREIGN_ROOTS

IDENTITY = {"name": "Groupware", "vendor": "Groupware"}
ENABLABLE: Final = {
    name.upper(): name for name in ("CONDSTORE", "QRESYNC", "UTF8=ACCEPT", "IMAP4rev2")
}
"""What a client can turn on, by upper case, as it is announced."""


async def capability(session: Session, _request: Plain) -> Outcome:
    """CAPABILITY (RFC 3501 §6.1.1)."""
    session.write(responses.capability(capabilities_of(session)))
    return ok("Those are the capabilities.")


async def noop(_session: Session, _request: Plain) -> Outcome:
    """NOOP and CHECK: the look for changes is made after every command."""
    return ok("Done.")


async def logout(_session: Session, _request: Plain) -> Outcome:
    """LOGOUT (RFC 3501 §6.1.3); the session says BYE before the reply."""
    return Reply(Condition.OK, "Logged out.", after=After.CLOSE)


async def identify(session: Session, request: Id) -> Outcome:
    """ID (RFC 2971): what the client says of itself names the device that its person is shown."""
    note_name(session, request.fields)
    session.write(responses.identification(IDENTITY))
    return ok("Pleased to meet you.")


async def enable(session: Session, request: Enable) -> Outcome:
    """ENABLE (RFC 5161): what is not known, or enabled already, is passed over.

    Some is implied: CONDSTORE by QRESYNC (RFC 7162 §3.2.3).
    """
    fresh = [
        name
        for name in dict.fromkeys(request.capabilities)
        if name in ENABLABLE and name not in session.enabled
    ]
    session.enabled.update(fresh)
    if session.qresync:
        session.enabled.add("CONDSTORE")
    if "CONDSTORE" in session.enabled:
        session.enable_condstore()
    session.write(responses.enabled(ENABLABLE[name] for name in fresh))
    return ok("Enabled.")


async def namespace(session: Session, _request: Plain) -> Outcome:
    """NAMESPACE (RFC 2342): own mailboxes, those of other people, and those of no person."""
    others, shared = (root + DELIMITER for root in FOREIGN_ROOTS)
    session.write(responses.namespace([""], [others], [shared]))
    return ok("Those are the namespaces.")


async def idle(_session: Session, _request: Plain) -> Outcome:
    """IDLE (RFC 2177)."""
    return Idling()
