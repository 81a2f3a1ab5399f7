"""Changes that were told to clients and went with the power (docs/adr/0019).

The embedded database may forget the flags of its last second. What the store draws next would
then be mod-sequences that a client has seen for something else, so those of that second are left
out for good, and a client that comes with one of them is told everything.
"""

from pathlib import Path
from typing import Final

from groupware.core import db
from groupware.core.files import replace_text

SKIPPED: Final = 1 << 20
"""Mod-sequences that are left out: more than an account draws while the log is not synced."""

_BOOT_ID: Final = Path("/proc/sys/kernel/random/boot_id")


def read_boot_id() -> str:
    """Return what differs from one start of the machine to the next, "" where nobody tells."""
    try:
        return _BOOT_ID.read_text("ascii").strip()
    except FileNotFoundError:
        return ""


def note_boot(data: Path, boot_id: str) -> bool:
    """Leave out what may be lost if the machine began anew since the last note of it.

    Returns whether anything was left out. Run it before anything is written to the store.
    """
    note = data / "boot-id"
    if not db.is_sqlite() or (boot_id and note.exists() and note.read_text("ascii") == boot_id):
        return False
    accounts = skip_modseqs()
    replace_text(note, boot_id)
    return accounts > 0


def skip_modseqs() -> int:
    """Leave mod-sequences out in every account, and let every mailbox have a later one.

    Returns the number of accounts.
    """
    with db.write_transaction():
        accounts = db.execute(
            "INSERT INTO core_lostmodseqs (account_id, first, last)"
            " SELECT account_id, next_modseq, next_modseq + %s FROM core_accountstate",
            [SKIPPED - 1],
        )
        db.execute("UPDATE core_accountstate SET next_modseq = next_modseq + %s", [SKIPPED + 1])
        # Clients look only where the mailbox has another HIGHESTMODSEQ than they were told.
        db.execute(
            "UPDATE core_collection SET highest_modseq = (SELECT s.next_modseq - 1"
            " FROM core_accountstate s WHERE s.account_id = core_collection.account_id)"
            " WHERE kind = 'mail'"
        )
    return accounts


def list_lost(account_id: int) -> list[tuple[int, int]]:
    """Return the mod-sequences of an account, from first to last, that may have been lost."""
    rows = db.fetch_rows(
        "SELECT first, last FROM core_lostmodseqs WHERE account_id = %s", [account_id]
    )
    return [(first, last) for first, last in rows]
