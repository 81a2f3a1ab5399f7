"""After a restore from a backup: what clients were told since the backup never was.

UIDs, mod-sequences and sync-tokens of that time come a second time, for something else. So every
collection begins anew: a UIDVALIDITY and an epoch of tokens that no client can have seen, since both
are later than the clock of that time.
"""

from contextlib import suppress

from django.apps import apps

from groupware.core import db, lost
from groupware.core.changes import begin_change, raise_counters
from groupware.core.clock import epoch
from groupware.core.doctor.repair import begin_anew
from groupware.core.errors import NotFound
from groupware.core.models import AccountState, Collection

LEFT_OUT = 100_000
"""UIDVALIDITYs that are left out: more than mailboxes were made in the time that is lost. They are
32 bits, and begin at the clock's seconds."""


def begin_all_anew(account_id: int | None = None) -> int:
    """Let every client load everything again, of one account or of all.

    Returns how many collections that were. It does no harm twice.
    """
    total = 0
    for key in [account_id] if account_id else _list_accounts():
        with suppress(NotFound):  # it may have been deleted since
            _leave_out(key)
            for collection_id in _list_collections(key):
                begin_anew(key, collection_id)
                total += 1
    if account_id is None:
        _renew_other_tokens()
    return total


def _list_accounts() -> list[int]:
    return list(AccountState.objects.order_by("pk").values_list("pk", flat=True))


def _list_collections(account_id: int) -> list[int]:
    held = Collection.objects.filter(account_id=account_id).order_by("pk")
    return list(held.values_list("pk", flat=True))


def _leave_out(account_id: int) -> None:
    """Let an account draw nothing more that it may have drawn in the time that is lost."""
    with db.write_transaction():
        change = begin_change(account_id)
        drawn = AccountState.objects.get(pk=account_id).next_uid_validity
        raise_counters(account_id, change.modseq + lost.SKIPPED, max(drawn, epoch()) + LEFT_OUT)


def _renew_other_tokens() -> None:
    """Let tokens of what is no account's (a domain's directory) count for nothing."""
    tables = [
        model._meta.db_table
        for model in apps.get_models()
        if model is not Collection
        and any(field.name == "token_epoch" for field in model._meta.concrete_fields)
    ]
    now = epoch()
    with db.write_transaction():
        for table in tables:
            db.execute(
                f"UPDATE {table} SET token_epoch ="
                " CASE WHEN token_epoch < %s THEN %s ELSE token_epoch + 1 END",
                [now, now],
            )
