"""Radicale's application, subclassed: our door before it, our handlers in it.

Methods that have a module in `handlers` are answered by that; whatever else Radicale knows falls
through to it, over the plug-ins of storage and rights.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final
from unicodedata import category

import structlog
from radicale import config
from radicale.app import Application as RadicaleApplication

from groupware.core import db
from groupware.core.auth import Principal
from groupware.core.errors import GroupwareError
from groupware.dav import directory
from groupware.dav.door import authenticate_request
from groupware.dav.errors import DavError, from_outcome
from groupware.dav.handlers import (
    acl,
    delete,
    get,
    lock,
    mkcol,
    options,
    post,
    propfind,
    proppatch,
    put,
    report,
    transfer,
)
from groupware.dav.plugins import LOGIN, Auth, Rights
from groupware.dav.request import Request
from groupware.dav.responses import Response, status_line
from groupware.dav.storage import Storage

PRINCIPAL: Final = "groupware.principal"
_WITHOUT_BODY: Final = (204, 304)
_log = structlog.get_logger("groupware.dav")

Environ = Mapping[str, Any]
StartResponse = Callable[..., object]
Handle = Callable[[Request], Response]
_Answer = tuple[int, dict[str, str], bytes | None, None]


def configuration() -> config.Configuration:
    """Return Radicale's configuration: our plug-ins, and nothing that sleeps or looks at files."""
    held = config.load()
    held.update(
        {
            # Both of these would sleep in a worker, which others wait for.
            "auth": {"type": Auth, "delay": "0"},
            "server": {
                "delay_on_error": "0",
                "validate_path_value": "none",
                "validate_user_value": "none",
            },
            "rights": {"type": Rights},
            "storage": {"type": Storage},
            "web": {"type": "none"},
            "sharing": {"type": "none"},
            "headers": dict(options.HEADERS),
        },
        "groupware",
        privileged=True,
    )
    return held


def handled(handle: Handle) -> Any:
    """Return a method of Radicale's application that a handler answers."""

    def method(_self: object, environ: Environ, _prefix: str, path: str, *_rest: object) -> _Answer:
        return answer(handle, environ, path)

    return method


class Application(RadicaleApplication):
    """The WSGI application below /dav."""

    do_ACL = handled(acl.handle)
    do_COPY = handled(transfer.handle_copy)
    do_DELETE = handled(delete.handle)
    do_GET = handled(get.handle)
    do_HEAD = handled(get.handle)
    do_LOCK = handled(lock.handle_lock)
    do_MKCALENDAR = handled(mkcol.handle_mkcalendar)
    do_MKCOL = handled(mkcol.handle_mkcol)
    do_MOVE = handled(transfer.handle_move)
    do_POST = handled(post.handle)
    do_PROPFIND = handled(propfind.handle)
    do_PROPPATCH = handled(proppatch.handle)
    do_PUT = handled(put.handle)
    do_REPORT = handled(report.handle)
    do_UNLOCK = handled(lock.handle_unlock)

    def __init__(self) -> None:
        super().__init__(configuration())

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request; who is not known is asked for a password, except for OPTIONS."""
        db.recover()
        try:
            path = _read_path(environ["PATH_INFO"])
            if environ["REQUEST_METHOD"] == "OPTIONS":
                return _send(options.answer(), start_response)
            principal = authenticate_request(environ)
        except (DavError, GroupwareError) as error:
            return _send(_refusal(error), start_response)
        known = {PRINCIPAL: principal, LOGIN: str(principal.account_id), "PATH_INFO": path}
        return super().__call__({**environ, **known}, start_response)


def _read_path(raw: str) -> str:
    """Return the path as text; raises `DavError` for what Radicale would log as an error."""
    try:
        path = raw.encode("latin-1").decode("utf-8")
    except UnicodeError:
        raise DavError(400, "The address is not UTF-8.") from None
    if not path.isprintable() and any(category(char)[0] == "C" for char in path):
        raise DavError(400, "The address has characters that cannot be seen.")
    return path


def answer(handle: Handle, environ: Environ, path: str) -> _Answer:
    """Call a handler; every outcome becomes an answer, in Radicale's form."""
    principal: Principal = environ[PRINCIPAL]
    request = Request(environ, environ["REQUEST_METHOD"].upper(), path, principal)
    try:
        directory.refresh(path, principal.account_id)
        response = handle(request)
    except (DavError, GroupwareError) as error:
        response = _refusal(error)
    if response.body or request.method == "HEAD":
        return response.status, dict(response.headers), response.body, None
    # None: an empty body is not compressed, and 204 and 304 have none (RFC 9110 §6.4.1).
    length = {} if response.status in _WITHOUT_BODY else {"Content-Length": "0"}
    return response.status, {**length, **response.headers}, None, None


def _refusal(error: DavError | GroupwareError) -> Response:
    return (error if isinstance(error, DavError) else from_outcome(error)).response()


def _send(response: Response, start_response: StartResponse) -> list[bytes]:
    headers = {**response.headers, **options.HEADERS, "Content-Length": str(len(response.body))}
    status = status_line(response.status).decode().removeprefix("HTTP/1.1 ")
    start_response(status, list(headers.items()))
    return [response.body]
