"""The way of a request into the WSGI application: its body is here before a thread is taken.

An application that reads a body holds its thread for as long as the client takes to send it, and a
worker has few threads: some clients that send nothing would keep everybody else out. So bodies are
awaited in the event loop, where one that waits costs its octets alone (docs/adr/0036). So are
streams of events: a thread finds out who listens, and goes (docs/adr/0055).
"""

import asyncio
import io
import json
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import unquote_to_bytes

import structlog

from groupware.api.push.streams import Full, Listener
from groupware.api.push.views import EventStream
from groupware.core import limits
from groupware.core.budget import UploadBudget
from groupware.core.clock import monotonic
from groupware.dav.mount import Environ, Wsgi
from groupware.rest import problems
from groupware.serve.listening import Listening, refusal_of

SMALL: Final = 64 << 10
"""Octets of a body that never waits for others' uploads to end."""
TEXT: Final = b"text/plain; charset=utf-8"
API: Final = b"/api/"
_log = structlog.get_logger("groupware.web")

Scope = Mapping[str, Any]
Message = Mapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Headers = Sequence[tuple[bytes, bytes]]


class _Refused(Exception):
    """The request is answered here; the text is for a person."""

    def __init__(self, status: HTTPStatus, text: str) -> None:
        super().__init__(text)
        self.status, self.text = status, text


class _Gone(Exception):
    """The client left before it had sent everything."""


class Front:
    """An ASGI application that runs a WSGI one on threads of its own."""

    def __init__(
        self,
        application: Wsgi,
        *,
        threads: int,
        stopping: int | None = None,
        closing: Callable[[], object] = lambda: None,
    ) -> None:
        """Take a descriptor that can be read when the process is asked to stop.

        `closing` is called on a thread when it does.
        """
        self._closing = closing
        self._application = application
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="request")
        self._budget = UploadBudget(limits.WEB_UPLOADING.value)
        self._listening = Listening(stopping)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; or follow the life of the worker."""
        if scope["type"] == "lifespan":
            await _live(receive, send)
            await self._listening.close()
            await asyncio.get_running_loop().run_in_executor(None, self._closing)
        elif scope["type"] == "http":
            await self._serve(scope, receive, send)

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        holder = object()
        try:
            body = await self._read(scope, receive, holder)
            environ = environ_of(scope, body)
            loop = asyncio.get_running_loop()
            status, headers, answer = await loop.run_in_executor(
                self._threads, _run, self._application, environ
            )
            if isinstance(answer, Listener):
                await self._listening.serve(answer, headers, receive, send)
                return
        except Full as full:
            status, headers, answer = refusal_of(full)
        except _Refused as refusal:
            # What comes behind it is not read: the connection ends with the answer.
            kind, answer = _told(refusal, scope["raw_path"])
            headers = [(b"content-type", kind), (b"connection", b"close")]
            status = refusal.status
        except _Gone:
            return
        finally:
            self._budget.hold(holder, 0)
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": answer})

    async def _read(self, scope: Scope, receive: Receive, holder: object) -> bytes:
        """Return the body; nothing of one that says itself to be longer than any that is taken.

        The application refuses that one by its length, as fits what was asked.
        """
        most = limits.WEB_BODY.value
        if _declared_length(scope["headers"]) > most:
            return b""
        pieces: list[bytes] = []
        size, began = 0, monotonic()
        while True:
            message = await self._next(receive, began, size)
            if piece := message.get("body", b""):
                pieces.append(piece)
                size += len(piece)
            if size > most:
                text = f"A request has at most {most} octets."
                raise _Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, text)
            if not message.get("more_body"):
                return b"".join(pieces)
            if size > SMALL:
                began += await self._wait_for_room(holder, size)

    async def _wait_for_room(self, holder: object, size: int) -> float:
        """Return when more may be held, after how many seconds: the client is not to blame."""
        since = monotonic()
        self._budget.hold(holder, size)
        await self._budget.wait_to_grow(holder)
        return monotonic() - since

    async def _next(self, receive: Receive, began: float, size: int) -> Message:
        """Return the next message with octets of the body; raises `_Refused`, `_Gone`."""
        allowed = limits.WEB_BODY_TIMEOUT.value + size / limits.WEB_BODY_RATE.value
        try:
            async with asyncio.timeout(max(began + allowed - monotonic(), 0)):
                message = await receive()
        except TimeoutError:
            text = "The request took too long to come: try again on a better connection."
            raise _Refused(HTTPStatus.REQUEST_TIMEOUT, text) from None
        if message["type"] == "http.disconnect":
            raise _Gone
        return message


def _told(refusal: _Refused, path: bytes) -> tuple[bytes, bytes]:
    """Return the form and the octets of a refusal: below /api/ those of every error there."""
    if not path.startswith(API):
        return TEXT, f"{refusal.text}\n".encode()
    problem = next(held for held in problems.PROBLEMS if held.status == refusal.status)
    told = json.dumps(problem.told(refusal.text), ensure_ascii=False)
    return problems.MEDIA_TYPE.encode(), told.encode()


async def _live(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return


def _declared_length(headers: Headers) -> int:
    """Return what Content-Length says; 0 where it says nothing that can be read."""
    said = next((value for name, value in headers if name == b"content-length"), b"")
    return int(said) if said.isdigit() and len(said) < 20 else 0


def environ_of(scope: Scope, body: bytes) -> Environ:
    """Return the environment of a request (PEP 3333)."""
    host, port = scope.get("server") or ("localhost", "0")
    environ: Environ = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(scope["raw_path"]).decode("latin-1"),
        "QUERY_STRING": scope["query_string"].decode("latin-1"),
        "SERVER_NAME": host,
        "SERVER_PORT": str(port),
        "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
        "REMOTE_ADDR": (scope.get("client") or ("", 0))[0],
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope["scheme"],
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": _Errors(),
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    for name, value in scope["headers"]:
        _add_header(environ, name.decode("latin-1"), value.decode("latin-1"))
    return environ


def _add_header(environ: Environ, name: str, value: str) -> None:
    """Add a header field. Names with `_` would pass for others with `-`: they are left out."""
    if "_" in name:
        return
    key = name.upper().replace("-", "_")
    key = key if key in {"CONTENT_TYPE", "CONTENT_LENGTH"} else f"HTTP_{key}"
    divider = "; " if key == "HTTP_COOKIE" else ","
    environ[key] = f"{environ[key]}{divider}{value}" if key in environ else value


class _Errors(io.TextIOBase):
    """Where an application writes of its own faults: the log."""

    def write(self, text: str, /) -> int:
        """Log what is written."""
        if text.strip():
            _log.error("written by the application", text=text.strip())
        return len(text)


def _run(application: Wsgi, environ: Environ) -> tuple[int, Headers, bytes | Listener]:
    """Run a request, on a thread; return status, headers and body, or who wants a stream."""
    began: list[Any] = []

    def start_response(status: str, headers: Iterable[tuple[str, str]], *_error: Any) -> None:
        began[:] = int(status.partition(" ")[0]), headers

    chunks = application(environ, start_response)
    try:
        body = chunks.listener if isinstance(chunks, EventStream) else b"".join(chunks)
    finally:
        if (close := getattr(chunks, "close", None)) is not None:
            close()
    status, headers = began
    encoded = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers]
    return status, encoded, body
