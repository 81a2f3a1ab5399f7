"""What the search index takes away before a search looks at messages themselves.

A tree of keys becomes a set of UIDs outside of which nothing can match, or None where the index
cannot tell: flags and dates, terms too short, and whatever is negated.
"""

from collections.abc import Iterator
from typing import Final

from mail.search import keys
from mail.services.search_candidates import TextTerm, find_by_field, find_by_text
from mail.services.search_text import FIELD_COLUMNS, fold_term

MOST_FIELDS: Final = 8
MOST_TERMS: Final = 16
"""Keys of one search that are looked up; each costs a look at the mailbox, whoever asks."""


Known = keys.HeaderKey | keys.BodyKey | keys.TextKey


def find_candidates(collection_id: int, key: keys.SearchKey) -> set[int] | None:
    """Return the UIDs outside of which the key finds nothing; None: it may find any.

    In the caller's snapshot.
    """
    known = dict.fromkeys(_list_known(key))
    headers = [held for held in known if isinstance(held, keys.HeaderKey)][:MOST_FIELDS]
    texts = [held for held in known if not isinstance(held, keys.HeaderKey)][:MOST_TERMS]
    found: dict[keys.SearchKey, set[int]] = {
        held: find_by_field(collection_id, _field_name(held), fold_term(held.value) or b"")
        for held in headers
    }
    if texts:
        sets = find_by_text(collection_id, [_text_term(held) for held in texts])
        found.update(zip(texts, sets, strict=True))
    return _combine(key, found)


def _list_known(key: keys.SearchKey) -> Iterator[Known]:
    """Yield the keys that the index knows something of; none of those that are negated."""
    match key:
        case keys.AndKey(keys=inner):
            for part in inner:
                yield from _list_known(part)
        case keys.OrKey(left=left, right=right):
            yield from _list_known(left)
            yield from _list_known(right)
        case keys.HeaderKey(value=value):
            if _field_name(key) in FIELD_COLUMNS and fold_term(value):
                yield key
        case keys.BodyKey() | keys.TextKey():
            if _text_term(key).is_indexed:
                yield key


def _field_name(key: keys.HeaderKey) -> bytes:
    return key.name.encode("ascii", "replace").lower()


def _text_term(key: keys.BodyKey | keys.TextKey) -> TextTerm:
    return TextTerm(fold_term(key.value) or b"", with_prefix=isinstance(key, keys.TextKey))


def _combine(key: keys.SearchKey, found: dict[keys.SearchKey, set[int]]) -> set[int] | None:
    match key:
        case keys.AndKey(keys=inner):
            sets = [held for part in inner if (held := _combine(part, found)) is not None]
            return set.intersection(*sets) if sets else None
        case keys.OrKey(left=left, right=right):
            one, other = _combine(left, found), _combine(right, found)
            return None if one is None or other is None else one | other
    return found.get(key)
