"""Sending what this server writes to people by itself: warnings of a quota that is nearly used up."""

from collections.abc import Sequence
from functools import partial

from django.conf import settings

from groupware.core import crashpoints, db, limits
from groupware.core.changes import lock_account
from groupware.core.clock import now
from groupware.core.models import Account, AccountKind, QuotaWarning
from mail import space
from mail.flow.envelopes import NEVER, Envelope, EnvelopeRecipient
from mail.notices import MOST_NAMED, Fullness, quota_warning
from mail.services import inbound, signing
from mail.services.content import prepare_message
from mail.services.inbound import NewInbound

MOST_READERS = 50
"""People who are told of one account that is not a person's."""

_MANAGERS = """
WITH RECURSIVE grantees(group_id) AS (
    SELECT grantee_group_id FROM core_grant
    WHERE account_id = %s AND collection_id IS NULL AND grantee_group_id IS NOT NULL
        AND ' ' || named_rights || ' ' LIKE '%% manage %%'
    UNION
    SELECT m.subgroup_id FROM core_groupmember m JOIN grantees g ON m.group_id = g.group_id
    WHERE m.subgroup_id IS NOT NULL
)
SELECT id FROM core_account WHERE is_active AND kind = 'person' AND (
    id IN (SELECT grantee_account_id FROM core_grant WHERE account_id = %s
        AND collection_id IS NULL AND ' ' || named_rights || ' ' LIKE '%% manage %%')
    OR id IN (SELECT m.account_id FROM core_groupmember m
        JOIN grantees g ON g.group_id = m.group_id)
) ORDER BY id LIMIT %s
"""


def warn_of_quota(payload: dict[str, int]) -> None:
    """Tell whom it concerns that an account is nearly full (`core.quotawarnings`).

    Once for each crossing: a second run finds it told. Where room was made meanwhile, or the
    account is gone, there is nothing to tell. Raises `BlobGone`, `DiskReserve`: the outbox tries
    again.
    """
    account = Account.objects.filter(pk=payload["account"]).first()
    with db.read_snapshot():
        warning = QuotaWarning.objects.filter(account_id=payload["account"], is_told=False).first()
        if account is None or warning is None:
            return
        full = _describe(account)
        readers = find_readers(account)
    name = f"quota.{account.pk}.{warning.percent}.{warning.noted_at}"
    written = [
        prepare_notice(
            quota_warning(
                full, reader.login, message_id=f"<{name}.{reader.pk}@{_domain()}>", moment=now()
            ),
            reader.login,
        )
        for reader in readers
    ]
    with db.write_transaction():
        lock_account(account.pk)
        untold = QuotaWarning.objects.filter(
            account_id=account.pk,
            percent=warning.percent,
            noted_at=warning.noted_at,
            is_told=False,
        )
        if untold.update(is_told=True):
            for new in written:
                inbound.accept(new)
            db.on_commit(partial(crashpoints.reach, "notice-accepted"))


def _domain() -> str:
    domain: str = settings.GROUPWARE_DOMAIN
    return domain


def _describe(account: Account) -> Fullness:
    [(used, quota)] = db.fetch_rows(
        "SELECT bytes_used, quota_bytes FROM core_accountstate WHERE account_id = %s", [account.pk]
    )
    return Fullness(
        login=account.login,
        used=used,
        quota=quota,
        collections=space.list_collections(account.pk),
        largest=space.list_largest(account.pk, MOST_NAMED),
        restorable_days=limits.UNDELETE_DAYS.value,
    )


def find_readers(account: Account) -> Sequence[Account]:
    """Return who is told of an account: a person of its own; of others who manages it.

    Where nobody does, the administrators of its domain, else all.
    """
    if account.kind == AccountKind.PERSON:
        return [account]
    rows = db.fetch_rows(_MANAGERS, [account.pk, account.pk, MOST_READERS])
    if rows:
        return list(Account.objects.filter(pk__in=[row[0] for row in rows]).order_by("pk"))
    admins = Account.objects.filter(
        kind=AccountKind.PERSON, is_active=True, is_staff=True
    ).order_by("pk")
    return list(admins.filter(domain_id=account.domain_id)[:MOST_READERS]) or list(
        admins[:MOST_READERS]
    )


def prepare_notice(data: bytes, recipient: str) -> NewInbound:
    """Make a notice ready to be accepted; it goes the way of all mail, from the null sender."""
    signature = signing.sign(data, recipient.rpartition("@")[2])
    envelope = Envelope(
        "",
        (EnvelopeRecipient(recipient, NEVER),),
        is_8bit=not data.isascii(),
        is_utf8=not recipient.isascii(),
    )
    about = "a notice of this server"
    return NewInbound(prepare_message(data), envelope, signature, is_trusted=True, about=about)
