"""STARTTLS, LOGIN and AUTHENTICATE: the way to the one door."""

from functools import partial

import structlog

from groupware.core import aio
from groupware.core.errors import AuthenticationFailed
from groupware.core.metrics import LOGINS
from mail.imap.capabilities import capability_code, may_log_in
from mail.imap.errors import After, Challenge, Outcome, Refused, Reply, bad, no, ok, reply_to
from mail.imap.requests import Authenticate, Login, Plain
from mail.imap.responses import Code, Condition
from mail.imap.session import Session

_log = structlog.get_logger("groupware.imap")


async def start_tls(session: Session, _request: Plain) -> Outcome:
    """STARTTLS (RFC 3501 §6.2.1)."""
    if session.secure:
        return bad("TLS is on already.")
    return Reply(Condition.OK, "Begin TLS now.", after=After.START_TLS)


async def login(session: Session, request: Login) -> Outcome:
    """LOGIN (RFC 3501 §6.2.3)."""
    _check_privacy(session)
    return await _log_in(session, request.username, request.password)


async def authenticate(session: Session, request: Authenticate) -> Outcome:
    """AUTHENTICATE with PLAIN (RFC 4616), with or without an initial response (RFC 4959)."""
    _check_privacy(session)
    if request.mechanism != "PLAIN":
        return no("That mechanism is not known here.", Code.CANNOT)
    if request.initial is None:
        return Challenge(b"", partial(_authenticate_plain, session))
    return await _authenticate_plain(session, request.initial)


async def _authenticate_plain(session: Session, message: bytes | None) -> Reply:
    if message is None:
        return bad("Cancelled.")
    try:
        authorize, username, password = message.decode("utf-8").split("\x00")
    except ValueError:
        return bad("That is no PLAIN message.")
    if authorize and authorize != username:
        return no("Nobody acts for another here.", Code.AUTHORIZATIONFAILED)
    return await _log_in(session, username, password)


def _check_privacy(session: Session) -> None:
    if not may_log_in(session):
        raise Refused(no("Passwords are taken under TLS only.", Code.PRIVACYREQUIRED))


async def _log_in(session: Session, username: str, password: str) -> Reply:
    try:
        principal = await aio.authenticate(
            username, password, protocol="imap", network=session.network
        )
    except AuthenticationFailed as error:
        LOGINS.labels("imap", "refused").inc()
        _log.info("login refused", network=session.network, reason=type(error).__name__)
        session.failed_logins += 1
        if session.failed_logins >= session.shared.max_failed_logins:
            session.say_bye("Too many failed logins.")
        return reply_to(error)
    session.begin_account(principal)
    LOGINS.labels("imap", "ok").inc()
    _log.info("logged in")
    return ok("Logged in.", capability_code(session))
