"""A request as handlers see it, and the XML of its body."""

import codecs
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final
from urllib.parse import quote, unquote, urlsplit

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import XMLParser
from django.conf import settings

from groupware.core import limits
from groupware.core.auth import Principal
from groupware.dav.errors import DavError
from groupware.dav.responses import PREFIX, SAFE

CHUNK: Final = 1 << 16
MAX_ELEMENTS: Final = 100_000
MAX_DEPTH: Final = 100
INFINITY: Final = "infinity"


@dataclass(frozen=True, slots=True)
class Request:
    """One request; `path` is decoded and sanitized, and begins with the slash behind the prefix."""

    environ: Mapping[str, Any]
    method: str
    path: str
    principal: Principal

    @property
    def account_id(self) -> int:
        """Whose request it is."""
        return self.principal.account_id

    def header(self, name: str, default: str = "") -> str:
        """Return a header field's value."""
        return str(self.environ.get(f"HTTP_{name.upper().replace('-', '_')}", default))

    @property
    def content_type(self) -> str:
        """The body's media type with its parameters, as the client says it."""
        return str(self.environ.get("CONTENT_TYPE") or "")

    def url_of(self, path: str) -> str:
        """Return the absolute path of a path inside the application, quoted."""
        return quote(PREFIX + path, safe=SAFE)

    def depth(self, default: str) -> str:
        """Return 0, 1 or infinity (RFC 4918 §10.2); raises `DavError`."""
        depth = self.header("Depth", default).strip().lower()
        if depth not in {"0", "1", INFINITY}:
            raise DavError(400, "The Depth header is 0, 1 or infinity.")
        return depth

    def prefers(self, preference: str) -> bool:
        """Tell whether the client asks for a preference (RFC 7240, RFC 8144): `return=minimal`."""
        said = (part.strip().lower() for part in self.header("Prefer").split(","))
        return preference in said or (
            preference == "return=minimal" and self.header("Brief").strip().lower() == "t"
        )

    @property
    def is_minimal(self) -> bool:
        """Whether the client asks not to be told what there is not (RFC 8144 §2.1)."""
        return self.prefers("return=minimal")

    @property
    def leaves_root_out(self) -> bool:
        """Whether the client asks for members without their collection (RFC 8144 §2.1)."""
        return self.prefers("depth-noroot") and self.depth(INFINITY) == "1"

    def applied(self) -> dict[str, str]:
        """Return the headers that tell which preferences a PROPFIND or REPORT followed."""
        followed = {"return=minimal": self.is_minimal, "depth-noroot": self.leaves_root_out}
        held = [name for name, is_followed in followed.items() if is_followed]
        return {"Preference-Applied": ", ".join(held), "Vary": "Prefer, Brief"} if held else {}

    def body(self, most: int) -> bytes:
        """Return the octets of the body; raises `DavError` for more than `most`."""
        text = self.environ.get("CONTENT_LENGTH") or ""
        if text and (not text.isascii() or not text.isdigit()):
            raise DavError(400, "The Content-Length is not a number.")
        length = int(text) if text else None
        if length is not None and length > most:
            raise too_large(most)
        body = b"".join(self._read(most, length))
        if length is not None and len(body) < length:
            raise DavError(400, "The request ended before its Content-Length.")
        return body

    def _read(self, most: int, length: int | None) -> Iterator[bytes]:
        stream, total = self.environ["wsgi.input"], 0
        while length is None or total < length:
            wanted = CHUNK if length is None else min(CHUNK, length - total)
            data = stream.read(wanted)
            if not data:
                return
            total += len(data)
            if total > most:
                raise too_large(most)
            yield data

    def xml(self) -> ET.Element | None:
        """Return the root of the body's XML, None where there is none; raises `DavError`."""
        body = self.body(limits.DAV_REQUEST.value)
        return parse_xml(body) if body.strip() else None

    def inner_path(self, url: str) -> str:
        """Return the path inside the application of a URL or an absolute path.

        Raises `DavError` 502 for what lies elsewhere (RFC 4918 §9.8.5), 400 for what is no address
        or could be none of anything here: no text, or one with control characters.
        """
        path = self.any_path(url)
        if any(char < " " or "\ud800" <= char <= "\udfff" for char in path):
            raise DavError(400, "An address in the request is no text in UTF-8.")
        return path

    def any_path(self, url: str) -> str:
        """Return the same of any address; octets that are no text are lone surrogates."""
        try:
            parts = urlsplit(url.strip())
            is_own = not parts.netloc or parts.hostname in own_names(
                self.header("Host"), self.header("X-Forwarded-Host"), settings.GROUPWARE_PUBLIC_URL
            )
        except ValueError as error:
            raise DavError(400, "An address in the request cannot be read.") from error
        if not is_own:
            raise DavError(502, "The destination is another server's.")
        path = unquote(parts.path, errors="surrogateescape")
        if not path.startswith(f"{PREFIX}/"):
            raise DavError(502, f"The destination does not begin with {PREFIX}/.")
        return path[len(PREFIX) :]


