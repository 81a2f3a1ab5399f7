r"""What vCard 2.1 writes in its own way, led to the way of 3.0: encodings, character sets. Pure.

Soft line breaks of quoted-printable are no folds (vCard 2.1 §2.1.3), and a comma is a comma
there, not what parts a list. Programs write such encodings into cards that say 3.0, too.
"""

import binascii
import re

from contacts.vcard.contentlines import Line, Params
from mail.mime.charsets import decode_octets

_QUOTED_PRINTABLE = "QUOTED-PRINTABLE"
_BASE64 = {"BASE64", "B"}
_COMMA = re.compile(r"\\.|,", re.DOTALL)
_TEXTS = {"FN", "N", "ADR", "LABEL", "ORG", "TITLE", "ROLE", "NOTE", "TEL", "EMAIL", "UID"}
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff]")


def join_soft_breaks(data: bytes) -> bytes:
    """Return the data with each value in quoted-printable on one line."""
    if _QUOTED_PRINTABLE.encode() not in data.upper():
        return data
    pieces: list[bytes] = []
    is_quoted = is_open = False
    for line in data.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n"):
        if not is_open:
            is_quoted = _QUOTED_PRINTABLE.encode() in line.partition(b":")[0].upper()
        stripped = line.rstrip(b" \t")
        is_open = is_quoted and stripped.endswith(b"=")
        pieces.append(stripped[:-1] if is_open else line + b"\n")
    return b"".join(pieces)


def modernize(line: Line, *, is_old: bool) -> Line:
    """Return the line as vCard 3.0 would have it; `is_old` for one of a card of 2.1."""
    encoding = line.params.get("ENCODING", ("",))[0].upper()
    if not is_old and encoding != _QUOTED_PRINTABLE:
        return line
    value = line.value
    if encoding == _QUOTED_PRINTABLE:
        value = _decode(value, line.params)
    if is_old and line.name in _TEXTS:
        value = _COMMA.sub(lambda found: "\\," if found[0] == "," else found[0], value)
    params = {
        name: items for name, items in line.params.items() if name not in {"CHARSET", "ENCODING"}
    }
    if params.get("VALUE") == ("URL",):
        params["VALUE"] = ("uri",)
    if encoding in _BASE64:
        params["ENCODING"] = ("b",)
        value = "".join(value.split())
    return Line(line.name, line.group, params, value)


def _decode(value: str, params: Params) -> str:
    charset = params.get("CHARSET", ("",))[0].encode()
    text = decode_octets(binascii.a2b_qp(value.encode()), charset)
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\n", "\\n")
    return _CONTROL.sub("", text)
