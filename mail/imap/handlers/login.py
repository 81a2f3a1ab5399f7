"""STARTTLS, LOGIN and AUTHENTICATE: the way to the one door."""

from base64 import b64encode
from collections.abc import Awaitable, Callable
from functools import partial

import structlog

from groupware.core import aio
from groupware.core.auth import Principal
from groupware.core.errors import AuthenticationFailed
from groupware.core.metrics import LOGINS
from groupware.core.publicurl import secure_url
from mail.imap.capabilities import capability_code, may_log_in
from mail.imap.contact import note_login
from mail.imap.errors import After, Challenge, Outcome, Refused, Reply, bad, no, ok, reply_to
from mail.imap.requests import Authenticate, Login, Plain
from mail.imap.responses import Code, Condition
from mail.imap.session import Session
from mail.sasl import PARSERS, BadMessage, refusal

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
    """AUTHENTICATE with PLAIN (RFC 4616) or a token, with or without an initial response (RFC 4959)."""
    _check_privacy(session)
    take: Callable[[bytes | None], Awaitable[Outcome]]
    if request.mechanism == "PLAIN":
        take = partial(_authenticate_plain, session)
    elif request.mechanism in PARSERS:
        take = partial(_authenticate_token, session, request.mechanism)
    else:
        return no("That mechanism is not known here.", Code.CANNOT)
    return Challenge(b"", take) if request.initial is None else await take(request.initial)


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


async def _authenticate_token(session: Session, mechanism: str, message: bytes | None) -> Outcome:
    """Take a token; who has no good one is told how to have one before the end (RFC 7628 §3.2.2)."""
    if message is None:
        return bad("Cancelled.")
    try:
        said = PARSERS[mechanism](message)
    except BadMessage as error:
        return bad(f"Not understood: {error}.")
    proof = aio.authenticate_token(
        said.token,
        protocol="imap",
        network=session.network,
        login=said.login,
        client=session.client_name,
    )
    outcome = await _begin(session, proof)
    if outcome.condition is Condition.OK or session.closing:
        return outcome

    async def fail(_answer: bytes | None) -> Reply:
        return outcome

    told = refusal(mechanism, "imap", secure_url())
    return Challenge(b64encode(told), fail)


def _check_privacy(session: Session) -> None:
    if not may_log_in(session):
        raise Refused(no("Passwords are taken under TLS only.", Code.PRIVACYREQUIRED))


async def _log_in(session: Session, username: str, password: str) -> Reply:
    return await _begin(
        session,
        aio.authenticate(
            username,
            password,
            protocol="imap",
            network=session.network,
            client=session.client_name,
        ),
    )


async def _begin(session: Session, proof: Awaitable[Principal]) -> Reply:
    try:
        principal = await proof
    except AuthenticationFailed as error:
        LOGINS.labels("imap", "refused").inc()
        _log.info("login refused", network=session.network, reason=type(error).__name__)
        session.failed_logins += 1
        if session.failed_logins >= session.shared.max_failed_logins:
            session.say_bye("Too many failed logins.")
        return reply_to(error)
    session.begin_account(principal)
    note_login(session, principal)
    LOGINS.labels("imap", "ok").inc()
    _log.info("logged in")
    return ok("Logged in.", capability_code(session))
