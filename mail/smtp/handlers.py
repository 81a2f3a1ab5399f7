"""What each command does that all roles have: a function each, found by the verb of its row."""

from collections.abc import Mapping
from typing import Final

from django.conf import settings

from groupware.core.errors import GroupwareError
from mail.flow.envelopes import EnvelopeRecipient
from mail.smtp import responses
from mail.smtp.commands import Hello, Simple, State
from mail.smtp.parameters import MailFrom, RcptTo
from mail.smtp.responses import reply
from mail.smtp.session import Handler, Refused, Session, Transaction


async def hello(session: Session, request: Hello) -> None:
    """LHLO, EHLO or HELO: also forgets a transaction (RFC 5321 §4.1.4)."""
    session.is_extended = request.verb != "HELO"
    session.helo = request.name
    session.connection.state = State.READY
    session.end_transaction()
    keywords = session.keywords() if session.is_extended else []
    session.answer_idly(reply(250, "", settings.GROUPWARE_DOMAIN, *keywords))


async def mail(session: Session, request: MailFrom) -> None:
    """MAIL (RFC 5321 §4.1.1.2, RFC 1870 §6.1)."""
    if request.size > session.shared.limits.octets.message:
        session.write(responses.TOO_LARGE)
        return
    transaction = Transaction(request, str(request.path))
    try:
        await session.check_sender(transaction)
    except (GroupwareError, Refused) as error:
        session.note_refused(transaction, "", error)
        raise
    session.transaction = transaction
    session.connection.state = State.MAIL
    session.write(responses.SENDER_OK)


async def rcpt(session: Session, request: RcptTo) -> None:
    """RCPT (RFC 5321 §4.1.1.3)."""
    transaction = session.transaction
    assert transaction is not None
    if len(transaction.recipients) >= session.shared.limits.recipients:
        session.write(responses.TOO_MANY_RECIPIENTS)
        return
    path = request.path
    if not (transaction.mail.is_utf8 or path.is_ascii):
        session.refuse(responses.NON_ASCII)
        return
    # RFC 5321 §4.5.1: postmaster is there without a domain.
    address = str(path) if path.domain else f"postmaster@{settings.GROUPWARE_DOMAIN}"
    try:
        await session.check_recipient(address, transaction)
    except (GroupwareError, Refused) as error:
        session.note_refused(transaction, address, error)
        raise
    transaction.recipients.append(EnvelopeRecipient(address, request.notify, request.orcpt))
    session.connection.state = State.RCPT
    session.write(responses.RECIPIENT_OK)


async def data(session: Session, _request: Simple) -> None:
    """Ask for the message: DATA (RFC 5321 §4.1.1.4)."""
    session.connection.begin_data()
    session.write(responses.START_DATA)


async def reset(session: Session, _request: Simple) -> None:
    """RSET (RFC 5321 §4.1.1.5)."""
    session.end_transaction()
    session.answer_idly(responses.OK)


async def noop(session: Session, _request: Simple) -> None:
    """NOOP (RFC 5321 §4.1.1.9)."""
    session.answer_idly(responses.OK)


async def quit_session(session: Session, _request: Simple) -> None:
    """QUIT (RFC 5321 §4.1.1.10)."""
    session.end(responses.BYE)


async def tell_commands(session: Session, _request: Simple) -> None:
    """HELP (RFC 5321 §4.1.1.8)."""
    verbs = " ".join(verb.decode() for verb in session.commands)
    session.answer_idly(reply(214, "2.0.0", verbs))


async def verify(session: Session, _request: Simple) -> None:
    """VRFY (RFC 5321 §3.5.3): who is here is told at RCPT, where it is counted."""
    session.answer_idly(responses.CANNOT_VERIFY)


async def expand(session: Session, _request: Simple) -> None:
    """EXPN (RFC 5321 §3.5.2)."""
    session.refuse(responses.NO_LISTS)


async def start_tls(session: Session, _request: Simple) -> None:
    """STARTTLS (RFC 3207): nothing that was said before counts in TLS."""
    if session.secure:
        session.refuse(responses.TLS_ALREADY)
        return
    if not session.shared.has_tls:
        session.refuse(responses.NO_TLS)
        return
    session.write(responses.BEGIN_TLS)
    session.transaction = None
    session.helo = ""
    session.connection.forget()
    await session.output.start_tls()
    session.secure = True


COMMON: Final[Mapping[str, Handler]] = {
    "MAIL": mail,
    "RCPT": rcpt,
    "DATA": data,
    "RSET": reset,
    "NOOP": noop,
    "QUIT": quit_session,
    "HELP": tell_commands,
    "VRFY": verify,
    "EXPN": expand,
}
WITH_TLS: Final[Mapping[str, Handler]] = {
    **COMMON,
    "EHLO": hello,
    "HELO": hello,
    "STARTTLS": start_tls,
}
"""What a session does at each verb, where its role does not say otherwise."""
