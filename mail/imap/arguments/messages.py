"""Arguments of the commands about messages of the open mailbox."""

from collections.abc import Callable
from functools import lru_cache
from typing import Final

from mail.imap.fetchitems import FetchItem, parse_fetch_items
from mail.imap.requests import Copy, Fetch, Request, Store, StoreMode, UidExpunge
from mail.imap.wire import ProtocolError, Reader

KEPT: Final = 128
LONGEST_KEPT: Final = 512
"""Texts of FETCH and of STORE that need not be parsed again, and their octets at most."""
Asked = tuple[tuple[FetchItem, ...], int | None, bool]
"""Data items, CHANGEDSINCE, and whether VANISHED is told as well."""
Given = tuple[int | None, StoreMode, bool, tuple[str, ...]]
"""UNCHANGEDSINCE, what is done with the flags, whether silently, and the flags."""


def take_fetch(*, by_uid: bool) -> Callable[[Reader], Request]:
    """Return the parser of FETCH or of its UID form."""

    def parse_fetch(reader: Reader) -> Request:
        reader.space()
        messages = reader.sequence_set()
        reader.space()
        rest = reader.rest_of_all(longest=LONGEST_KEPT)
        items, changed_since, vanished = _parse_asked(reader) if rest is None else _asked(rest)
        if vanished and not by_uid:
            raise ProtocolError("VANISHED belongs to UID FETCH.")
        return Fetch(messages, items, changed_since, by_uid, vanished)

    return parse_fetch


@lru_cache(maxsize=KEPT)
def _asked(text: bytes) -> Asked:
    """Return what a FETCH asks for, of its text. Hot: one by one, clients ask for the same."""
    reader = Reader([text])
    asked = _parse_asked(reader)
    reader.end()
    return asked


def _parse_asked(reader: Reader) -> Asked:
    items = parse_fetch_items(reader)
    changed_since, vanished = _fetch_modifiers(reader) if reader.accept(b" ") else (None, False)
    return items, changed_since, vanished


def _fetch_modifiers(reader: Reader) -> tuple[int, bool]:
    """Take `(CHANGEDSINCE mod-sequence [VANISHED])`, in either order (RFC 7162 §7)."""
    changed_since: int | None = None
    vanished = False

    def modifier() -> None:
        nonlocal changed_since, vanished
        match reader.word("a modifier"):
            case "CHANGEDSINCE" if changed_since is None:
                reader.space()
                changed_since = reader.modseq()
            case "VANISHED" if not vanished:
                vanished = True
            case _:
                raise ProtocolError("Unknown modifier.")

    reader.parenthesized(modifier, "modifiers")
    if changed_since is None:
        raise ProtocolError("Expected CHANGEDSINCE.")
    return changed_since, vanished


def take_store(*, by_uid: bool) -> Callable[[Reader], Request]:
    """Return the parser of STORE or of its UID form."""

    def parse_store(reader: Reader) -> Request:
        reader.space()
        messages = reader.sequence_set()
        reader.space()
        rest = reader.rest_of_all(longest=LONGEST_KEPT)
        unchanged_since, mode, silent, flags = (
            _parse_given(reader) if rest is None else _given(rest)
        )
        return Store(messages, mode, flags, silent, unchanged_since, by_uid)

    return parse_store


@lru_cache(maxsize=KEPT)
def _given(text: bytes) -> Given:
    """Return what a STORE does, of its text. Hot: one by one, clients do the same."""
    reader = Reader([text])
    given = _parse_given(reader)
    reader.end()
    return given


def _parse_given(reader: Reader) -> Given:
    unchanged_since = None
    if reader.at(b"("):
        unchanged_since = _modifier(reader, b"UNCHANGEDSINCE ")
        reader.space()
    mode = StoreMode.REPLACE
    if reader.accept(b"+"):
        mode = StoreMode.ADD
    elif reader.accept(b"-"):
        mode = StoreMode.REMOVE
    word = reader.word("FLAGS")
    if word not in {"FLAGS", "FLAGS.SILENT"}:
        raise ProtocolError("Expected FLAGS.")
    reader.space()
    return unchanged_since, mode, word != "FLAGS", _store_flags(reader)


def take_copy(*, by_uid: bool) -> Callable[[Reader], Request]:
    """Return the parser of COPY and MOVE or of its UID form."""

    def parse_copy(reader: Reader) -> Request:
        reader.space()
        messages = reader.sequence_set()
        reader.space()
        return Copy(messages, reader.mailbox(), by_uid)

    return parse_copy


def parse_uid_expunge(reader: Reader) -> Request:
    """Take a UID set."""
    reader.space()
    return UidExpunge(reader.sequence_set())


def _modifier(reader: Reader, name: bytes) -> int:
    reader.expect(b"(", "a list of modifiers")
    if not reader.accept_word(name):
        raise ProtocolError("Unknown modifier.")
    value = reader.modseq()
    reader.expect(b")", "')' after the modifier")
    return value


def _store_flags(reader: Reader) -> tuple[str, ...]:
    if reader.at(b"("):
        return reader.flag_list()
    flags = [reader.flag()]
    while reader.accept(b" ") and not reader.at_end():
        flags.append(reader.flag())
    return tuple(dict.fromkeys(flags))
