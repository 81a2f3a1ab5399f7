"""Search keys that a message's row decides alone, as conditions for the database."""

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any, Final

from mail.conditions import EVERY, NONE, Condition, all_of, any_of, has_flag
from mail.flags import parse_flags
from mail.search import keys

MOST_KEYS: Final = 100
"""Keys of one search that become one condition; databases bound how deep it may be."""

_EPOCH: Final = dt.date(1970, 1, 1)
_DAY: Final = 86_400
_LARGEST: Final = 2**63 - 1


def find_condition(key: keys.SearchKey) -> Condition | None:
    """Return the condition that holds for just what the key finds; None: rows do not tell."""
    return _find(key) if _count(key) <= MOST_KEYS else None


def _count(key: keys.SearchKey) -> int:
    return 1 + sum(map(_count, _parts_of(key)))


def _parts_of(key: keys.SearchKey) -> tuple[keys.SearchKey, ...]:
    match key:
        case keys.AndKey(keys=inner):
            return inner
        case keys.OrKey(left=left, right=right):
            return left, right
        case keys.NotKey(key=negated):
            return (negated,)
    return ()


def _find(key: keys.SearchKey) -> Condition | None:
    make = _CONDITIONS.get(type(key))
    if make is not None:
        return make(key)
    found = [_find(part) for part in _parts_of(key)]
    parts = [part for part in found if part is not None]
    if not parts or len(parts) < len(found):
        return None
    if isinstance(key, keys.NotKey):
        return parts[0].negated()
    return any_of(parts) if isinstance(key, keys.OrKey) else all_of(parts)


def _flag(key: keys.FlagKey) -> Condition:
    mask, keywords = parse_flags([key.flag])
    if mask:
        return has_flag(mask)
    if not keywords:  # \Recent: no message here is
        return NONE
    # Keywords are ASCII; what LIKE takes for a wildcard is escaped.
    escaped = keywords[0].lower().replace("!", "!!").replace("_", "!_")
    return Condition("' ' || LOWER({keywords}) || ' ' LIKE %s ESCAPE '!'", (f"% {escaped} %",))


def _date(key: keys.DateKey) -> Condition | None:
    if key.field is keys.DateField.SENT:
        return None
    begin = (key.day - _EPOCH).days * _DAY
    local = "{internal_date} + {internal_zone} * 60"
    match key.relation:
        case keys.DateRelation.BEFORE:
            return Condition(f"{local} < %s", (begin,))
        case keys.DateRelation.SINCE:
            return Condition(f"{local} >= %s", (begin,))
        case keys.DateRelation.ON:
            return Condition(f"{local} BETWEEN %s AND %s", (begin, begin + _DAY - 1))


def _is(field: str, value: int | None) -> Condition:
    if value is None or value > _LARGEST:
        return NONE
    return Condition(f"{{{field}}} = %s", (value,))


_CONDITIONS: Final[Mapping[type, Callable[[Any], Condition | None]]] = {
    keys.AllKey: lambda _: EVERY,
    keys.FlagKey: _flag,
    keys.LargerKey: lambda key: Condition("{size} > %s", (key.size,)),
    keys.SmallerKey: lambda key: Condition("{size} < %s", (key.size,)),
    keys.ModSeqKey: lambda key: Condition("{modseq} >= %s", (key.modseq,)),
    keys.EmailIdKey: lambda key: _is("email_id", key.email_id),
    keys.ThreadIdKey: lambda key: _is("thread_id", key.thread_id),
    keys.DateKey: _date,
}
