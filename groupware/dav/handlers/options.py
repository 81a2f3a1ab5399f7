"""OPTIONS (RFC 4918 §10.1, RFC 4791 §5.1): which methods and which parts of DAV there are."""

from typing import Final

from groupware.dav.responses import Response

METHODS: Final = (
    "OPTIONS",
    "GET",
    "HEAD",
    "PUT",
    "POST",
    "DELETE",
    "MKCOL",
    "MKCALENDAR",
    "PROPFIND",
    "PROPPATCH",
    "REPORT",
    "COPY",
    "MOVE",
    "LOCK",
    "UNLOCK",
    "ACL",
)
FEATURES: Final = (
    "1",
    "2",
    "3",
    "access-control",
    "calendar-access",
    "calendar-no-timezone",
    "calendar-availability",
    "addressbook",
    "extended-mkcol",
    "add-member",
    "calendar-proxy",
)
HEADERS: Final = {"Allow": ", ".join(METHODS), "DAV": ", ".join(FEATURES)}


def answer() -> Response:
    """Answer an OPTIONS: the same everywhere, to everybody."""
    return Response(200, b"", HEADERS)
