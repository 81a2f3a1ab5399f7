"""Octets within cards, and what leads to them: PHOTO, LOGO, SOUND, KEY in both versions. Pure.

RFC 2426 writes base64 (`ENCODING=b;TYPE=JPEG`), RFC 6350 a data: URI (RFC 2397).
"""

import binascii
import re
from typing import NamedTuple

from contacts.vcard.contentlines import Line

_DATA = re.compile(r"data:([^;,]*)((?:;[^;,]*)*?)(;base64)?,(.*)", re.IGNORECASE | re.DOTALL)
_NO_LETTER = re.compile(r"[^A-Za-z0-9+/]")
_FAMILIES = {"PHOTO": "image", "LOGO": "image", "SOUND": "audio", "KEY": "application"}
_MEDIA_TYPES = {
    "JPG": "image/jpeg",
    "PGP": "application/pgp-keys",
    "X509": "application/pkix-cert",
    "WAVE": "audio/wav",
}
_TYPES = (
    {"image/jpeg": "JPEG"}
    | {media: name for name, media in _MEDIA_TYPES.items()}
    | {"image/jpeg": "JPEG"}
)
_SIGNATURES = (("iVBOR", "PNG"), ("/9j/", "JPEG"), ("R0lG", "GIF"), ("UklGR", "WEBP"))
_UNKNOWN = "application/octet-stream"


class Media(NamedTuple):
    """What a property holds: octets in base64, or else a URI; `media_type` may be empty."""

    media_type: str
    base64: str
    uri: str

    def octets(self) -> bytes:
        """Return the octets, as many as broken base64 still tells; none where a URI leads away."""
        letters = _NO_LETTER.sub("", self.base64)
        letters = letters[: len(letters) - (len(letters) % 4 == 1)]
        return binascii.a2b_base64(letters + "=" * (-len(letters) % 4))


def read_media(line: Line) -> Media:
    """Return what the property holds, in whatever way it is written."""
    value = line.value.strip()
    found = _DATA.fullmatch(value)
    if found is not None and found[3]:
        return Media(found[1].lower(), "".join(found[4].split()), "")
    named = next(iter(line.params.get("MEDIATYPE", ())), "").lower()
    if "ENCODING" in line.params:
        return Media(_media_type(line, value), "".join(value.split()), "")
    return Media(named or _media_type(line, ""), "", value)


def type_name(media_type: str) -> str:
    """Return the TYPE of vCard 3.0 for a media type; empty for an unknown one."""
    if media_type in {"", _UNKNOWN}:
        return ""
    return _TYPES.get(media_type, media_type.partition("/")[2].upper())


def _media_type(line: Line, base64: str) -> str:
    names = [name.upper() for item in line.params.get("TYPE", ()) for name in item.split(",")]
    for name in names:
        if name in _MEDIA_TYPES:
            return _MEDIA_TYPES[name]
        if name not in {"HOME", "WORK", "PREF", "URI", ""}:
            return name.lower() if "/" in name else f"{_FAMILIES[line.name]}/{name.lower()}"
    for start, name in _SIGNATURES:
        if base64.startswith(start):
            return f"image/{name.lower()}"
    return _UNKNOWN if base64 else ""
