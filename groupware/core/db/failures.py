"""The database's temporary failures, told from bugs."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import OperationalError

from groupware.core.errors import Busy, DiskReserve

_BUSY_SQLSTATES = frozenset({"55P03", "40001", "40P01"})
_FULL_SQLSTATES = frozenset({"53100"})


@contextmanager
def outcomes() -> Iterator[None]:
    """Raise `Busy` and `DiskReserve` for what is nobody's fault; a bug stays what it is."""
    try:
        yield
    except OperationalError as error:
        if is_busy(error):
            raise Busy("The server is busy; try again in a moment.", detail=str(error)) from error
        if _is_full(error):
            raise DiskReserve("The server's disk is full.", detail=str(error)) from error
        raise


def is_busy(error: OperationalError) -> bool:
    """Whether the database gave up waiting for a lock."""
    sqlstate = getattr(error.__cause__, "sqlstate", None)
    return sqlstate in _BUSY_SQLSTATES or "database is locked" in str(error)


def _is_full(error: OperationalError) -> bool:
    sqlstate = getattr(error.__cause__, "sqlstate", None)
    return sqlstate in _FULL_SQLSTATES or "database or disk is full" in str(error)
