"""SEARCH: a tree of keys becomes a predicate over rows, on a thread of the readers.

Narrow rows decide what they can; text is looked at only for keys that ask for it, and last among
keys that must all hold. The search index can only take candidates away before this
(`mail.search.narrowing`), never add any.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from mail import queries
from mail.conditions import Condition, find_messages
from mail.flags import parse_flags
from mail.search import keys
from mail.search.candidates import Candidate, View
from mail.search.narrowing import find_candidates
from mail.search.rowkeys import find_condition
from mail.services.content import LISTED_FIELDS
from mail.services.search_candidates import may_hold
from mail.services.search_text import (
    FIELD_COLUMNS,
    TEXT_VERSION,
    fold_fields,
    fold_term,
)
from mail.uidset import Ranges, to_ranges

ROWS: Final = 1_000
ROWS_WITH_CONTENT: Final = 200
"""Rows of one crossing to the store, without and with content."""

Predicate = Callable[[Candidate], bool]


@dataclass(frozen=True, slots=True)
class Compiled:
    """A key as a predicate, with the fields of the row that it needs and what it costs."""

    test: Predicate
    fields: frozenset[str]
    cost: int


@dataclass(slots=True)
class SearchPlan:
    """A search of one mailbox; its first batch looks the candidates up."""

    key: keys.SearchKey
    condition: Condition | None
    """What the database decides alone, inside the ranges."""
    compiled: Compiled
    ranges: Ranges
    fields: tuple[str, ...]
    rows: int
    candidates: list[int] | None = None
    """UIDs outside of which nothing can match, ascending; None before the first batch."""

    def select(self, view: View) -> list[tuple[int, int]]:
        """Return what the database finds by the condition alone."""
        identity = view.identity
        assert self.condition is not None
        rows = find_messages(
            identity.collection_id, self.ranges, self.condition, reader_id=identity.reader_id
        )
        return view.keep_known(rows)

    def list_candidates(self, view: View) -> list[int]:
        """Return the messages that are known, inside the ranges, that the index leaves."""
        if self.candidates is None:
            found = find_candidates(view.identity.collection_id, self.key)
            known = view.list_uids(self.ranges)
            self.candidates = known if found is None else [uid for uid in known if uid in found]
        return self.candidates


@dataclass(frozen=True, slots=True)
class Found:
    """What one crossing found: (uid, modseq) of messages that the client knows.

    The modseq is 0 where the key does not speak of modseqs.
    """

    matches: list[tuple[int, int]]
    last_uid: int
    is_last: bool


_FREE: Final = 0
_ROW: Final = 1
_TEXT: Final = 10
_HEADER: Final = 100
_BODY: Final = 1_000
_HEADER_FIELDS: Final = frozenset({"blob_location", "header_size", "prefix"})
_BODY_FIELDS: Final = frozenset({"blob_location", "search_version", "search_text"})
_TEXT_FIELDS: Final = _BODY_FIELDS | {"prefix"}


def plan_search(key: keys.SearchKey, view: View) -> SearchPlan:
    """Return the plan; raises LookupError for a sequence number beyond the last message."""
    if view.identity.lost:
        key = keys.with_trusted(key, view.identity.trust)
    compiled = _compile(key, view)
    fields = tuple({"uid": None, **dict.fromkeys(sorted(compiled.fields))})
    rows = ROWS if compiled.cost < _HEADER else ROWS_WITH_CONTENT
    ranges, rest = _narrow(key, view)
    return SearchPlan(key, find_condition(rest), compiled, ranges, fields, rows)


def search_batch(view: View, plan: SearchPlan, after_uid: int) -> Found:
    """Return what the next messages hold, from the first after `after_uid`.

    Where the database decides alone, these are all that are left.
    """
    if plan.condition is not None:
        return Found(plan.select(view), 0, is_last=True)
    candidates = plan.list_candidates(view)
    start = bisect_right(candidates, after_uid)
    wanted = candidates[start : start + plan.rows]
    matches = check_messages(view, plan, wanted)
    last_uid = wanted[-1] if wanted else after_uid
    return Found(matches, last_uid, is_last=start + plan.rows >= len(candidates))


def check_messages(view: View, plan: SearchPlan, wanted: list[int]) -> list[tuple[int, int]]:
    """Return (uid, modseq) of those of messages, at most `plan.rows`, that the key finds."""
    rows = queries.fetch_messages(
        view.identity.collection_id,
        to_ranges(wanted),
        plan.fields,
        reader_id=view.identity.reader_id,
        limit=plan.rows,
    )
    test = plan.compiled.test
    candidates = (dict(zip(plan.fields, row, strict=True)) for row in rows)
    return [(row["uid"], row.get("modseq", 0)) for row in candidates if test(Candidate(row))]


def _narrow(key: keys.SearchKey, view: View) -> tuple[Ranges, keys.SearchKey]:
    """Return ranges outside of which nothing can match, and what is left to hold inside.

    They are those of one set that must hold, or all.
    """
    parts = key.keys if isinstance(key, keys.AndKey) else (key,)
    for place, part in enumerate(parts):
        rest = keys.AndKey((keys.AllKey(), *parts[:place], *parts[place + 1 :]))
        if isinstance(part, keys.UidKey):
            return view.ranges_of_uids(part.messages), rest
        if isinstance(part, keys.SeqKey):
            return _seq_ranges(part.messages, view), rest
    return [(1, view.uids[-1])] if view.uids else [], key


def _seq_ranges(messages: keys.MessageSet, view: View) -> Ranges:
    if not view.uids:
        # Clients ask `UID SEARCH 1:* …` of any mailbox, the empty one included.
        return []
    ranges = view.ranges_of_seqs(messages)
    if ranges is None:
        raise LookupError("There is no message of that number.")
    return ranges


def _compile(key: keys.SearchKey, view: View) -> Compiled:
    match key:
        case keys.AndKey(keys=inner):
            return _all_of([_compile(part, view) for part in inner])
        case keys.OrKey(left=left, right=right):
            return _any_of([_compile(left, view), _compile(right, view)])
        case keys.NotKey(key=negated):
            held = _compile(negated, view)
            return Compiled(lambda c: not held.test(c), held.fields, held.cost)
        case keys.SeqKey(messages=messages):
            return _in_ranges(_seq_ranges(messages, view))
        case keys.UidKey(messages=messages):
            return _in_ranges(view.ranges_of_uids(messages))
    return _COMPILERS[type(key)](key)


def _all_of(parts: list[Compiled]) -> Compiled:
    tests = [part.test for part in sorted(parts, key=lambda part: part.cost)]
    return Compiled(lambda candidate: all(test(candidate) for test in tests), *_needs(parts))


def _any_of(parts: list[Compiled]) -> Compiled:
    tests = [part.test for part in sorted(parts, key=lambda part: part.cost)]
    return Compiled(lambda candidate: any(test(candidate) for test in tests), *_needs(parts))


def _needs(parts: Iterable[Compiled]) -> tuple[frozenset[str], int]:
    parts = list(parts)
    return frozenset().union(*(part.fields for part in parts)), max(part.cost for part in parts)


def _in_ranges(ranges: Ranges) -> Compiled:
    """Test against ascending, disjoint ranges, of which a command may name thousands."""
    lows = [low for low, _ in ranges]

    def test(candidate: Candidate) -> bool:
        uid = candidate.row["uid"]
        place = bisect_right(lows, uid)
        return place > 0 and uid <= ranges[place - 1][1]

    return Compiled(test, frozenset({"uid"}), _FREE)


def _all(_key: keys.AllKey) -> Compiled:
    return Compiled(lambda _: True, frozenset(), _FREE)


def _flag(key: keys.FlagKey) -> Compiled:
    mask, keywords = parse_flags([key.flag])
    if mask:
        return Compiled(lambda c: bool(c.row["flags"] & mask), frozenset({"flags"}), _ROW)
    if not keywords:  # \Recent: no message here is
        return _nothing()
    wanted = keywords[0].lower()
    return Compiled(
        lambda c: wanted in c.row["keywords"].lower().split(), frozenset({"keywords"}), _ROW
    )


def _larger(key: keys.LargerKey) -> Compiled:
    return Compiled(lambda c: bool(c.row["size"] > key.size), frozenset({"size"}), _ROW)


def _smaller(key: keys.SmallerKey) -> Compiled:
    return Compiled(lambda c: bool(c.row["size"] < key.size), frozenset({"size"}), _ROW)


def _modseq(key: keys.ModSeqKey) -> Compiled:
    return Compiled(lambda c: bool(c.row["modseq"] >= key.modseq), frozenset({"modseq"}), _ROW)


def _email_id(key: keys.EmailIdKey) -> Compiled:
    return Compiled(
        lambda c: bool(c.row["email_id"] == key.email_id), frozenset({"email_id"}), _ROW
    )


def _thread_id(key: keys.ThreadIdKey) -> Compiled:
    wanted = key.thread_id
    return Compiled(lambda c: bool(c.row["thread_id"] == wanted), frozenset({"thread_id"}), _ROW)


def _date(key: keys.DateKey) -> Compiled:
    relate, wanted = _RELATIONS[key.relation], key.day.toordinal()
    if key.field is keys.DateField.INTERNAL:
        fields = frozenset({"internal_date", "internal_zone"})
        return Compiled(lambda c: relate(c.day.toordinal(), wanted), fields, _ROW)

    def test(candidate: Candidate) -> bool:
        sent = candidate.row["sent_at"]
        if sent is None:
            return False
        # Only a day near the one that is wanted depends on the sender's zone.
        first, last = (_EPOCH + moment // _DAY for moment in (sent - _ZONES, sent + _ZONES))
        if not first <= wanted <= last:
            return relate(first, wanted)
        return candidate.sent_day is not None and relate(candidate.sent_day.toordinal(), wanted)

    return Compiled(test, frozenset({"sent_at", "header_fields"}), _TEXT)


def _header(key: keys.HeaderKey) -> Compiled:
    name = key.name.encode("ascii", "replace").lower()
    wanted = fold_term(key.value)
    if wanted is None:
        return _nothing()
    is_listed = name in LISTED_FIELDS

    def test(candidate: Candidate) -> bool:
        header = candidate.listed if is_listed else candidate.header
        if not may_hold(header, wanted):
            return False
        return any(wanted in value for value in fold_fields(header, name))

    if name in FIELD_COLUMNS and wanted:
        return _indexed_header(f"search_{FIELD_COLUMNS[name]}", wanted, test)
    if is_listed:
        return Compiled(test, frozenset({"header_fields"}), _TEXT)
    return Compiled(test, _HEADER_FIELDS, _HEADER)


def _indexed_header(column: str, wanted: bytes, test: Predicate) -> Compiled:
    """Test the folded fields where the row has them, the header elsewhere."""

    def test_column(candidate: Candidate) -> bool:
        held = candidate.row[column]
        if held is None or candidate.row["search_version"] != TEXT_VERSION:
            return test(candidate)
        return wanted in bytes(held)

    return Compiled(test_column, frozenset({"header_fields", "search_version", column}), _TEXT)


def _body(key: keys.BodyKey) -> Compiled:
    wanted = fold_term(key.value)
    if wanted is None:
        return _nothing()
    return Compiled(lambda c: wanted in c.text.body, _BODY_FIELDS, _BODY)


def _text(key: keys.TextKey) -> Compiled:
    wanted = fold_term(key.value)
    if wanted is None:
        return _nothing()

    def test(candidate: Candidate) -> bool:
        text = candidate.text
        return wanted in text.header or wanted in text.body or candidate.prefix_holds(wanted)

    return Compiled(test, _TEXT_FIELDS, _BODY)


def _nothing() -> Compiled:
    """Return a key that no message can match."""
    return Compiled(lambda _: False, frozenset(), _FREE)


_EPOCH: Final = date(1970, 1, 1).toordinal()
_DAY: Final = 86_400
_ZONES: Final = 25 * 3_600
"""Seconds by which a sender's clock may be away from UTC."""
_RELATIONS: Final[Mapping[keys.DateRelation, Callable[[int, int], bool]]] = {
    keys.DateRelation.BEFORE: lambda held, day: held < day,
    keys.DateRelation.ON: lambda held, day: held == day,
    keys.DateRelation.SINCE: lambda held, day: held >= day,
}
_COMPILERS: Final[Mapping[type, Callable[[Any], Compiled]]] = {
    keys.AllKey: _all,
    keys.FlagKey: _flag,
    keys.LargerKey: _larger,
    keys.SmallerKey: _smaller,
    keys.ModSeqKey: _modseq,
    keys.EmailIdKey: _email_id,
    keys.ThreadIdKey: _thread_id,
    keys.DateKey: _date,
    keys.HeaderKey: _header,
    keys.BodyKey: _body,
    keys.TextKey: _text,
}
