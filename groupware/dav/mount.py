"""The DAV application beside the pages: which requests are its own, and what each of them gets."""

from collections.abc import Callable, Iterable
from typing import Any, Final

import structlog

from groupware.core.clock import monotonic
from groupware.core.logging import bind_session, unbind_session
from groupware.core.metrics import HTTP_SECONDS
from groupware.core.proxies import client_address
from groupware.dav.application import Application
from groupware.dav.responses import PREFIX

METHODS: Final = frozenset(
    [
        "ACL",
        "COPY",
        "DELETE",
        "GET",
        "HEAD",
        "LOCK",
        "MKCALENDAR",
        "MKCOL",
        "MOVE",
        "OPTIONS",
        "POST",
        "PROPFIND",
        "PROPPATCH",
        "PUT",
        "REPORT",
        "UNLOCK",
    ]
)
_log = structlog.get_logger("groupware.dav")

Environ = dict[str, Any]
Wsgi = Callable[[Environ, Any], Iterable[bytes]]


def mount(pages: Wsgi) -> Wsgi:
    """Return an application that answers below /dav by DAV, and elsewhere by `pages`."""
    dav = Application()

    def application(environ: Environ, start_response: Any) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        if path != PREFIX and not path.startswith(f"{PREFIX}/"):
            return pages(environ, start_response)
        environ["SCRIPT_NAME"] = environ.get("SCRIPT_NAME", "") + PREFIX
        environ["PATH_INFO"] = path[len(PREFIX) :] or "/"
        return _observed(dav, environ, start_response)

    return application


def _observed(dav: Wsgi, environ: Environ, start_response: Any) -> Iterable[bytes]:
    """Bind a session id to the request's context, and measure and log the request."""
    bind_session("dav", peer=str(client_address(environ)))
    start, seen = monotonic(), ["500"]

    def observe(status: str, *rest: Any) -> object:
        seen[0] = status.partition(" ")[0]
        return start_response(status, *rest)

    method = environ["REQUEST_METHOD"]
    method = method if method in METHODS else "other"
    try:
        return dav(environ, observe)
    finally:
        HTTP_SECONDS.labels(method, int(seen[0])).observe(monotonic() - start)
        _log.debug("request", method=method, status=seen[0])
        unbind_session()
