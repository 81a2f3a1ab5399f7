"""Expunged messages that are kept: that they could be restored as they were."""

from collections.abc import Iterator

from groupware.core.doctor import Examination, Finding, Rule, RuledRows

_RESTORE = "Restore the account from a backup, or wait until it is let go of."

_EXPUNGED = RuledRows(
    tables=(
        "mail_expungedmessage e JOIN core_account a ON a.id = e.account_id"
        " JOIN core_blob s ON s.id = e.blob_id"
        " LEFT JOIN core_collection c ON c.id = e.mailbox_id"
        " LEFT JOIN core_account o ON o.id = c.account_id"
    ),
    columns=(
        ("key", "e.id"),
        ("where", "a.login || '/mail/' || e.mailbox || ' expunged UID ' || e.uid"),
        ("size", "e.size"),
        ("blob_size", "s.size"),
        ("held_prefix", "COALESCE(LENGTH(e.prefix), 0)"),
        ("owner", "o.login"),
    ),
    rules=(
        Rule(
            "expunged-size",
            "e.size <> COALESCE(LENGTH(e.prefix), 0) + s.size",
            "its size {size} is not that of its prefix and its blob, {held_prefix} + {blob_size}",
            _RESTORE,
        ),
        Rule(
            "expunged-owner",
            "c.account_id <> e.account_id",
            "the mailbox that it was in is of {owner}",
            _RESTORE,
        ),
        Rule(
            "expunged-lives",
            "c.kind = 'mail' AND EXISTS (SELECT 1 FROM mail_message m"
            " WHERE m.collection_id = e.mailbox_id AND m.uid = e.uid)",
            "it was expunged, and is in its mailbox",
            _RESTORE,
        ),
    ),
)


def check_expunged(examination: Examination) -> Iterator[Finding]:
    """Find kept messages of an impossible size, in another's mailbox, or that are there."""
    yield from _EXPUNGED.find(examination.within("e.account_id"))
