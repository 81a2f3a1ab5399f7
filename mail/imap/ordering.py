"""SORT's keys, and rows in their order (RFC 5256 §2.2 and §3, RFC 5957). Pure.

Hot: guarded by the SORT benchmark. Addresses are those of the ENVELOPE that the row keeps in its
wire form; a group's name is then the mailbox of its first address.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from operator import itemgetter
from typing import Any, Final

from mail.mime.collation import casemap
from mail.mime.envelope import EnvelopeField, read_first_address
from mail.mime.text import decode_header


class SortKey(Enum):
    """What messages are ordered by."""

    ARRIVAL = "ARRIVAL"
    CC = "CC"
    DATE = "DATE"
    DISPLAYFROM = "DISPLAYFROM"
    DISPLAYTO = "DISPLAYTO"
    FROM = "FROM"
    SIZE = "SIZE"
    SUBJECT = "SUBJECT"
    TO = "TO"


@dataclass(frozen=True, slots=True)
class SortCriterion:
    """A key, and whether its order is turned around."""

    key: SortKey
    reverse: bool = False


Row = tuple[Any, ...]
KeyFunction = Callable[[Row], Any]


def fields_of(criteria: Iterable[SortCriterion]) -> tuple[str, ...]:
    """Return the fields of a row that are needed, the UID first."""
    needed = [name for criterion in criteria for name in _KEYS[criterion.key][0]]
    return tuple(dict.fromkeys(("uid", *needed)))


def sort_rows(rows: Iterable[Row], criteria: Sequence[SortCriterion]) -> list[Row]:
    """Return rows of `fields_of` these criteria in order; equal ones stay in theirs."""
    fields = fields_of(criteria)
    ordered = list(rows)
    for criterion in reversed(criteria):
        names, make = _KEYS[criterion.key]
        key = make(*map(fields.index, names))
        ordered.sort(key=key, reverse=criterion.reverse)
    return ordered


def _subject(place: int) -> KeyFunction:
    return lambda row: casemap(row[place])


def _mailbox_of(field: EnvelopeField) -> Callable[[int], KeyFunction]:
    def make(place: int) -> KeyFunction:
        return lambda row: casemap(_mailbox(row[place], field))

    return make


def _mailbox(envelope: bytes, field: EnvelopeField) -> str:
    address = read_first_address(bytes(envelope), field)
    return decode_header((address and address.mailbox) or b"")


def _display_of(field: EnvelopeField) -> Callable[[int], KeyFunction]:
    def make(place: int) -> KeyFunction:
        return lambda row: casemap(_display(row[place], field))

    return make


def _display(envelope: bytes, field: EnvelopeField) -> str:
    """Return what is shown of the first address (RFC 5957 §3)."""
    address = read_first_address(bytes(envelope), field)
    if address is None:
        return ""
    name = decode_header(address.name or b"")
    if name:
        return name
    mailbox = decode_header(address.mailbox or b"")
    return f"{mailbox}@{decode_header(address.host)}" if address.host else mailbox


_ENVELOPE: Final = ("envelope",)
_KEYS: Final[Mapping[SortKey, tuple[tuple[str, ...], Callable[..., KeyFunction]]]] = {
    SortKey.ARRIVAL: (("internal_date",), itemgetter),
    SortKey.CC: (_ENVELOPE, _mailbox_of(EnvelopeField.CC)),
    SortKey.DATE: (("sent_or_arrived",), itemgetter),
    SortKey.DISPLAYFROM: (_ENVELOPE, _display_of(EnvelopeField.FROM)),
    SortKey.DISPLAYTO: (_ENVELOPE, _display_of(EnvelopeField.TO)),
    SortKey.FROM: (_ENVELOPE, _mailbox_of(EnvelopeField.FROM)),
    SortKey.SIZE: (("size",), itemgetter),
    SortKey.SUBJECT: (("base_subject",), _subject),
    SortKey.TO: (_ENVELOPE, _mailbox_of(EnvelopeField.TO)),
}
"""For each key the fields of a row, and what makes the key's function of their positions."""
