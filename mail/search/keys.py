"""What a search looks for (RFC 3501 §6.4.4, RFC 7162 §3.1.5) as a tree of values. Pure.

What a key finds is not decided here; nor is a key rewritten.
"""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Protocol, Union


class MessageSet(Protocol):
    """Numbers of messages as a client named them."""

    @property
    def is_saved(self) -> bool:
        """Tell whether it is the result of the last search that was saved."""

    def resolve(self, largest: int) -> list[tuple[int, int]]:
        """Return ascending, disjoint ranges, of which the last number in use is known."""


class DateField(Enum):
    """Which date of a message is compared."""

    INTERNAL = "internal"
    SENT = "sent"


class DateRelation(Enum):
    """How it is compared; times and zones are disregarded."""

    BEFORE = "before"
    ON = "on"
    SINCE = "since"


@dataclass(frozen=True, slots=True)
class AllKey:
    """Every message."""


@dataclass(frozen=True, slots=True)
class AndKey:
    """Messages that every key finds."""

    keys: tuple["SearchKey", ...]


@dataclass(frozen=True, slots=True)
class OrKey:
    """Messages that either key finds."""

    left: "SearchKey"
    right: "SearchKey"


@dataclass(frozen=True, slots=True)
class NotKey:
    """Messages that the key does not find."""

    key: "SearchKey"


@dataclass(frozen=True, slots=True)
class SeqKey:
    """Messages by sequence number."""

    messages: MessageSet


@dataclass(frozen=True, slots=True)
class UidKey:
    """Messages by UID."""

    messages: MessageSet


@dataclass(frozen=True, slots=True)
class FlagKey:
    """Messages with a flag or keyword."""

    flag: str


@dataclass(frozen=True, slots=True)
class HeaderKey:
    r"""Messages with text in a header field; empty text asks for the field alone."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class BodyKey:
    """Messages with text in the body."""

    value: str


@dataclass(frozen=True, slots=True)
class TextKey:
    """Messages with text in header or body."""

    value: str


@dataclass(frozen=True, slots=True)
class LargerKey:
    """Messages of more octets."""

    size: int


@dataclass(frozen=True, slots=True)
class SmallerKey:
    """Messages of fewer octets."""

    size: int


@dataclass(frozen=True, slots=True)
class DateKey:
    """Messages by date."""

    field: DateField
    relation: DateRelation
    day: dt.date


@dataclass(frozen=True, slots=True)
class ModSeqKey:
    """Messages whose mod-sequence is at least this (RFC 7162 §3.1.5)."""

    modseq: int


@dataclass(frozen=True, slots=True)
class EmailIdKey:
    """Messages of one EMAILID (RFC 8474 §6); None stands for one that no message has."""

    email_id: int | None


@dataclass(frozen=True, slots=True)
class ThreadIdKey:
    """Messages of one THREADID; None likewise."""

    thread_id: int | None


SearchKey = Union[  # noqa: UP007 - a union with forward references to itself
    AllKey, AndKey, OrKey, NotKey, SeqKey, UidKey, FlagKey, HeaderKey, BodyKey, TextKey,
    LargerKey, SmallerKey, DateKey, ModSeqKey, EmailIdKey, ThreadIdKey,
]  # fmt: skip


def with_trusted(key: SearchKey, trust: Callable[[int], int]) -> SearchKey:
    """Return a key with what `trust` makes of each of its mod-sequences."""
    match key:
        case AndKey(keys=inner):
            return AndKey(tuple(with_trusted(part, trust) for part in inner))
        case OrKey(left=left, right=right):
            return OrKey(with_trusted(left, trust), with_trusted(right, trust))
        case NotKey(key=negated):
            return NotKey(with_trusted(negated, trust))
        case ModSeqKey(modseq=modseq):
            return ModSeqKey(trust(modseq))
    return key


def has_seqs(key: SearchKey) -> bool:
    """Tell whether a key speaks of messages by their sequence numbers."""
    match key:
        case SeqKey(messages=messages):
            return not messages.is_saved
        case AndKey(keys=inner):
            return any(map(has_seqs, inner))
        case OrKey(left=left, right=right):
            return has_seqs(left) or has_seqs(right)
        case NotKey(key=negated):
            return has_seqs(negated)
    return False
