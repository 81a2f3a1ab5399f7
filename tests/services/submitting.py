"""Sending as somebody, without SMTP."""

from groupware.core.models import Account
from mail.flow.clients import Client
from mail.flow.envelopes import Envelope, EnvelopeRecipient
from mail.services import submission
from mail.services.submission import Submitter

CLIENT = Client("192.0.2.7", "laptop.home.test", "s17", "ESMTPSA", "TLS_AES_256_GCM_SHA384")


def submit_as(
    login: str,
    data: bytes,
    to: tuple[str, ...] = ("x@outside.test",),
    mail_from: str | None = None,
) -> int:
    """Submit a message as the edge does; return the id of its inbound row."""
    account = Account.objects.get(login=login)
    sender = login if mail_from is None else mail_from
    envelope = Envelope(sender, tuple(map(EnvelopeRecipient, to)), envid="e1")
    submitter = Submitter(account.pk, account.login)
    return submission.commit(submission.submit(data, envelope, submitter, CLIENT))
