"""SEARCH the slow and obvious way: every message is decoded, folded and looked through."""

from collections.abc import Callable
from dataclasses import dataclass

from mail.mime.fields import unfold
from mail.mime.parser import parse_message
from mail.mime.text import decode_header, decode_header_block, extract_text, fold_search
from mail.search.keys import AndKey, BodyKey, HeaderKey, NotKey, OrKey, SearchKey, TextKey


@dataclass(frozen=True, slots=True)
class Decoded:
    """A message in all its pieces, folded, and its header field by field."""

    prefix: str
    pieces: list[str]
    body: list[str]
    fields: dict[str, list[str]]


def decode(data: bytes, prefix: bytes = b"") -> Decoded:
    top = parse_message(data)
    fields: dict[str, list[str]] = {}
    header = data[: top.header_end].replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    for line in header.replace(b"\n ", b" ").replace(b"\n\t", b"\t").split(b"\n"):
        name, colon, value = line.partition(b":")
        if colon:
            folded = fold_search(decode_header(unfold(value.strip())))
            fields.setdefault(name.strip(b" \t").lower().decode("latin-1"), []).append(folded)
    return Decoded(
        fold_search(decode_header_block(prefix)),
        [fold_search(piece) for piece in extract_text(data, top)],
        [fold_search(piece) for piece in extract_text(data, top, headers=False)],
        fields,
    )


def matches(message: Decoded, key: SearchKey) -> bool:
    match key:
        case AndKey(keys=inner):
            return all(matches(message, part) for part in inner)
        case OrKey(left=left, right=right):
            return matches(message, left) or matches(message, right)
        case NotKey(key=negated):
            return not matches(message, negated)
        case TextKey(value=value):
            return _any_holds([message.prefix, *message.pieces], value)
        case BodyKey(value=value):
            return _any_holds(message.body, value)
        case HeaderKey(name=name, value=value):
            return _any_holds(message.fields.get(name.lower(), []), value)
    raise AssertionError(key)


def _any_holds(texts: list[str], term: str) -> bool:
    folded = fold_search(term)
    return any(folded in text for text in texts)


def find(messages: dict[int, Decoded], key: SearchKey) -> list[int]:
    """Return the UIDs that match."""
    is_match: Callable[[Decoded], bool] = lambda message: matches(message, key)  # noqa: E731
    return [uid for uid, message in messages.items() if is_match(message)]
