"""The database's temporary failures, told from bugs."""

import errno
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

import structlog
from django.db import InternalError, OperationalError

from groupware.core.errors import Busy, DiskReserve

_BUSY_SQLSTATES = frozenset({"55P03", "40001", "40P01"})
_FULL_SQLSTATES = frozenset({"53100"})
FULL_ERRNOS = frozenset({errno.ENOSPC, errno.EDQUOT})
"""What the system says of a disk, or of a user's share of it, that takes no more."""
_FULL_TEXTS = tuple(os.strerror(number) for number in FULL_ERRNOS)
"""How a server's database quotes the system: of EDQUOT it knows no state of its own."""
_UNWRITABLE = frozenset(
    {
        sqlite3.SQLITE_IOERR_WRITE,
        sqlite3.SQLITE_IOERR_FSYNC,
        sqlite3.SQLITE_IOERR_DIR_FSYNC,
        sqlite3.SQLITE_IOERR_TRUNCATE,
        sqlite3.SQLITE_IOERR_SHMSIZE,
        sqlite3.SQLITE_IOERR_SHMMAP,
        sqlite3.SQLITE_IOERR_SHMOPEN,
        sqlite3.SQLITE_IOERR_MMAP,
    }
)
"""What SQLite says where the disk takes nothing: SQLITE_FULL is for ENOSPC at a write alone, EDQUOT
and what comes only with the sync are "disk I/O error". A disk that breaks says the same: the log
has it as an error."""

_log = structlog.get_logger("groupware.db")


@contextmanager
def outcomes() -> Iterator[None]:
    """Raise `Busy` and `DiskReserve` for what is nobody's fault; a bug stays what it is."""
    try:
        yield
    except (OperationalError, InternalError) as error:
        if isinstance(error, OperationalError) and is_busy(error):
            raise Busy("The server is busy; try again in a moment.", detail=str(error)) from error
        if is_full(error.__cause__ or error):
            raise DiskReserve("The server's disk is full.", detail=str(error)) from error
        raise


def is_busy(error: OperationalError) -> bool:
    """Whether the database gave up waiting for a lock."""
    sqlstate = getattr(error.__cause__, "sqlstate", None)
    return sqlstate in _BUSY_SQLSTATES or "database is locked" in str(error)


def is_full(error: BaseException) -> bool:
    """Whether an error of a driver or of the system says that the disk takes nothing more."""
    if isinstance(error, OSError):
        return error.errno in FULL_ERRNOS
    if isinstance(error, sqlite3.Error):
        code = getattr(error, "sqlite_errorcode", None)
        if code in _UNWRITABLE:
            _log.error("the disk takes nothing", reason=error.sqlite_errorname)
        return code == sqlite3.SQLITE_FULL or code in _UNWRITABLE
    if getattr(error, "sqlstate", None) in _FULL_SQLSTATES:
        return True
    return any(text in str(error) for text in _FULL_TEXTS)
