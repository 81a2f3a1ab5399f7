"""Commands about the session itself, but for logging in."""

from mail.imap import responses
from mail.imap.capabilities import capabilities_of
from mail.imap.errors import After, Idling, Outcome, Reply, ok
from mail.imap.requests import Enable, Id, Plain
from mail.imap.responses import Condition
from mail.imap.session import Session

IDENTITY = {"name": "Groupware", "vendor": "Groupware"}


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


async def identify(session: Session, _request: Id) -> Outcome:
    """ID (RFC 2971): what the client says of itself is not kept."""
    session.write(responses.identification(IDENTITY))
    return ok("Pleased to meet you.")


async def enable(session: Session, request: Enable) -> Outcome:
    """ENABLE (RFC 5161): what is not known is passed over."""
    enabled = [name for name in request.capabilities if name == "CONDSTORE"]
    if enabled:
        session.enable_condstore()
    session.write(responses.enabled(dict.fromkeys(enabled)))
    return ok("Enabled.")


async def namespace(session: Session, _request: Plain) -> Outcome:
    """NAMESPACE (RFC 2342): everything is personal."""
    session.write(responses.namespace([""], None, None))
    return ok("Those are the namespaces.")


async def idle(_session: Session, _request: Plain) -> Outcome:
    """IDLE (RFC 2177)."""
    return Idling()
