"""Content lines, of which vCard and iCalendar are made (RFC 6350 §3.3, RFC 5545 §3.1). Pure.

Lines are unfolded and cut into name, parameters and value here; what a value says is `values`'s,
and `serialize` writes lines. Taken beyond the grammar, because programs write it:

- LF or CR alone as the end of a line, empty lines, a byte order mark;
- parameters without a name, as vCard 2.1 has them (`TEL;HOME:`), and empty ones (`TEL;;PREF:`);
- `_` in names, quotes within the value of a parameter.

Hot: every object that is put is read by it (20 µs for an event of 1 KB).
"""

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import NamedTuple

Params = Mapping[str, tuple[str, ...]]
"""The parameters of a line: names in upper case → values, unquoted, in the order of the line."""


class Line(NamedTuple):
    """A content line: `name` in upper case, `group` as written, the value still escaped."""

    name: str
    group: str
    params: Params
    value: str


class BadContentLine(ValueError):
    """Line `number` of the data (from 1) is none; `why` says what is wrong with it."""

    def __init__(self, number: int, why: str) -> None:
        super().__init__(f"Line {number} {why}")
        self.number = number
        self.why = why


class _BadHeadError(Exception):
    """What is wrong with the part of a line before its value."""


_BOM = b"\xef\xbb\xbf"
_STRAY_CR = re.compile(rb"\r+\n?")
_FOLD = re.compile(rb"\n[ \t]")
_START = re.compile(rb"\n(?![ \t])")
_CONTROLS = bytes([*range(9), 11, 12, *range(14, 32), 127])
_CONTROL = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]|\xef\xbf[\xbe\xbf]")
_NAME = re.compile(r"(?:([A-Za-z0-9_-]+)\.)?([A-Za-z0-9_-]+)")
_QUOTED_HEAD = re.compile(r'[^":]*+(?>(?:"[^"]*+"[^":]*+)+)(?=:)')
_QUOTED_OR = {separator: re.compile(rf'"[^"]*"|{separator}') for separator in (";", ",")}
_CARET = re.compile(r"\^([n^'])")
_CARETS = {"n": "\n", "^": "^", "'": '"'}
_CACHED_HEAD = 200

# What a parameter without a name means (vCard 2.1 §2.1.3); all others are types.
_NAMELESS = {
    "QUOTED-PRINTABLE": "ENCODING",
    "BASE64": "ENCODING",
    "8BIT": "ENCODING",
    "7BIT": "ENCODING",
    "INLINE": "VALUE",
    "URL": "VALUE",
    "CONTENT-ID": "VALUE",
    "CID": "VALUE",
}


def content_lines(
    data: bytes, *, max_lines: int | None = None, max_octets: int | None = None
) -> Iterator[Line]:
    """Give the lines of the data; at most `max_lines` of at most `max_octets`, unfolded.

    Raises `BadContentLine` at the first line that is none, and at once where a limit is exceeded,
    the text is not UTF-8, or holds control characters, which neither XML nor a client can show.
    """
    unfolded = _unfold(data)
    _check(data, unfolded, max_lines, max_octets)
    try:
        text = unfolded.decode()
    except UnicodeDecodeError as error:
        index = unfolded.count(b"\n", 0, error.start)
        raise BadContentLine(_number(data, index), "is not UTF-8.") from None
    return _lines(data, text)


def _lines(data: bytes, text: str) -> Iterator[Line]:
    new, line_type, split_head = tuple.__new__, Line, _split_head
    for index, line in enumerate(text.split("\n")):
        head, colon, value = line.partition(":")
        try:
            if '"' in head:
                head, value = _split_quoted(line)
            elif not line:
                continue
            elif not colon:
                raise BadContentLine(
                    _number(data, index), f"has no colon after its name: {line[:40]!r}"
                )
            name, group, params = (
                split_head(head) if len(head) <= _CACHED_HEAD else _parse_head(head)
            )
        except _BadHeadError as error:
            raise BadContentLine(_number(data, index), str(error)) from None
        yield new(line_type, (name, group, params, value))


