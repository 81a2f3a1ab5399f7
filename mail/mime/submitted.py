"""The header of a message that somebody submits: read strictly, and what is taken out of it.

Stricter than `fields`, which reads whatever arrives: a header that programs could read in two ways
would let somebody write as another (RFC 5322 §2.2, §3.6; RFC 6409 §8). The body is never looked at.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from mail.mime.charsets import decode_octets
from mail.mime.fields import unfold

__all__ = ["BadHeader", "Field", "Header", "Mailboxes", "read_header", "read_mailboxes"]

MAX_HEADER = 1 << 20
"""Octets of a header that is submitted: fields of many thousand recipients fit."""

_FIELD_START = re.compile(rb"([!-9;-~]++):")
_FIELD = re.compile(rb"([!-9;-~]++):[^\n]*+\n(?>(?:[ \t][^\n]*+\n)*)")
_END = re.compile(rb"\r?\n")
_MAILBOX_LINE = re.compile(rb">?From [^\n]*+\n")
_BARE_CR = re.compile(rb"\r(?!\n)")


_ATOM = rb'[^\x00-\x20\x7f"(),:;<>@\[\\\]]'
_QUOTED = rb'"(?>(?:[^"\\]++|\\.)*)"'
_SPACE = rb'(?>(?:[ \t]++|\([^()<>@,:;"\\\[\]]*+\))*)'
_ADDRESS = rb"(?:%b++|%b)@%b++" % (_ATOM, _QUOTED, _ATOM)
_ONE_WORD = rb"(?>(?:%b|%b|@)+)" % (_QUOTED, _ATOM)
_PHRASE = rb"(?>(?:%b%b)*)" % (_ONE_WORD, _SPACE)
_WORD, _QUOTED_PART = re.compile(_ONE_WORD), re.compile(_QUOTED)
_GROUP_START = re.compile(
    rb"%b(?>(?:%b%b)+):" % (_SPACE, rb"(?:%b|%b++)" % (_QUOTED, _ATOM), _SPACE)
)
_GROUP_END = re.compile(rb"%b;%b(?:,|\Z)" % (_SPACE, _SPACE))
_MAILBOX = re.compile(
    rb"%b(?:(?P<bare>%b)|(?P<phrase>%b)<%b(?P<angled>%b)%b>)%b(?:,|(?=;)|\Z)"
    % (_SPACE, _ADDRESS, _PHRASE, _SPACE, _ADDRESS, _SPACE, _SPACE)
)


class BadHeader(ValueError):
    """What was submitted is no header that every program reads alike; the text says why."""


class Field(NamedTuple):
    """A field: its lower-case name, and its octets with the end of its last line."""

    name: bytes
    raw: bytes

    @property
    def value(self) -> bytes:
        """Return the value on one line."""
        return unfold(self.raw.partition(b":")[2])


class Header(NamedTuple):
    """The fields of a message, and where the blank line behind them (or the body) begins."""

    fields: Sequence[Field]
    start: int
    end: int

    def all(self, name: bytes) -> list[Field]:
        """Return the fields of a lower-case name, in order."""
        return [field for field in self.fields if field.name == name]

    def without(self, data: bytes, names: Iterable[bytes]) -> bytes:
        """Return the message that the header is of, without the fields of these names."""
        gone = set(names)
        if self.start == 0 and gone.isdisjoint(field.name for field in self.fields):
            return data
        kept = [field.raw for field in self.fields if field.name not in gone]
        return b"".join(kept) + data[self.end :]


def read_header(data: bytes) -> Header:
    """Return the header of a message; of one that is all body, no fields.

    Raises `BadHeader` for a line among the fields that is none (a blank before the colon is not for
    senders, RFC 5322 §4.5), lone CRs, NULs, and what is too
    large. A line `From ` of a mailbox before the fields is no part of them.
    """
    line = _MAILBOX_LINE.match(data)
    start = position = line.end() if line else 0
    fields: list[Field] = []
    while match := _FIELD.match(data, position):
        fields.append(Field(match[1].lower(), match.group()))
        position = match.end()
        if position > MAX_HEADER:
            raise BadHeader(f"The header has more than {MAX_HEADER} octets.")
    if not fields:
        return Header((), 0, 0)
    _check_end(data, position)
    if _BARE_CR.search(data, start, position) or b"\0" in data[start:position]:
        raise BadHeader("The header holds octets that no header may hold: a lone CR, or NUL.")
    return Header(fields, start, position)


def _check_end(data: bytes, position: int) -> None:
    if position == len(data) or _END.match(data, position):
        return
    line = data[position : position + 60].partition(b"\n")[0]
    if _FIELD_START.match(line):
        raise BadHeader("The last line of the message has no end.")
    shown = decode_octets(line).strip()
    raise BadHeader(f"The header has a line that is no field: {shown!r}. A blank line ends it.")


class Mailboxes(NamedTuple):
    """Who a field names, as addresses in text, each once; `is_clear` where all readers agree."""

    addresses: tuple[str, ...]
    is_clear: bool


_UNCLEAR = Mailboxes((), is_clear=False)


def read_mailboxes(value: bytes, limit: int) -> Mailboxes:
    """Return the addresses of an unfolded From, Sender or the like, also those within groups.

    RFC 6854 lets From hold a group; one without anybody names nobody. Nothing of the obsolete or
    broken forms is taken, of which others would read another address. An address that stands for a
    name without quotes (`a@b <a@b>`) is one of those named, since some read it so.
    """
    found: list[str] = []
    position, in_group = 0, False
    while position < len(value):
        if not in_group and (group := _GROUP_START.match(value, position)):
            position, in_group = group.end(), True
        elif in_group and (end := _GROUP_END.match(value, position)):
            position, in_group = end.end(), False
        elif mailbox := _MAILBOX.match(value, position):
            position = mailbox.end()
            found += _named_by(mailbox)
        else:
            return _UNCLEAR
        if len(found) > limit:
            return _UNCLEAR
    if in_group or not found:
        return _UNCLEAR
    return Mailboxes(tuple(dict.fromkeys(found)), is_clear=True)


def _named_by(mailbox: re.Match[bytes]) -> list[str]:
    phrase = mailbox["phrase"] or b""
    words = [word for word in _WORD.findall(phrase) if b"@" in _QUOTED_PART.sub(b"", word)]
    return [decode_octets(address) for address in (*words, mailbox["angled"] or mailbox["bare"])]
