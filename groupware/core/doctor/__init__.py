"""What `manage.py doctor` examines: that the store is as its invariants say, and what to do.

Core has its own checks; apps register theirs, as they register outbox handlers. A check reads
only, in short snapshots, and keeps a page of rows in memory: it runs beside the servers, and on
a store of any size. Repairs make anew what can be derived, as services do.
"""

from collections.abc import Iterator

from groupware.core.doctor.accounts import check_accounts
from groupware.core.doctor.blobs import check_blobs, check_unnamed_bytes
from groupware.core.doctor.collections import check_collections
from groupware.core.doctor.findings import (
    Check,
    Examination,
    Fault,
    Finding,
    Note,
    Repair,
    Rule,
    RuledRows,
    read_pages,
    read_rows,
)
from groupware.core.doctor.items import check_items
from groupware.core.doctor.outbox import check_outbox
from groupware.core.doctor.quotas import check_quotas
from groupware.core.doctor.references import check_owners, check_references
from groupware.core.doctor.resources import check_resources

__all__ = [
    "Check",
    "Examination",
    "Fault",
    "Finding",
    "Note",
    "Repair",
    "Rule",
    "RuledRows",
    "examine",
    "list_checks",
    "read_pages",
    "read_rows",
    "register",
]

_ROWS: tuple[Check, ...] = (
    check_accounts,
    check_collections,
    check_items,
    check_references,
    check_owners,
    check_resources,
    check_outbox,
    check_quotas,
)
_BYTES: tuple[Check, ...] = (check_blobs, check_unnamed_bytes)

_registered: list[Check] = []


def register(check: Check) -> None:
    """Let an app's check run with those of core."""
    if check not in _registered:
        _registered.append(check)


def examine(examination: Examination) -> Iterator[Finding]:
    """Yield everything that the checks find: rows first, bytes last, since those take longest."""
    for check in list_checks():
        yield from check(examination)


def list_checks() -> tuple[Check, ...]:
    """Return every check, in the order in which they are done; none needs another."""
    return (*_ROWS, *_registered, *_BYTES)
