"""From octets in a named character set to characters that every store takes.

Names come from mail, so only text encodings are looked up: Python's table also holds compressions
and encodings that take quadratic time. What comes out has no NUL and no lone surrogate.
"""

from __future__ import annotations

import codecs
import re
from encodings.aliases import aliases
from functools import lru_cache

__all__ = ["clean", "decode_octets", "find_codec"]

_NOT_TEXT = frozenset(
    {"base64_codec", "bz2_codec", "hex_codec", "quopri_codec", "rot_13", "uu_codec", "zlib_codec"}
    | {"mbcs", "oem", "punycode", "idna", "undefined", "unicode_escape", "raw_unicode_escape"}
)
_WITHOUT_ALIAS = frozenset({"cp720", "cp737", "cp874", "koi8_t", "koi8_u", "utf_8_sig"})
_KNOWN = (
    {alias for alias, codec in aliases.items() if codec not in _NOT_TEXT}
    | (set(aliases.values()) - _NOT_TEXT)
    | _WITHOUT_ALIAS
)
# Names that mail uses otherwise than Python's table, and sets that senders mean by another's name.
_MEANT = {
    "ansi_x3_110_1983": "latin_1",
    "cp_850": "cp850",
    "gb2312": "gb18030",
    "gb_2312": "gb18030",
    "gb_2312_80": "gb18030",
    "gbk": "gb18030",
    "iso_8859_1": "cp1252",
    "iso_8859_6_i": "iso8859_6",
    "iso_8859_8_i": "iso8859_8",
    "iso_8859_9": "cp1254",
    "iso8859_1": "cp1252",
    "ks_c_5601": "cp949",
    "ks_c_5601_1987": "cp949",
    "latin1": "cp1252",
    "latin_1": "cp1252",
    "shift_jis": "cp932",
    "sjis": "cp932",
    "unicode_1_1_utf_7": "utf_7",
    "utf8mb4": "utf_8",
    "windows_949": "cp949",
    "x_gbk": "gb18030",
    "x_mac_roman": "mac_roman",
    "x_sjis": "cp932",
}
_ASCII_BASED = frozenset({"utf-8", "cp1252", "cp1254", "cp1251", "iso8859-15", "koi8-r"})
_LATIN = "cp1252"
_LONGEST_CHARACTER = 4
_LONGEST_NAME = 60
"""Octets up to which a name is looked up, and remembered."""
_SURROGATE = re.compile("[\ud800-\udfff]")


def find_codec(charset: bytes) -> str | None:
    """Return Python's name of a text encoding that mail names so, or None."""
    return _find_cached(charset) if len(charset) <= _LONGEST_NAME else None


@lru_cache(maxsize=512)
def _find_cached(charset: bytes) -> str | None:
    name = charset.decode("ascii", "replace").strip("\"' \t").lower()
    key = name.replace("-", "_").replace(" ", "_").replace(".", "_")
    key = _MEANT.get(key, key)
    if key not in _KNOWN and key.startswith(("x_", "windows_")):
        key = key.removeprefix("x_").replace("windows_", "cp")
    return codecs.lookup(key).name if key in _KNOWN else None


def decode_octets(octets: bytes, charset: bytes = b"", *, cut: bool = False) -> str:
    """Return the text, whatever the octets are; `cut`: the last character may be incomplete.

    In order: the character set named; UTF-8, which most of the wrongly or not at all labelled
    mail is in; the named one or, if it is mostly that, UTF-8, with U+FFFD for what is not in it;
    Windows-1252.
    """
    codec = find_codec(charset) if charset else None
    if codec == "ascii":
        codec = None
    if octets.isascii() and (codec is None or codec in _ASCII_BASED):
        return octets.decode("ascii").replace("\0", "\N{REPLACEMENT CHARACTER}")
    for attempt in (codec, "utf-8") if codec != "utf-8" else ("utf-8",):
        text = _decode(octets, attempt, cut=cut) if attempt else None
        if text is not None:
            return clean(text)
    if codec is None or codec == "utf-8":
        text = octets.decode("utf-8", "replace")
        if _is_mostly_readable(text):
            return clean(text)
        codec = _LATIN
    return clean(octets.decode(codec, "replace"))


def _decode(octets: bytes, codec: str, *, cut: bool) -> str | None:
    try:
        return octets.decode(codec)
    except UnicodeDecodeError as error:
        if cut and len(octets) - error.start < _LONGEST_CHARACTER:
            return octets[: error.start].decode(codec, "replace")
        return None


def _is_mostly_readable(text: str) -> bool:
    """Whether a few damaged characters stand among many that are none of ASCII."""
    damaged = text.count("\N{REPLACEMENT CHARACTER}")
    return damaged * 2 < len(text) - len(text.encode("ascii", "ignore"))


def clean(text: str) -> str:
    """Return the text without NUL and lone surrogates, which databases refuse."""
    if "\0" in text:
        text = text.replace("\0", "\N{REPLACEMENT CHARACTER}")
    if not text.isascii() and _SURROGATE.search(text):
        text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text
