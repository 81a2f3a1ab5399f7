"""Telling a person that mail from elsewhere does not come any more."""

from email.message import EmailMessage
from email.utils import format_datetime, make_msgid

import structlog
from django.conf import settings

from groupware.core.clock import now
from groupware.core.errors import GroupwareError
from mail import queries
from mail.models import OutsideAccount
from mail.services.content import prepare_message
from mail.services.messages import append_message

_log = structlog.get_logger("groupware.outside")


def tell(row: OutsideAccount, why: str, *, is_stopped: bool) -> bool:
    """Put a message into the INBOX of whose outside account it is; tell whether that was done."""
    try:
        prepared = prepare_message(_compose(row, why, is_stopped=is_stopped))
        inbox = queries.get_mailbox(row.account_id, "INBOX")
        append_message(row.account_id, inbox.collection_id, prepared)
    except GroupwareError as error:
        _log.warning("nobody was told of a failure", outside=row.pk, why=error.message)
        return False
    return True


def _compose(row: OutsideAccount, why: str, *, is_stopped: bool) -> bytes:
    message = EmailMessage()
    message["From"] = f"Mail server <postmaster@{row.account.domain.name}>"
    message["To"] = row.account.login
    message["Subject"] = f"Mail of {row.name} cannot be fetched"
    message["Date"] = format_datetime(now())
    message["Message-ID"] = make_msgid(domain=settings.GROUPWARE_DOMAIN)
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(
        f"Your mail of {row.name} ({row.host}) is not coming any more:\n\n    {why}\n\n{_advice(is_stopped=is_stopped)}\n"
    )
    return message.as_bytes(policy=message.policy.clone(linesep="\r\n"))


def _advice(*, is_stopped: bool) -> str:
    if is_stopped:
        return (
            "It is not tried again, so that your account there is not locked: set the password\n"
            "anew, and it goes on by itself. What lies there is untouched."
        )
    return "It is tried again by itself. What lies there is untouched."
