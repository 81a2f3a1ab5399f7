"""What a DAV request can come to that is no success, and how outcomes of services are told."""

from collections.abc import Mapping
from xml.sax.saxutils import escape

from groupware.core import errors
from groupware.core.resources.items import PreconditionFailed, UidTaken
from groupware.dav.names import DECLARATIONS, dav, element
from groupware.dav.responses import Response, quote_path

TEXT = "text/plain; charset=utf-8"
XML = "application/xml; charset=utf-8"
RETRY_SECONDS = "5"


class DavError(Exception):
    """A status with a text for a person and, where a specification names one, a condition.

    `condition` is the name of an element (RFC 4918 §16), `content` the XML inside it.
    """

    def __init__(
        self,
        status: int,
        text: str,
        condition: str = "",
        *,
        content: bytes = b"",
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(text)
        self.status = status
        self.text = text
        self.condition = condition
        self.content = content
        self.headers = dict(headers or {})

    def response(self) -> Response:
        """Return what the client gets: DAV:error with the condition, or the text alone."""
        if not self.condition:
            body = f"{self.text}\n".encode()
            return Response(self.status, body, {"Content-Type": TEXT, **self.headers})
        return Response(self.status, self._xml(), {"Content-Type": XML, **self.headers})

    def _xml(self) -> bytes:
        said = element(dav("responsedescription"), escape(self.text).encode())
        return b'<?xml version="1.0" encoding="utf-8"?>\n<D:error %b>%b%b</D:error>' % (
            DECLARATIONS,
            element(self.condition, self.content),
            said,
        )


def not_found() -> DavError:
    """Return what is said of a path where nothing is, or nothing that the requester may know of."""
    return DavError(404, "There is nothing at this address.")


def need_privileges(path: str, privilege: str) -> DavError:
    """Return the refusal that names what the requester lacks (RFC 3744 §7.1.1)."""
    content = element(
        dav("resource"),
        element(dav("href"), quote_path(path)) + element(dav("privilege"), element(privilege)),
    )
    return DavError(
        403, "You are not allowed to do this here.", dav("need-privileges"), content=content
    )


_STATUS: tuple[tuple[type[errors.GroupwareError], int, str], ...] = (
    (errors.NotFound, 404, ""),
    (errors.Stale, 404, ""),
    (errors.AlreadyExists, 405, dav("resource-must-be-null")),
    (errors.NotAllowed, 403, ""),
    (errors.OverQuota, 507, dav("quota-not-exceeded")),
    (errors.DiskReserve, 507, dav("sufficient-disk-space")),
    (errors.LimitExceeded, 507, ""),
    (errors.TooLarge, 413, ""),
    (errors.Throttled, 429, ""),
    (errors.AuthenticationFailed, 401, ""),
    (PreconditionFailed, 412, ""),
    (errors.Invalid, 400, ""),
)


def from_outcome(error: errors.GroupwareError) -> DavError:
    """Return how an outcome of a service is told where its handler says nothing else."""
    if isinstance(error, errors.Busy):
        return DavError(503, error.message, headers={"Retry-After": RETRY_SECONDS})
    if isinstance(error, UidTaken):
        return DavError(409, error.message)
    for kind, status, condition in _STATUS:
        if isinstance(error, kind):
            return DavError(status, error.message, condition)
    return DavError(400, error.message)
