"""Answers: a status with a body, and multistatus (RFC 4918 §13) written as octets. Pure.

Hot: a report of ten thousand members is joined from pieces, no element is an object.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from itertools import chain, repeat
from typing import Final
from urllib.parse import quote
from xml.sax.saxutils import escape

from groupware.dav.names import DECLARATIONS, dav, element

XML: Final = "application/xml; charset=utf-8"
NO_HEADERS: Final[Mapping[str, str]] = {}
PREFIX: Final = "/dav"
"""Where the application is mounted; paths inside it begin with the slash after it."""
SAFE: Final = "/!$&'()*+,;=:@~-._"
"""What RFC 3986 §3.3 lets stand in a path."""
HEAD: Final = b'<?xml version="1.0" encoding="utf-8"?>\n<D:multistatus %b>' % DECLARATIONS


@dataclass(frozen=True, slots=True)
class Response:
    """What is sent back."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


def quote_path(path: str) -> bytes:
    """Return a path inside the application as an href: with the prefix, quoted, safe in XML."""
    return escape(quote(PREFIX + path, safe=SAFE)).encode()


def quote_segment(href: str) -> bytes:
    """Return one segment as part of an href. Hot."""
    return escape(quote(href, safe=SAFE[1:])).encode()


def status_line(status: int) -> bytes:
    """Return a status as it is told inside multistatus."""
    return f"HTTP/1.1 {status} {HTTPStatus(status).phrase}".encode()


def quote_segments(hrefs: Sequence[str]) -> list[bytes]:
    """Return segments, none of which holds a line break, as parts of hrefs. Hot: one pass."""
    if not hrefs:
        return []
    quoted = quote("\n".join(hrefs), safe=SAFE[1:] + "\n")
    return escape(quoted).encode().split(b"\n")


_OK: Final = b"</D:prop><D:status>HTTP/1.1 200 OK</D:status></D:propstat>"
_ABSENT: Final = (
    b"<D:propstat><D:prop>%b</D:prop><D:status>HTTP/1.1 404 Not Found</D:status></D:propstat>"
)


def propstat(elements: Iterable[bytes], status: int, condition: str = "", text: str = "") -> bytes:
    """Return properties with what became of them (RFC 4918 §14.22)."""
    error = element(dav("error"), element(condition)) if condition else b""
    said = element(dav("responsedescription"), escape(text).encode()) if text else b""
    return b"<D:propstat><D:prop>%b</D:prop><D:status>%b</D:status>%b%b</D:propstat>" % (
        b"".join(elements),
        status_line(status),
        error,
        said,
    )


class Multistatus:
    """Collects responses of resources."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self.octets = 0
        """Of what was added so far."""
        self._add(HEAD)

    def _add(self, *pieces: bytes) -> None:
        self._pieces += pieces
        self.octets += sum(map(len, pieces))

    def add_properties(self, href: bytes, by_status: Mapping[int, Iterable[bytes]]) -> None:
        """Add a resource's properties, as elements, by the status that each has."""
        self._add(b"<D:response><D:href>%b</D:href>" % href)
        for status, elements in by_status.items():
            content = b"".join(elements)
            if content or status == HTTPStatus.OK:
                self._add(
                    b"<D:propstat><D:prop>%b</D:prop><D:status>%b</D:status></D:propstat>"
                    % (content, status_line(status))
                )
        self._add(b"</D:response>")

    def add_status(self, href: bytes, status: int, condition: str = "") -> None:
        """Add a resource of which a status is all there is to tell."""
        error = element("{DAV:}error", element(condition)) if condition else b""
        self._add(
            b"<D:response><D:href>%b</D:href><D:status>%b</D:status>%b</D:response>"
            % (href, status_line(status), error)
        )

    def add_propstats(self, href: bytes, propstats: bytes) -> None:
        """Add a resource with how its properties fared."""
        self._add(b"<D:response><D:href>%b</D:href>%b</D:response>" % (href, propstats))

    def add_raw(self, responses: bytes) -> None:
        """Add response elements that are written already."""
        self._add(responses)

    def finish(self, tail: bytes = b"", headers: Mapping[str, str] = NO_HEADERS) -> Response:
        """Return the answer; `tail` are elements behind the responses, such as a sync-token."""
        self._pieces += [tail, b"</D:multistatus>"]
        return Response(207, b"".join(self._pieces), {"Content-Type": XML, **headers})


class MemberForm:
    """The responses of a collection's members, all with the same properties found. Hot.

    `columns` are elements in which `%b` stands for the member's value, or elements without one, in
    which a percent sign is doubled; `missing` are those of properties that members do not have.
    """

    def __init__(
        self, base: bytes, columns: Iterable[bytes], missing: Iterable[bytes] = ()
    ) -> None:
        absent = b"".join(missing)
        self._template = (
            b"<D:response><D:href>%b%%b</D:href><D:propstat><D:prop>%b%b%b</D:response>"
            % (
                base.replace(b"%", b"%%"),
                b"".join(columns),
                _OK,
                _ABSENT % absent.replace(b"%", b"%%") if absent else b"",
            )
        )

    @property
    def octets(self) -> int:
        """The octets of one member's response, without its values."""
        return len(self._template)

    def fill(self, hrefs: Sequence[bytes], *columns: Sequence[bytes]) -> bytes:
        """Return the responses of members, each given by its quoted segment and its values."""
        if not hrefs:
            return b""
        # XML holds no NUL: it marks where values stand.
        marks = (b"\0",) * (len(columns) + 1)
        first, *between, last = (self._template % marks).split(b"\0")
        pieces: list[Iterable[bytes]] = [hrefs]
        for text, column in zip(between, columns, strict=True):
            pieces += [repeat(text), column]
        pieces.append(repeat(last + first))
        joined = b"".join(chain.from_iterable(zip(*pieces, strict=False)))
        return first + joined[: len(joined) - len(first)]
