"""Authentication-Results (RFC 8601): writing ours, and taking away what claims to be ours. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import NamedTuple

__all__ = ["Result", "fold_results", "remove_fields", "remove_forged", "render_value"]

_FIELD = (
    rb"(?:(?<=[\r\n])|\A)(?:%b)[ \t]*+(?>(?:\r?\n[ \t]++)*):"
    rb"((?>(?:[^\r\n]++|(?:\r\n|[\r\n])(?=[ \t]))*))(?:\r\n|[\r\n]|\Z)"
)
_HEADER_END = re.compile(rb"\A\r*+\n|\n\r*+\n")
_TOKEN = re.compile(rb"[!#$%&'*+.0-9A-Z^_`a-z{|}~\x80-\xff-]++")
_QUOTED = re.compile(rb"\"((?>(?:[^\"\\]++|\\.)*))\"", re.DOTALL)
_PAIR = re.compile(rb"\\(.)", re.DOTALL)
_COMMENT_PART = re.compile(rb"[^()\\]++|\\.|[()]", re.DOTALL)
_SPACE = re.compile(rb"[ \t\r\n]*+")
MAX_COMMENT_DEPTH = 100
MAX_VALUE = 255
# What needs no quotes: a token, or a domain name behind at most one @ (RFC 8601 §2.2, pvalue).
_PLAIN = re.compile(r"[A-Za-z0-9!#$&'*+.^_`{|}~-]*@?[A-Za-z0-9._-]+")


class Result(NamedTuple):
    """One `method=result (comment) ptype.property=value …`."""

    method: str
    result: str
    comment: str = ""
    properties: tuple[tuple[str, str], ...] = ()


def fold_results(authserv_id: str, results: Iterable[Result]) -> bytes:
    """Return what stands behind the field's name, folded, with its CRLF.

    Whatever came from outside is a value here, and values are quoted: nothing ends the line, the
    result or the quotes that they stand in.
    """
    parts = [render_value(authserv_id)]
    for held in results:
        text = f"{held.method}={held.result}"
        if held.comment:
            text += f" ({_printable(held.comment, but='()')})"
        for name, value in held.properties:
            if value:
                text += f"\r\n\t {name}={render_value(value)}"
        parts.append(text)
    return (";\r\n\t".join(parts) + "\r\n").encode("ascii")


def render_value(value: str) -> str:
    """Return a value as it stands in the field: plain, or a quoted string."""
    value = _printable(value)
    if _PLAIN.fullmatch(value):
        return value
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _printable(text: str, *, but: str = "") -> str:
    return "".join(
        char if " " <= char <= "~" and char not in but and (char != "\\" or not but) else "?"
        for char in text[:MAX_VALUE]
    )


def remove_forged(data: bytes, authserv_id: str) -> bytes:
    """Return a message without the fields that claim to be of this server (RFC 8601 §5).

    So do those that are too broken to tell. Looked for wherever some program may see a field: at
    the beginning of each line, however it ends, up to the blank line. Other octets stay as they
    are; the same object comes back where there is nothing to remove.
    """
    own = authserv_id.lower().rstrip(".").encode("ascii", "replace")

    def is_forged(value: bytes) -> bool:
        claimed = _read_authserv_id(value)
        return claimed is None or claimed == own or not claimed.isascii()

    return _remove(data, (b"authentication-results",), is_forged)


def remove_fields(data: bytes, names: tuple[bytes, ...]) -> bytes:
    """Return a message without the fields of these names, wherever a program may see one."""
    return _remove(data, names, lambda _value: True)


def _remove(data: bytes, names: tuple[bytes, ...], is_unwanted: Callable[[bytes], bool]) -> bytes:
    found = _HEADER_END.search(data)
    end = found.end() if found else len(data)
    kept: list[bytes] = []
    position = 0
    for match in _pattern(names).finditer(data, 0, end):
        if is_unwanted(match[1]):
            before = data[position : match.start()]
            kept.append(before)
            # Behind a bare CR it shares a line with another field, whose end stays.
            position = match.end(1 if before.endswith(b"\r") else 0)
    return b"".join([*kept, data[position:]]) if kept else data


@lru_cache(maxsize=16)
def _pattern(names: tuple[bytes, ...]) -> re.Pattern[bytes]:
    return re.compile(_FIELD % b"|".join(map(re.escape, names)), re.IGNORECASE)


def _read_authserv_id(value: bytes) -> bytes | None:
    """Return the identifier in lower case, None where none can be read."""
    at = _skip_comments(value, 0)
    if at is None:
        return None
    if token := _TOKEN.match(value, at):
        return token[0].lower().rstrip(b".")
    if quoted := _QUOTED.match(value, at):
        unfolded = quoted[1].replace(b"\r", b"").replace(b"\n", b"")
        return _PAIR.sub(rb"\1", unfolded).strip(b" \t").lower().rstrip(b".")
    return None


def _skip_comments(value: bytes, at: int) -> int | None:
    """Return where white space and comments end (RFC 5322 §3.2.2), None where one does not."""
    while True:
        space = _SPACE.match(value, at)
        at = space.end() if space else at
        if not value.startswith(b"(", at):
            return at
        depth = 0
        for part in _COMMENT_PART.finditer(value, at):
            depth += {b"(": 1, b")": -1}.get(part[0], 0)
            if depth == 0 or depth > MAX_COMMENT_DEPTH:
                break
        else:
            return None
        if depth:
            return None
        at = part.end()
