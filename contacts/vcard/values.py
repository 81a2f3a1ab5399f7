"""Values of the type TEXT, lists and structured values (RFC 6350 §3.4, RFC 5545 §3.3.11). Pure."""

import re
from collections.abc import Iterable, Sequence

_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_ESCAPES = {"n": "\n", "N": "\n", "\\": "\\", ",": ",", ";": ";", ":": ":"}
_SPECIAL = str.maketrans({"\\": "\\\\", ",": "\\,", ";": "\\;", "\n": "\\n", "\r": None})
_ESCAPE_OR = {separator: re.compile(rf"\\.|{separator}", re.DOTALL) for separator in (",", ";")}


def unescape_text(value: str) -> str:
    r"""Return the text that an escaped value says.

    `\:` is taken for a colon, as some programs write it; what is no escape stays as it is.
    """
    return _ESCAPE.sub(_unescape, value) if "\\" in value else value


def escape_text(text: str) -> str:
    r"""Return the text as a value: backslash, comma, semicolon and newline escaped.

    CRLF becomes `\n`; a CR alone has no form and is dropped.
    """
    return text.translate(_SPECIAL)


def split_list(value: str) -> list[str]:
    """Return the texts of a value that is a list: between commas that are not escaped."""
    return [unescape_text(piece) for piece in _split(value, ",")]


def join_list(texts: Iterable[str]) -> str:
    """Return the value that `split_list` reads as these texts."""
    return ",".join(map(escape_text, texts))


def split_structured(value: str) -> list[list[str]]:
    """Return the components of a structured value, each the list of its texts (N, ADR, ORG)."""
    return [split_list(component) for component in _split(value, ";")]


def join_structured(components: Iterable[Sequence[str]]) -> str:
    """Return the value that `split_structured` reads as these components."""
    return ";".join(map(join_list, components))


def _split(value: str, separator: str) -> list[str]:
    if "\\" not in value:
        return value.split(separator)
    pieces = []
    start = 0
    for match in _ESCAPE_OR[separator].finditer(value):
        if match[0] == separator:
            pieces.append(value[start : match.start()])
            start = match.end()
    pieces.append(value[start:])
    return pieces


def _unescape(match: re.Match[str]) -> str:
    return _ESCAPES.get(match[1], match[0])
