"""STLS, USER and PASS, AUTH: the way to the one door."""

from collections.abc import Awaitable, Callable
from functools import partial

import structlog

from groupware.core import aio
from groupware.core.auth import Principal
from groupware.core.errors import AuthenticationFailed
from groupware.core.metrics import LOGINS
from groupware.core.publicurl import secure_url
from mail.maildrops import open_maildrop
from mail.pop3 import responses
from mail.pop3.commands import Auth, Plain, Text
from mail.pop3.connection import AuthReceived
from mail.pop3.errors import response_to
from mail.pop3.maildrop import Maildrop
from mail.pop3.reading import Reader
from mail.pop3.seen import SeenMarks
from mail.pop3.session import MECHANISMS, Open, Session
from mail.pop3.topreading import TopReader
from mail.sasl import PARSERS, BadMessage, refusal
from mail.services.pop3 import note_login

_log = structlog.get_logger("groupware.pop3")


async def start_tls(session: Session, _request: Plain) -> None:
    """STLS (RFC 2595 §4): nothing that was said before counts in TLS."""
    if session.secure:
        session.write(responses.TLS_ALREADY)
        return
    if not session.shared.has_tls:
        session.write(responses.NO_TLS)
        return
    session.write(responses.BEGIN_TLS)
    session.connection.forget()
    session.username = None
    await session.output.start_tls()
    session.secure = True


async def user(session: Session, request: Text) -> None:
    """USER (RFC 1939 §7): whoever it names, the answer is the same."""
    if not session.may_log_in:
        session.write(responses.PRIVACY)
        return
    session.username = request.text
    session.write(responses.PASSWORD_WANTED)


async def password(session: Session, request: Text) -> None:
    """PASS (RFC 1939 §7)."""
    if not session.may_log_in:
        session.write(responses.PRIVACY)
    elif session.username is None:
        session.write(responses.USER_FIRST)
    else:
        username, session.username = session.username, None
        await _log_in(session, username, request.text)


async def authenticate(session: Session, request: Auth) -> None:
    """AUTH with PLAIN or a token (RFC 5034), with or without an initial response."""
    if not request.mechanism:
        offered = MECHANISMS if session.may_log_in else ()
        session.write(responses.lines("Mechanisms:", list(offered)))
    elif not session.may_log_in:
        session.write(responses.PRIVACY)
    elif request.mechanism not in MECHANISMS:
        session.write(responses.UNKNOWN_MECHANISM)
    else:
        take = partial(_authenticate_token, session, request.mechanism)
        if request.mechanism == "PLAIN":
            take = partial(_authenticate_plain, session)
        if request.initial is not None:
            await take(request.initial)
        else:
            _challenge(session, b"", take)


def _challenge(
    session: Session, challenge: bytes, take: Callable[[bytes | None], Awaitable[None]]
) -> None:
    session.take_answer = take
    session.connection.expect_answer()
    session.write(responses.challenge(challenge))


async def take_answer(session: Session, event: AuthReceived) -> None:
    """Go on with what the client answered to the challenge."""
    take, session.take_answer = session.take_answer, None
    assert take is not None
    await take(event.answer)


async def _authenticate_plain(session: Session, message: bytes | None) -> None:
    if message is None:
        session.write(responses.CANCELLED)
        return
    try:
        authorize, username, secret = message.decode("utf-8").split("\x00")
    except ValueError:
        session.write(responses.NOT_PLAIN)
        return
    if authorize and authorize != username:
        session.write(responses.NOBODY_ACTS)
        return
    await _log_in(session, username, secret)


async def _authenticate_token(session: Session, mechanism: str, message: bytes | None) -> None:
    """Take a token; who has no good one is told how to have one before the end (RFC 7628 §3.2.2)."""
    if message is None:
        session.write(responses.CANCELLED)
        return
    try:
        said = PARSERS[mechanism](message)
    except BadMessage as error:
        session.write(responses.err(f"Not understood: {error}."))
        return
    try:
        principal = await aio.authenticate_token(
            said.token, protocol="pop3", network=session.network, login=said.login
        )
    except AuthenticationFailed as error:
        told = refusal(mechanism, "pop3", secure_url())
        _challenge(session, told, partial(_fail, session, error))
        return
    await _begin(session, principal)


async def _fail(session: Session, error: AuthenticationFailed, _answer: bytes | None) -> None:
    """Count the failure now, whether the client answers to its reason or gives up."""
    _note_failure(session, error)


async def _log_in(session: Session, username: str, secret: str) -> None:
    try:
        principal = await aio.authenticate(
            username, secret, protocol="pop3", network=session.network
        )
    except AuthenticationFailed as error:
        _note_failure(session, error)
        return
    await _begin(session, principal)


async def _begin(session: Session, principal: Principal) -> None:
    credential = principal.app_password_id or 0
    if session.shared.limits.login_delay:
        await aio.write(note_login, principal.account_id, credential)
    opened = await aio.read(open_maildrop, principal.account_id, credential, session.shared.memory)
    maildrop = Maildrop(opened.uids, opened.sizes, opened.email_ids)
    held = Open(
        principal,
        opened.snapshot,
        opened.policy,
        opened.expiry,
        maildrop,
        Reader(opened.snapshot, maildrop),
        TopReader(opened.snapshot, maildrop, session.shared.tops),
        SeenMarks(opened.snapshot, session.shared.marking),
    )
    if session.closing:
        return  # the client has gone meanwhile
    if not session.begin(held):
        session.write(responses.TOO_MANY_SESSIONS)
        return
    LOGINS.labels("pop3", "ok").inc()
    _log.info("logged in", messages=maildrop.count)
    session.write(responses.ok(f"{maildrop.count} messages, {maildrop.octets} octets."))


def _note_failure(session: Session, error: AuthenticationFailed) -> None:
    LOGINS.labels("pop3", "refused").inc()
    _log.info("login refused", network=session.network, reason=type(error).__name__)
    session.failed_logins += 1
    if session.failed_logins >= session.shared.limits.failed_logins:
        session.end(responses.TOO_MANY_FAILURES)
    else:
        session.write(response_to(error))
