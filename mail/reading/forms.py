"""The wire forms that the store keeps (RFC 3501 §9), read back into values. Pure.

They were made by `mail.mime`: what stands here is not meant for what clients send.
"""

import re
from typing import Final, Union

Form = Union[None, int, bytes, tuple["Form", ...]]  # noqa: UP007 - a union with itself inside
"""NIL, a number, a string, or a list."""

_TOKEN: Final = re.compile(
    rb" *(?:(?P<open>\()|(?P<close>\))|\"(?P<quoted>(?>(?:[^\"\\]++|\\.)*))\"|\{(?P<size>\d+)\}\r\n"
    rb"|(?P<atom>[^ ()\"{]++))",
    re.DOTALL,
)
_QUOTED_PAIR: Final = re.compile(rb"\\(.)", re.DOTALL)


def read_form(wire: bytes) -> Form:
    """Return the value that a wire form stands for, however deep it nests."""
    position = 0
    open_lists: list[list[Form]] = [[]]
    while match := _TOKEN.match(wire, position):
        position = match.end()
        if match["open"]:
            open_lists.append([])
            continue
        value: Form
        if match["close"]:
            value = tuple(open_lists.pop())
        elif match["size"] is not None:
            value = wire[position : position + int(match["size"])]
            position += int(match["size"])
        elif match["atom"] is not None:
            value = None if match["atom"] == b"NIL" else int(match["atom"])
        else:
            value = _QUOTED_PAIR.sub(rb"\1", match["quoted"])
        open_lists[-1].append(value)
    return open_lists[0][0]
