"""Modified UTF-7, the encoding of mailbox names (RFC 3501 §5.1.3)."""

import re
from base64 import b64decode, b64encode
from binascii import Error as Base64Error

_SHIFTED = re.compile(rb"&([A-Za-z0-9+,]*)-")
_OUTSIDE = re.compile(r"&|[^\x20-\x7e]+")


def encode_utf7(name: str) -> bytes:
    """Return the name as it travels; every name of valid Unicode has exactly one form."""
    return _OUTSIDE.sub(_encode_run, name).encode("ascii")


def decode_utf7(data: bytes) -> str | None:
    """Return the name, or None where the bytes are not the one valid form of a name."""
    try:
        decoded = _SHIFTED.sub(_decode_run, data).decode("utf-8")
        return decoded if encode_utf7(decoded) == data else None
    except (UnicodeError, Base64Error):
        return None


def _encode_run(match: re.Match[str]) -> str:
    run = match[0]
    if run == "&":
        return "&-"
    encoded = b64encode(run.encode("utf-16-be")).rstrip(b"=").replace(b"/", b",")
    return f"&{encoded.decode('ascii')}-"


def _decode_run(match: re.Match[bytes]) -> bytes:
    run = match[1].replace(b",", b"/")
    if not run:
        return b"&"
    padded = run + b"=" * (-len(run) % 4)
    return b64decode(padded, validate=True).decode("utf-16-be").encode("utf-8")
