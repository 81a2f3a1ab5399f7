"""CAPA, LANG, UTF8, NOOP and QUIT."""

from typing import Final

from groupware.core import aio
from groupware.core.errors import GroupwareError
from mail.pop3 import responses
from mail.pop3.commands import Plain, Text
from mail.pop3.errors import response_to
from mail.pop3.session import MECHANISMS, Session
from mail.retention import NEVER, Expiry, find_least_expiry
from mail.services.pop3 import remove_deleted

LANGUAGES: Final = {"en": "English", "i-default": "English"}
"""The languages of response texts, by their tags in lower case (RFC 6856 §3)."""


def capabilities_of(session: Session, expiry: Expiry = NEVER) -> list[str]:
    """Return what is announced now (RFC 2449 §6, RFC 6856)."""
    delay = session.shared.limits.login_delay
    return [
        "TOP",
        "UIDL",
        "RESP-CODES",
        "AUTH-RESP-CODE",
        "PIPELINING",
        _expire(expiry),
        *([f"LOGIN-DELAY {delay}"] if delay else []),
        *(["USER", f"SASL {' '.join(MECHANISMS)}"] if session.may_log_in else []),
        *(["STLS"] if session.shared.has_tls and not session.secure else []),
        "UTF8 USER",
        "LANG",
        "IMPLEMENTATION groupware",
    ]


def _expire(expiry: Expiry) -> str:
    """Say when what is left in the maildrop goes by itself (RFC 2449 §6.7).

    That is retention's doing alone, whatever DELE does by policy.
    """
    if expiry.days is None:
        return "EXPIRE NEVER"
    return f"EXPIRE {expiry.days}{' USER' if expiry.varies else ''}"


async def capa(session: Session, _request: Plain) -> None:
    """CAPA (RFC 2449 §5); before the login EXPIRE is the least that anybody has."""
    if session.is_open:
        expiry = session.opened.expiry
    else:
        expiry = await aio.glance(find_least_expiry)
    session.write(responses.lines("What there is:", capabilities_of(session, expiry)))


async def lang(session: Session, request: Text) -> None:
    """LANG: list the languages, or choose one (RFC 6856 §3.2)."""
    tag = request.text.lower()
    if not tag:
        rows = [f"{tag} {name}" for tag, name in LANGUAGES.items()]
        session.write(responses.lines("Languages:", rows))
    elif tag == "*" or tag in LANGUAGES:
        chosen = "i-default" if tag == "*" else tag
        session.write(responses.ok(f"{chosen} Texts are in English."))
    else:
        session.write(responses.err(f"There are no texts in {request.text}."))


async def utf8(session: Session, _request: Plain) -> None:
    """UTF8 (RFC 6856 §2): names, passwords and headers are so in any case (ADR 14)."""
    session.write(responses.ok("UTF-8 it is."))


async def noop(session: Session, _request: Plain) -> None:
    """NOOP (RFC 1939 §5)."""
    session.write(responses.ok())


async def quit_session(session: Session, _request: Plain) -> None:
    """QUIT: of a session that is logged in, what it deleted goes now (RFC 1939 §6)."""
    session.end(await _update(session) if session.is_open else responses.ok("Bye."))


async def _update(session: Session) -> bytes:
    opened = session.opened
    await opened.seen.settle()
    uids = opened.maildrop.deleted_uids()
    if not uids:
        return responses.ok("Bye.")
    try:
        await aio.write(remove_deleted, opened.snapshot, uids, opened.credential)
    except GroupwareError as error:
        return response_to(error)
    return responses.ok(f"Bye; {len(uids)} deleted.")
