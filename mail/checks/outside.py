"""Outside accounts: that their passwords can be read, and that what is noted is theirs."""

from collections.abc import Iterator

from groupware.core.doctor import Examination, Fault, Finding, Rule, RuledRows
from groupware.core.sealing import Unsealable
from mail.models import OutsideAccount, OutsideSender
from mail.services.outside.accounts import login_of
from mail.services.outside.senders import read_sender
from mail.services.outside.servers import read_server

_FORGET = "Remove the outside account and add it again: what it had fetched stays."

_NOTED = RuledRows(
    tables=(
        "mail_outsidemessage n JOIN mail_outsidemailbox b ON b.id = n.mailbox_id"
        " JOIN mail_outsideaccount o ON o.id = b.outside_id"
        " JOIN core_account a ON a.id = o.account_id"
    ),
    columns=(
        ("key", "n.id"),
        ("where", "a.login || ', ' || o.name || ', ' || b.name"),
        ("uid", "n.uid"),
    ),
    rules=(
        Rule(
            "outside-owner",
            "n.outside_id <> b.outside_id",
            "message {uid} is noted with another outside account",
            _FORGET,
        ),
        Rule(
            "outside-digest",
            "n.problem = '' AND LENGTH(n.digest) <> 32",
            "message {uid} is noted without the digest of its bytes",
            _FORGET,
        ),
    ),
)
_MAILBOXES = RuledRows(
    tables=(
        "mail_outsidemailbox b JOIN mail_outsideaccount o ON o.id = b.outside_id"
        " JOIN core_account a ON a.id = o.account_id"
        " LEFT JOIN core_collection c ON c.id = b.target_id"
    ),
    columns=(
        ("key", "b.id"),
        ("where", "a.login || ', ' || o.name || ', ' || b.name"),
        ("path", "b.path"),
    ),
    rules=(
        Rule(
            "outside-target",
            "b.path <> '' AND c.id IS NULL",
            "the mailbox {path}, to which its mail goes, is gone: nothing is fetched",
            "Say where it goes: `outside set`.",
        ),
        Rule(
            "outside-target-owner",
            "c.account_id <> o.account_id",
            "its mail goes to a mailbox of another account",
            "Say where it goes: `outside set`.",
        ),
    ),
)


def check_outside(examination: Examination) -> Iterator[Finding]:
    """Find passwords that cannot be read, mail that goes nowhere, and notes of others."""
    yield from _MAILBOXES.find(examination.within("o.account_id"))
    yield from _NOTED.find(examination.within("o.account_id"))
    yield from _check_secrets(examination)


def _check_secrets(examination: Examination) -> Iterator[Finding]:
    own = {} if examination.account_id is None else {"account_id": examination.account_id}
    for row in OutsideAccount.objects.select_related("account").filter(**own).order_by("pk"):
        try:
            read_server(row.account_id, login_of(row), row.secret)
        except Unsealable as error:
            yield _unreadable(f"{row.account.login}, {row.name}", "outside set-password", error)
    for sender in OutsideSender.objects.select_related("account").filter(**own).order_by("pk"):
        try:
            read_sender(sender)
        except Unsealable as error:
            where = f"{sender.account.login}, {sender.address}"
            yield _unreadable(where, "outside sender set-password", error)


def _unreadable(where: str, command: str, error: Unsealable) -> Fault:
    return Fault("outside-secret", where, error.message, f"Set the password again: `{command}`.")
