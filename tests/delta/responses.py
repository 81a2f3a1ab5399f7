"""Reading what an IMAP server says (RFC 3501 §7), on the client's side and strictly.

Nothing here is shared with the server: one misreading on both sides would hide itself.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from tests.transcripts.script import take_response

Token = bytes | list["Token"]
"""An atom, a number or a string as its octets, or a list of tokens."""

_TOKEN = re.compile(
    rb'"(?P<quoted>(?:[^"\\\r\n]|\\["\\])*)"|\{(?P<literal>[0-9]+)\}\r\n|(?P<mark>[()])'
    rb"|(?P<atom>[^\x00-\x20\x7f(){\"]+)"
)
_STATUS = re.compile(rb"(?P<condition>OK|NO|BAD|BYE)(?: \[(?P<code>[^\]]+)\])? (?P<text>[^\r\n]+)")
_CONDITIONS = (b"OK", b"NO", b"BAD", b"BYE")


class Violation(AssertionError):
    """The server spoke against the protocol."""


@dataclass(frozen=True, slots=True)
class Status:
    """A status response; `code` is its response code in words, empty where it has none."""

    tag: bytes
    condition: str
    code: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Data:
    """An untagged response about a message or the mailbox, `number` where it has one."""

    name: str
    number: int
    tokens: list[Token]


@dataclass(frozen=True, slots=True)
class Continuation:
    """A request to go on."""


Response = Status | Data | Continuation


def read_responses(buffer: bytearray) -> Iterator[Response]:
    """Take and read every whole response of a buffer."""
    while (line := take_response(buffer)) is not None:
        yield read_response(line)


def read_response(line: bytes) -> Response:
    """Read one response without its last CRLF."""
    tag, _, rest = line.partition(b" ")
    if tag == b"+":
        return Continuation()
    word = rest.split(b" ", 1)[0]
    if tag != b"*" or word in _CONDITIONS:
        return _read_status(tag, rest)
    if word.isdigit():
        _, _, rest = rest.partition(b" ")
        name, *tokens = _tokens(rest)
        return Data(_word(name), int(word), tokens)
    name, *tokens = _tokens(rest)
    return Data(_word(name), 0, tokens)


def _read_status(tag: bytes, rest: bytes) -> Status:
    found = _STATUS.fullmatch(rest)
    if found is None:
        raise Violation(f"no status response: {tag!r} {rest!r}")
    code = tuple((found["code"] or b"").replace(b"(", b"").replace(b")", b"").split())
    return Status(tag, found["condition"].decode(), code)


def _word(token: Token) -> str:
    if not isinstance(token, bytes):
        raise Violation(f"a list where a word belongs: {token!r}")
    return token.decode("ascii").upper()


def _tokens(text: bytes) -> list[Token]:
    """Read the rest of a response; lists nest."""
    lists: list[list[Token]] = [[]]
    place = 0
    while place < len(text):
        found = _TOKEN.match(text, place)
        if found is None:
            raise Violation(f"no token at {place} of {text!r}")
        place = found.end()
        if found["mark"] == b"(":
            lists.append([])
        elif found["mark"] == b")":
            if len(lists) == 1:
                raise Violation(f"a list ends that never began: {text!r}")
            inner = lists.pop()
            lists[-1].append(inner)
        else:
            token, place = _string(found, text)
            lists[-1].append(token)
        place += text[place : place + 1] == b" "
    if len(lists) != 1:
        raise Violation(f"a list never ends: {text!r}")
    return lists[0]


def _string(found: "re.Match[bytes]", text: bytes) -> tuple[bytes, int]:
    """Return an atom or a string, and where it ends; `[…]` of a section belongs to its atom."""
    if found["literal"] is not None:
        end = found.end() + int(found["literal"])
        return text[found.end() : end], end
    if found["quoted"] is not None:
        return re.sub(rb"\\(.)", rb"\1", found["quoted"]), found.end()
    atom = found["atom"]
    if b"[" not in atom or b"]" in atom:
        return bytes(atom), found.end()
    end = text.index(b"]", found.end()) + 1
    return text[found.start() : end], end


def read_numbers(text: bytes) -> list[int]:
    """Return the numbers of a set in its order (RFC 4315 §4), `*` not allowed."""
    numbers: list[int] = []
    for part in text.split(b","):
        first, colon, last = part.partition(b":")
        low, high = int(first), int(last) if colon else int(first)
        numbers += range(low, high + 1) if low <= high else range(low, high - 1, -1)
    return numbers


def pairs(tokens: Token) -> dict[str, Token]:
    """Return a list of names and values, as FETCH and STATUS have them."""
    if not isinstance(tokens, list) or len(tokens) % 2:
        raise Violation(f"no list of names and values: {tokens!r}")
    names = [_word(name) for name in tokens[::2]]
    if len(set(names)) != len(names):
        raise Violation(f"an item is told twice: {tokens!r}")
    return dict(zip(names, tokens[1::2], strict=True))
