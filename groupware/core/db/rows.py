"""Queries of plain rows, and what the two databases spell differently.

Hot: on the embedded database they go to the driver itself, past Django's wrappers.
"""

import json
import re
import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.db import connection

from groupware.core.db.connections import is_sqlite, thread_connection

ROWS_OF_A_TRIP = 16
"""Rows that come at once from a database that is a server's, where a room bounds them."""

_PLACEHOLDER = re.compile(r"(?<!%)%s")


@dataclass(slots=True)
class Room:
    """How many octets of rows may be held; only the columns at `places` are counted."""

    octets: int
    places: Sequence[int]

    @property
    def is_full(self) -> bool:
        """Tell whether no further row should be read."""
        return self.octets <= 0


def fetch_rows(query: str, params: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
    """Return the rows of one query with `%s` for its parameters.

    Hot: on the embedded database it goes to the driver itself, past Django's wrappers.
    """
    held = thread_connection()
    driver = held.connection
    if not isinstance(driver, sqlite3.Connection) or held.force_debug_cursor:
        with connection.cursor() as cursor:
            cursor.execute(query, params)
            rows: list[tuple[Any, ...]] = cursor.fetchall()
        return rows
    try:
        return driver.execute(_for_sqlite(query), params).fetchall()
    except sqlite3.Error:
        with held.wrap_database_errors:
            raise


def fetch_rows_into(room: Room, query: str, params: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
    """Return the first rows of one query, up to the one that fills the room. Hot, as `fetch_rows`.

    Run it inside `read_snapshot`. The rows behind stay where they are: one of them may be large.
    """
    held = thread_connection()
    driver = held.connection
    if not isinstance(driver, sqlite3.Connection) or held.force_debug_cursor:
        with _open_stream() as cursor:
            cursor.execute(query, params)
            return _take_rows(cursor, room)
    try:
        with closing(driver.execute(_for_sqlite(query), params)) as rows:
            return _take_rows(rows, room)
    except sqlite3.Error:
        with held.wrap_database_errors:
            raise


def _open_stream() -> Any:
    """Return a cursor that leaves rows with the server until they are asked for."""
    cursor: Any = connection.chunked_cursor()
    cursor.itersize = ROWS_OF_A_TRIP
    return cursor


def _take_rows(rows: Iterable[tuple[Any, ...]], room: Room) -> list[tuple[Any, ...]]:
    taken: list[tuple[Any, ...]] = []
    left, places = room.octets, room.places
    for row in rows:
        taken.append(row)
        for place in places:
            left -= len(row[place])
        if left <= 0:
            break
    room.octets = left
    return taken


def execute(query: str, params: Sequence[Any] = ()) -> int:
    """Run one statement and return how many rows it changed. Hot, as `fetch_rows` is."""
    held = thread_connection()
    driver = held.connection
    if not isinstance(driver, sqlite3.Connection) or held.force_debug_cursor:
        with connection.cursor() as cursor:
            cursor.execute(query, params)
            return int(cursor.rowcount)
    try:
        return driver.execute(_for_sqlite(query), params).rowcount
    except sqlite3.Error:
        with held.wrap_database_errors:
            raise


def execute_many(query: str, rows: Sequence[Sequence[Any]]) -> None:
    """Execute one statement for each row of parameters, in one trip. Hot, as `fetch_rows` is."""
    held = thread_connection()
    driver = held.connection
    if not isinstance(driver, sqlite3.Connection) or held.force_debug_cursor:
        with connection.cursor() as cursor:
            cursor.executemany(query, rows)
        return
    try:
        driver.executemany(_for_sqlite(query), rows)
    except sqlite3.Error:
        with held.wrap_database_errors:
            raise


@lru_cache(maxsize=512)
def _for_sqlite(query: str) -> str:
    return _PLACEHOLDER.sub("?", query).replace("%%", "%")


def key_share(table: str, key: int) -> bool:
    """Whether the row is there, and keep it there until the transaction ends."""
    suffix = "" if is_sqlite() else " FOR KEY SHARE"
    return bool(fetch_rows(f'SELECT 1 FROM "{table}" WHERE id = %s{suffix}', [key]))


def keep_shared(table: str, keys: Sequence[int]) -> set[int]:
    """Return those of the rows that are there, and keep them there until the transaction ends."""
    suffix = "" if is_sqlite() else " FOR KEY SHARE"
    condition, params = in_list("id", sorted(keys))
    rows = fetch_rows(f'SELECT id FROM "{table}" WHERE {condition} ORDER BY id{suffix}', params)
    return {key for (key,) in rows}


def holds(column: str) -> str:
    """Return the SQL condition that a binary column holds the octets of one parameter."""
    return f"instr({column}, %s) > 0" if is_sqlite() else f"position(%s IN {column}) > 0"


def code_point() -> str:
    """Return the name of the SQL function that tells the number of a character."""
    return "unicode" if is_sqlite() else "ascii"


def in_list(column: str, values: Sequence[int] | Sequence[str]) -> tuple[str, list[Any]]:
    """Return (SQL condition, its parameters) for `column IN values`, of any length."""
    if is_sqlite():
        return f"{column} IN (SELECT value FROM json_each(%s))", [json.dumps(list(values))]
    return f"{column} = ANY(%s)", [list(values)]
