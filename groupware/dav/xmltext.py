"""Data within XML: octets that were stored, as the text of an element. Pure."""

from typing import Final

_FORBIDDEN: Final = bytes({*range(32)} - {*b"\t\n\r"})
"""What XML 1.0 cannot hold, not even by a reference."""
_NO_CHARACTERS: Final = (b"\xef\xbf\xbe", b"\xef\xbf\xbf")
"""U+FFFE and U+FFFF."""
_REPLACEMENT: Final = b"\xef\xbf\xbd"


def escape_data(data: bytes) -> bytes:
    """Return octets as the text of an element, from which a parser reads the same octets again.

    Carriage returns are references, or a parser would leave them out (XML 1.0 §2.11); what is no
    UTF-8, or cannot be in XML, is replaced or left out. Hot: each object and card that is told.
    """
    if not data.isascii():
        data = data.decode("utf-8", "replace").encode()
        for characters in _NO_CHARACTERS:
            data = data.replace(characters, _REPLACEMENT)
    return (
        data.translate(None, _FORBIDDEN)
        .replace(b"&", b"&amp;")
        .replace(b"<", b"&lt;")
        .replace(b">", b"&gt;")
        .replace(b"\r", b"&#13;")
    )
