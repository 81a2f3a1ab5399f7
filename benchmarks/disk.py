"""Octets on disk for each message: ours beside a Maildir of the same mail.

    .venv/bin/python -m benchmarks.disk [--scratch DIR] [--write]

Six thousand real messages (tests/clients/spam_assassin.py) come in over LMTP for two accounts of a
running server, whose worker puts them into the search index. Counted are allocated blocks,
directories included, as `du` does. The Maildirs hold a file for each recipient's copy, without the
trace header fields that a delivery adds, which is in their favour. `--write` puts the figures into
docs/benchmarks.md. The scratch directory must lie on a real disk, not in memory.
"""

import argparse
import re
import sqlite3
import tempfile
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from tests.clients.lmtp import deliver_all
from tests.clients.people import DOMAIN, create_people
from tests.clients.spam_assassin import load_messages
from tests.serve.running import serving

BLOCK = 512
RECIPIENTS = (f"anna@{DOMAIN}", f"bert@{DOMAIN}")
DOCUMENT = Path(__file__).parents[1] / "docs" / "benchmarks.md"
HEADING = "## Octets on disk"
LARGEST_TABLES = 10
SEGMENT = 2_048
"""Texts of which the search index makes a segment (mail/services/search_segments.py)."""


@dataclass(frozen=True, slots=True)
class Usage:
    """Allocated octets of a store, by what they hold; `tables` those of the main database."""

    blobs: int
    rows: int
    indexes: int
    free: int
    tables: dict[str, int]

    @property
    def total(self) -> int:
        """Return all of it."""
        return self.blobs + self.rows + self.indexes + self.free


def allocated(directory: Path) -> int:
    """Return the allocated octets of a directory and all that is in it."""
    return sum(path.lstat().st_blocks * BLOCK for path in (directory, *directory.rglob("*")))


def store_usage(data: Path) -> Usage:
    """Return what a stopped server's data directory takes on SQLite."""
    database = data / "groupware.sqlite3"
    for path in (database, data / "blobs" / "blobs.sqlite3"):
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    with closing(sqlite3.connect(database)) as connection:
        indexes = {
            name
            for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type='index'")
        }
        tables = dict(connection.execute("SELECT name, SUM(pgsize) FROM dbstat GROUP BY name"))
    in_indexes = sum(size for name, size in tables.items() if name in indexes)
    in_rows = sum(tables.values()) - in_indexes
    return Usage(
        blobs=allocated(data / "blobs"),
        rows=in_rows,
        indexes=in_indexes,
        free=max(0, database.stat().st_blocks * BLOCK - in_rows - in_indexes),
        tables=tables,
    )


def is_indexed(data: Path, messages: Sequence[bytes]) -> bool:
    """Whether the worker has nothing left to index."""
    with closing(sqlite3.connect(data / "groupware.sqlite3")) as connection:
        texts, loose = connection.execute(
            "SELECT COUNT(*), COUNT(*) - COUNT(segment_id) FROM mail_searchtext"
        ).fetchone()
    return bool(texts == len(set(messages)) and loose < SEGMENT)


def write_maildir(directory: Path, recipients: Sequence[str], messages: Sequence[bytes]) -> None:
    """Write a Maildir of the messages for each recipient; our trace fields are left out."""
    for recipient in recipients:
        maildir = directory / recipient
        for name in ("cur", "new", "tmp"):
            (maildir / name).mkdir(parents=True)
        for number, message in enumerate(messages):
            name = f"1700000000.M{number}P1.host.example,S={len(message)}:2,S"
            (maildir / "cur" / name).write_bytes(message)


def render(ours: Usage, maildir: int, copies: int) -> str:
    """Return the figures as a table in Markdown."""
    parts = [
        ("blobs", ours.blobs),
        ("rows", ours.rows),
        ("indexes", ours.indexes),
        ("ours, all of it", ours.total),
        ("Maildir", maildir),
    ]
    lines = ["| what | octets | for each copy |", "|---|---|---|"]
    lines += [f"| {name} | {size:,} | {size / copies:,.0f} |" for name, size in parts]
    lines += ["", f"The Maildirs take {maildir / ours.total:.2f} times as much.", ""]
    lines += ["| largest tables and indexes | octets | for each copy |", "|---|---|---|"]
    largest = sorted(ours.tables.items(), key=lambda item: -item[1])[:LARGEST_TABLES]
    lines += [f"| `{name}` | {size:,} | {size / copies:,.0f} |" for name, size in largest]
    return "\n".join(lines) + "\n"


def write_section(table: str, messages: Sequence[bytes]) -> None:
    """Put the figures under their heading into the document, and leave the rest as it is."""
    section = (
        f"{HEADING}\n\n`python -m benchmarks.disk`: {len(messages):,} real messages of"
        f" {sum(map(len, messages)):,} octets,\ndelivered over LMTP to {len(RECIPIENTS)} accounts"
        " and indexed for search,\nbeside a Maildir for each account. Allocated blocks,"
        " directories included, after a checkpoint.\n\n" + table
    )
    text = DOCUMENT.read_text() if DOCUMENT.exists() else "# Benchmarks\n"
    old = re.compile(rf"^{HEADING}$.*?(?=^## |\Z)", re.DOTALL | re.MULTILINE)
    if old.search(text):
        text = old.sub(lambda _: section + "\n", text)
    else:
        text = f"{text.rstrip()}\n\n{section}"
    DOCUMENT.write_text(text.rstrip() + "\n")


def main() -> None:
    """Deliver, measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scratch", type=Path, default=Path("/var/tmp"))
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    messages = load_messages()
    with tempfile.TemporaryDirectory(dir=options.scratch) as directory:
        data = Path(directory) / "data"
        with serving(data, "lmtp", "worker", "beat", GROUPWARE_LOG_LEVEL="WARNING") as server:
            create_people(server, list(RECIPIENTS))
            deliver_all(server.ports["LMTP"], messages, RECIPIENTS)
            while not is_indexed(data, messages):
                time.sleep(1)
        maildirs = Path(directory) / "maildirs"
        write_maildir(maildirs, RECIPIENTS, messages)
        table = render(store_usage(data), allocated(maildirs), len(RECIPIENTS) * len(messages))
    print(table)
    if options.write:
        write_section(table, messages)


if __name__ == "__main__":
    main()