@lru_cache(maxsize=16)
def own_names(host: str, forwarded: str, public_url: str) -> frozenset[str | None]:
    """Return the names of this server, here and at proxies before it; raises `ValueError`.

    Nothing but a path is read of such an address: who names another host gains nothing. A report
    may ask for each of a hundred thousand.
    """
    said = [host, *forwarded.split(",")]
    names = {urlsplit(f"//{name.strip()}").hostname for name in said}
    return frozenset({*names, urlsplit(public_url).hostname})


def too_large(most: int) -> DavError:
    """Return the refusal of a body with more than `most` octets."""
    return DavError(413, f"A request of this kind has at most {most} octets.")


class _BoundedBuilder(ET.TreeBuilder):
    """Builds trees of a bounded number and depth of elements."""

    def __init__(self) -> None:
        super().__init__()
        self._elements = self._depth = 0

    def start(self, tag: Any, attrs: Any, /) -> ET.Element:
        self._elements += 1
        self._depth += 1
        if self._elements > MAX_ELEMENTS or self._depth > MAX_DEPTH:
            raise DavError(413, "The XML of the request has too many elements.")
        return super().start(tag, attrs)

    def end(self, tag: str, /) -> ET.Element:
        self._depth -= 1
        return super().end(tag)


def parse_xml(body: bytes) -> ET.Element:
    """Return the root element; raises `DavError`. No entities, no external ones, bounded.

    UTF-8 or UTF-16 (RFC 4918 §17), whatever it says of itself: another name would be looked up
    among Python's codecs, of which some are none for text.
    """
    parser = XMLParser(target=_BoundedBuilder(), encoding="utf-8", forbid_dtd=True)
    try:
        parser.feed(_as_utf_8(body))
        root: ET.Element = parser.close()
    except ET.ParseError as error:
        raise DavError(400, f"The XML of the request cannot be read: {error}.") from error
    except (DefusedXmlException, ValueError, LookupError) as error:
        raise DavError(400, "The XML of the request has what is not allowed here.") from error
    return root


def _as_utf_8(body: bytes) -> bytes:
    """Return UTF-16, which begins with its mark, as UTF-8; raises ValueError."""
    if body.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return body.decode("utf-16").encode()
    return body


def read_names(*held: ET.Element | None) -> tuple[str, ...]:
    """Return the names of the elements in some, each once: properties that are asked for.

    Raises `DavError` for too many: each may be told of every member of a collection.
    """
    names = {str(child.tag): None for found in held if found is not None for child in found}
    check_number(len(names))
    return tuple(names)


def check_number(names: int) -> None:
    """Raise `DavError` where a request names more properties than one may."""
    if names > (most := limits.DAV_NAMES.value):
        raise DavError(413, f"A request names at most {most} properties.")
