"""What a message consists of, from the body structure that the store keeps. Pure.

A message that is attached is one part: what is inside it is read from its own octets.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from mail.mime.charsets import decode_octets
from mail.mime.fields import get_param
from mail.mime.text import decode_header
from mail.reading.forms import Form, read_form

_DISPOSITION: Final = {b"text": 9, b"message/rfc822": 11}
"""Where the disposition of a part stands among the items of its body."""
_DISPOSITION_ELSEWHERE: Final = 8
SHOWN_INLINE: Final = frozenset({"image/gif", "image/jpeg", "image/png", "image/webp"})
"""Pictures in which nothing can run, so that a browser may show them."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """A part that holds no others; `section` is its number as IMAP has it.

    `size` counts encoded octets. `content_id` is without brackets, "" as `filename` where none is.
    """

    section: str
    media_type: str
    size: int
    encoding: str
    charset: str
    filename: str
    disposition: str
    content_id: str
    description: str

    @property
    def path(self) -> tuple[int, ...]:
        """Return its part numbers."""
        return tuple(map(int, self.section.split(".")))

    @property
    def is_attachment(self) -> bool:
        """Tell whether it is for keeping: not the text itself, nor a picture inside it."""
        if self.disposition == "attachment":
            return True
        kind = self.media_type.partition("/")[0]
        if self.content_id and kind == "image":
            return False
        return bool(self.filename) or kind not in ("text", "image", "multipart")


def list_leaves(bodystructure: bytes) -> list[Leaf]:
    """Return the parts of a message in their order."""
    top = read_form(bodystructure)
    return [_leaf(body, section or "1") for body, section in _walk(top)]


def find_text(leaves: Iterable[Leaf], media_type: str) -> Leaf | None:
    """Return the first part that is the text itself, in plain or in HTML."""
    shown = (leaf for leaf in leaves if leaf.media_type == media_type)
    return next((leaf for leaf in shown if leaf.disposition != "attachment"), None)


def _walk(top: Form) -> Iterator[tuple[Sequence[Form], str]]:
    pending: list[tuple[Form, str]] = [(top, "")]
    while pending:
        body, section = pending.pop()
        assert isinstance(body, tuple)
        if not isinstance(body[0], tuple):
            yield body, section
            continue
        children = [item for item in body if isinstance(item, tuple)]
        count = next(place for place, item in enumerate(body) if not isinstance(item, tuple))
        begin = f"{section}." if section else ""
        numbered = [(child, f"{begin}{n}") for n, child in enumerate(children[:count], 1)]
        pending += reversed(numbered)


def _leaf(body: Sequence[Form], section: str) -> Leaf:
    kind, subtype, params, content_id, description, encoding, size = body[:7]
    media_type = f"{_ascii(kind)}/{_ascii(subtype)}".lower()
    named = _pairs(params)
    place = _DISPOSITION.get(media_type.encode(), _DISPOSITION_ELSEWHERE)
    if media_type.startswith("text/"):
        place = _DISPOSITION[b"text"]
    held = body[place] if len(body) > place else None
    disposition = held if isinstance(held, tuple) else (b"", None)
    return Leaf(
        section=section,
        media_type=media_type,
        size=size if isinstance(size, int) else 0,
        encoding=_ascii(encoding).lower(),
        charset=_ascii(dict(named).get(b"charset")),
        filename=_filename(_pairs(disposition[1]), named),
        disposition=_ascii(disposition[0]).lower(),
        content_id=_ascii(content_id).strip().removeprefix("<").removesuffix(">"),
        description=decode_header(description) if isinstance(description, bytes) else "",
    )


def _pairs(form: Form) -> tuple[tuple[bytes, bytes], ...]:
    flat = (
        [value if isinstance(value, bytes) else b"" for value in form or ()]
        if isinstance(form, tuple)
        else []
    )
    return tuple(zip(flat[::2], flat[1::2], strict=False))


def _filename(
    disposition: tuple[tuple[bytes, bytes], ...], params: tuple[tuple[bytes, bytes], ...]
) -> str:
    for held, name in ((disposition, b"filename"), (params, b"name")):
        if found := get_param(held, name):
            charset, octets = found
            return decode_octets(octets, charset) if charset else decode_header(octets)
    return ""


def _ascii(form: Form) -> str:
    return form.decode("ascii", "replace") if isinstance(form, bytes) else ""
