"""What a database's tables are, as texts that two of them can be compared by."""

import re
import sqlite3
import subprocess
from contextlib import closing
from urllib.parse import urlsplit

from tests.services import postgresql


def read_schema(url: str) -> list[str]:
    """Return what makes each table, index, trigger and constraint of the database."""
    parts = urlsplit(url)
    return _read_sqlite(parts.path) if parts.scheme == "sqlite" else _read_postgresql(url)


def _read_sqlite(path: str) -> list[str]:
    with closing(sqlite3.connect(path)) as connection:
        made = connection.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL").fetchall()
    return sorted(_in_order(text) for (text,) in made)


def _in_order(text: str) -> str:
    """Put the columns and constraints of a table in order, which depends on how it came to be.

    Django makes a table anew to alter a column, which is its last one then; no statement of ours
    counts columns.
    """
    if not text.startswith("CREATE TABLE"):
        return text
    head, _, body = text.partition("(")
    items = [" ".join(item.split()) for item in _split(body.removesuffix(")"))]
    return "\n    ".join([head, *sorted(items)])


def _split(body: str) -> list[str]:
    """Split at the commas that are in no brackets."""
    depth, items = 0, [""]
    for sign in body:
        depth += (sign == "(") - (sign == ")")
        if sign == "," and not depth:
            items.append("")
        else:
            items[-1] += sign
    return items


def _read_postgresql(url: str) -> list[str]:
    binaries = postgresql.find_binaries()
    assert binaries is not None, postgresql.MISSING
    command = [f"{binaries}/pg_dump", "--schema-only", "--no-owner", f"--dbname={url}"]
    dumped = subprocess.run(command, check=True, capture_output=True, text=True)
    statements = re.split(r"\n\n+", dumped.stdout)
    return sorted(
        statement
        for statement in statements
        if not statement.startswith(("--", "\\restrict", "\\unrestrict"))
    )
