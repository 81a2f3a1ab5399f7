"""Conditions on the rows of messages, as SQL, and the messages that meet them.

Hot: a search for flags, sizes or days of ten thousand messages makes no object of any.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from groupware.core import db
from mail.columns import select_columns, tables_of
from mail.uidset import Ranges, chunks, sql_condition

_FIELD = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, slots=True)
class Condition:
    """SQL in which `{name}` is a field of `mail.columns.FIELDS`, and its parameters."""

    text: str
    params: tuple[int | str, ...] = ()

    def negated(self) -> "Condition":
        """Return the condition that holds where this one does not."""
        return Condition(f"NOT ({self.text})", self.params)


EVERY = Condition("1 = 1")
NONE = Condition("1 = 0")


def all_of(conditions: Iterable[Condition]) -> Condition:
    """Return what holds where all of several conditions do."""
    return _joined(" AND ", conditions)


def any_of(conditions: Iterable[Condition]) -> Condition:
    """Return what holds where any of several conditions does."""
    return _joined(" OR ", conditions)


def _joined(word: str, conditions: Iterable[Condition]) -> Condition:
    held = list(conditions)
    text = word.join(f"({condition.text})" for condition in held)
    return Condition(text, tuple(param for condition in held for param in condition.params))


def find_messages(
    collection_id: int, ranges: Ranges, condition: Condition, *, reader_id: int = 0
) -> list[tuple[int, int]]:
    """Return (uid, modseq) of the messages in ascending ranges that meet a condition, ascending.

    Flags and modseqs are those of the reader, of the owner without one.
    """

    def column(found: re.Match[str]) -> str:
        return f"({select_columns([found[1]], reader_id)})"

    where = _FIELD.sub(column, condition.text)
    fields = ["uid", "modseq"]
    tables, joined = tables_of([*fields, *_FIELD.findall(condition.text)], reader_id)
    columns = select_columns(fields, reader_id)
    rows: list[tuple[int, int]] = []
    for chunk in chunks(ranges):
        within, params = sql_condition("m.uid", chunk)
        rows += db.fetch_rows(
            f"SELECT {columns} FROM {tables}"
            f" WHERE m.collection_id = %s AND {within} AND ({where}) ORDER BY m.uid",
            [*joined, collection_id, *params, *condition.params],
        )
    return rows