def _unfold(data: bytes) -> bytes:
    """Return the data with one line in each line, ended by LF.

    Done on octets: some programs fold within a UTF-8 sequence (RFC 5545 §3.1).
    """
    data = _normalize(data)
    if b"\n\t" in data:
        return _FOLD.sub(b"", data)
    return data.replace(b"\n ", b"")


def _normalize(data: bytes) -> bytes:
    data = data.removeprefix(_BOM).replace(b"\r\n", b"\n")
    return _STRAY_CR.sub(b"\n", data) if b"\r" in data else data


def _check(data: bytes, unfolded: bytes, max_lines: int | None, max_octets: int | None) -> None:
    if max_octets is not None and len(unfolded) > max_octets:
        for index, line in enumerate(unfolded.split(b"\n")):
            if len(line) > max_octets:
                why = f"has {len(line)} octets; {max_octets} are allowed."
                raise BadContentLine(_number(data, index), why)
    if max_lines is not None and unfolded.rstrip(b"\n").count(b"\n") >= max_lines:
        why = f"is one too many: {max_lines} are allowed."
        raise BadContentLine(_number(data, max_lines), why)
    clean = len(unfolded.translate(None, _CONTROLS)) == len(unfolded)
    if not clean or b"\xef\xbf\xbe" in unfolded or b"\xef\xbf\xbf" in unfolded:
        found = _CONTROL.search(unfolded)
        assert found is not None
        index = unfolded.count(b"\n", 0, found.start())
        code = ord(found[0].decode())
        raise BadContentLine(
            _number(data, index), f"holds the control character U+{code:04X}; take it out."
        )


def _number(data: bytes, index: int) -> int:
    """Return the number, in the data as it came, of the line with this index when unfolded."""
    data = _normalize(data)
    position = 0
    for _ in range(index):
        found = _START.search(data, position)
        assert found is not None
        position = found.end()
    return data.count(b"\n", 0, position) + 1


def _split_quoted(line: str) -> tuple[str, str]:
    """Split a line whose parameters may hold the colon between quotes."""
    found = _QUOTED_HEAD.match(line)
    if found is None:
        raise _BadHeadError("has a quote that is not closed.")
    return found[0], line[found.end() + 1 :]


def _parse_head(head: str) -> tuple[str, str, Params]:
    """Return name, group and parameters; raises `_BadHeadError` with what is wrong."""
    name, semicolon, rest = head.partition(";")
    found = _NAME.fullmatch(name)
    if found is None:
        raise _BadHeadError(f"does not begin with a name: {head[:40]!r}")
    group, name = found.groups(default="")
    return name.upper(), group, _parse_params(rest) if semicolon else {}


# Of short heads; a few hundred different ones make up nearly all lines.
_split_head = lru_cache(maxsize=2_048)(_parse_head)


def _parse_params(text: str) -> Params:
    params: dict[str, list[str]] = {}
    for piece in _split(text, ";"):
        if not piece:
            continue
        name, equals, value = piece.partition("=")
        name = name.upper()
        if not equals:
            name, value = _NAMELESS.get(name, "TYPE"), piece
        if _NAME.fullmatch(name) is None or "." in name:
            raise _BadHeadError(f"has a parameter without a name: {piece[:40]!r}")
        params.setdefault(name, []).extend(_parse_items(value))
    return {name: tuple(items) for name, items in params.items()}


def _parse_items(value: str) -> list[str]:
    items = _split(value, ",")
    if '"' in value:
        items = [
            item[1:-1] if item[:1] == item[-1:] == '"' and item.count('"') == 2 else item
            for item in items
        ]
    if "^" in value:
        return [_CARET.sub(_uncaret, item) for item in items]
    return items


def _split(text: str, separator: str) -> list[str]:
    """Split at the separators outside quotes, of which there is an even number."""
    if '"' not in text:
        return text.split(separator)
    pieces = []
    start = 0
    for match in _QUOTED_OR[separator].finditer(text):
        if match[0] == separator:
            pieces.append(text[start : match.start()])
            start = match.end()
    pieces.append(text[start:])
    return pieces


def _uncaret(match: re.Match[str]) -> str:
    """Undo an escape of RFC 6868 §3.1; what is no escape stays (§3.2)."""
    return _CARETS[match[1]]
