"""Accounts in CSV files: read, shown before anything is done, carried out row by row, written.

`sheet` reads what spreadsheets write, `planning` says what would come of it, `jobs` keeps that and
carries it out, `writing` makes the file that is read back without a change. docs/adr/0067.
"""

from groupware.core.administration.csvfiles.jobs import (
    Progress,
    ask,
    confirm,
    drop,
    expire,
    find_unfinished,
    get_import,
    has_secrets,
    run,
    take_secrets,
    work_off,
)
from groupware.core.administration.csvfiles.planning import Plan, Row, read
from groupware.core.administration.csvfiles.sheet import Wanted
from groupware.core.administration.csvfiles.writing import write_accounts, write_secrets

__all__ = [
    "Plan",
    "Progress",
    "Row",
    "Wanted",
    "ask",
    "confirm",
    "drop",
    "expire",
    "find_unfinished",
    "get_import",
    "has_secrets",
    "read",
    "run",
    "take_secrets",
    "work_off",
    "write_accounts",
    "write_secrets",
]
