"""The one package that knows which database it is.

Reads are snapshots that never wait for writers. Writes take the lock of the account they
write to (`groupware.core.changes`) inside `write_transaction`.
"""

from groupware.core.db.connections import (
    can_read_here,
    database_file,
    directory,
    is_free,
    is_sqlite,
    leave_unsynced,
    most_connections,
    recover,
    relax,
    thread_connection,
)
from groupware.core.db.failures import FULL_ERRNOS, is_busy, is_full
from groupware.core.db.relaxed import CHECKPOINT_AFTER, LogSync, NotNow, run_relaxed
from groupware.core.db.rows import (
    ROWS_OF_A_TRIP,
    Room,
    code_point,
    execute,
    execute_many,
    fetch_rows,
    fetch_rows_into,
    holds,
    in_list,
    keep_shared,
    key_share,
)
from groupware.core.db.transactions import (
    count_commits,
    finds,
    lock_timeout,
    on_commit,
    read_snapshot,
    single_read,
    write_transaction,
)

__all__ = [
    "CHECKPOINT_AFTER",
    "FULL_ERRNOS",
    "ROWS_OF_A_TRIP",
    "LogSync",
    "NotNow",
    "Room",
    "can_read_here",
    "code_point",
    "count_commits",
    "database_file",
    "directory",
    "execute",
    "execute_many",
    "fetch_rows",
    "fetch_rows_into",
    "finds",
    "holds",
    "in_list",
    "is_busy",
    "is_free",
    "is_full",
    "is_sqlite",
    "keep_shared",
    "key_share",
    "leave_unsynced",
    "lock_timeout",
    "most_connections",
    "on_commit",
    "read_snapshot",
    "recover",
    "relax",
    "run_relaxed",
    "single_read",
    "thread_connection",
    "write_transaction",
]
