"""Telling people that mail from elsewhere does not come any more."""

from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

import structlog

from groupware.core.clock import now
from groupware.core.errors import GroupwareError
from mail.models import OutsideAccount
from mail.services.inbound import NewInbound
from mail.services.notices import find_readers, prepare_notice

_POLICY = SMTP.clone(max_line_length=78)
_log = structlog.get_logger("groupware.outside")


def prepare(row: OutsideAccount, why: str, *, is_stopped: bool) -> list[NewInbound]:
    """Return what tells whom it concerns; in no transaction, and nothing where that cannot be."""
    try:
        return [
            prepare_notice(_compose(row, reader.login, why, is_stopped=is_stopped), reader.login)
            for reader in find_readers(row.account)
        ]
    except GroupwareError as error:
        _log.warning("nobody was told of a failure", outside=row.pk, why=error.message)
        return []


def _compose(row: OutsideAccount, reader: str, why: str, *, is_stopped: bool) -> bytes:
    domain = reader.rpartition("@")[2]
    message = EmailMessage(policy=_POLICY)
    message["From"] = Address("Postmaster", "postmaster", domain)
    message["To"] = reader
    message["Subject"] = f"Mail of {row.name} cannot be fetched"
    moment = now()
    message["Date"] = format_datetime(moment)
    message["Message-ID"] = f"<outside.{row.pk}.{int(moment.timestamp())}@{domain}>"
    message["Auto-Submitted"] = "auto-generated"
    whose = "Your mail" if reader == row.account.login else f"The mail of {row.account.login}"
    message.set_content(
        f"{whose} at {row.name} ({row.host}) does not come any more:\n\n"
        f"    {why}\n\n{_advice(is_stopped=is_stopped)}\n"
    )
    return message.as_bytes()


def _advice(*, is_stopped: bool) -> str:
    if is_stopped:
        return (
            "It is not tried again, so that the account there is not locked: set its password\n"
            "anew, and it goes on by itself. What lies there is untouched."
        )
    return "It is tried again by itself. What lies there is untouched."
