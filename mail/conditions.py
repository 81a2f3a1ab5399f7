"""Conditions on the rows of messages, as SQL, and the messages that meet them.

Hot: a search for flags, sizes or days of ten thousand messages makes no object of any.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from groupware.core import db
from mail.columns import select_columns, tables_of
from mail.flagrows import find_holding
from mail.flags import EVERY_FLAG
from mail.uidset import Ranges, chunks, sql_condition

_FIELD = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, slots=True)
class Condition:
    """SQL in which `{name}` is a field of `mail.columns.FIELDS`, and its parameters.

    Where a message's flags alone decide, `masks` are those with which it holds.
    """

    text: str
    params: tuple[int | str, ...] = ()
    masks: frozenset[int] | None = None

    def negated(self) -> "Condition":
        """Return the condition that holds where this one does not."""
        masks = None if self.masks is None else _EVERY_MASK - self.masks
        return Condition(f"NOT ({self.text})", self.params, masks)


_EVERY_MASK = frozenset(range(EVERY_FLAG + 1))
EVERY = Condition("1 = 1", masks=_EVERY_MASK)
NONE = Condition("1 = 0", masks=frozenset())


def has_flag(bit: int) -> Condition:
    """Return what holds for the messages that have a flag."""
    masks = frozenset(mask for mask in _EVERY_MASK if mask & bit)
    return Condition("{flags} & %s <> 0", (bit,), masks)


def all_of(conditions: Iterable[Condition]) -> Condition:
    """Return what holds where all of several conditions do."""
    return _joined(" AND ", conditions, frozenset.intersection)


def any_of(conditions: Iterable[Condition]) -> Condition:
    """Return what holds where any of several conditions does."""
    return _joined(" OR ", conditions, frozenset.union)


def _joined(
    word: str,
    conditions: Iterable[Condition],
    join: Callable[..., frozenset[int]],
) -> Condition:
    held = list(conditions)
    text = word.join(f"({condition.text})" for condition in held)
    params = tuple(param for condition in held for param in condition.params)
    masks = [condition.masks for condition in held if condition.masks is not None]
    return Condition(text, params, join(*masks) if len(masks) == len(held) else None)


def find_messages(
    collection_id: int, ranges: Ranges, condition: Condition, *, reader_id: int = 0
) -> list[tuple[int, int]]:
    """Return (uid, modseq) of the messages in ascending ranges that meet a condition, ascending.

    Flags and modseqs are those of the reader, of the owner without one; where the condition does
    not speak of modseqs, they are 0.
    """
    if condition.masks is not None and not reader_id:
        return [(uid, 0) for uid in find_holding(collection_id, ranges, condition.masks)]

    def column(found: re.Match[str]) -> str:
        return f"({select_columns([found[1]], reader_id)})"

    where = _FIELD.sub(column, condition.text)
    fields = _FIELD.findall(condition.text)
    tables, joined = tables_of(fields, reader_id)
    modseq = select_columns(["modseq"], reader_id) if "modseq" in fields else "0"
    rows: list[tuple[int, int]] = []
    for chunk in chunks(ranges):
        within, params = sql_condition("m.uid", chunk)
        rows += db.fetch_rows(
            f"SELECT m.uid, {modseq} FROM {tables}"
            f" WHERE m.collection_id = %s AND {within} AND ({where}) ORDER BY m.uid",
            [*joined, collection_id, *params, *condition.params],
        )
    return rows
