"""The web role: granian serves one port a process; requests run on threads behind `front`.

Granian has its own workers, forked after the application is loaded, and respawns those that fail;
the supervisor looks after granian itself. A changed certificate is taken up by new workers.
"""

import os
import signal
import threading
from collections.abc import Callable, Iterable
from typing import Any

from django.conf import settings
from granian.constants import Interfaces, Loops, SSLProtocols
from granian.log import LogLevels
from granian.net import SocketHolder  # type: ignore[attr-defined]
from granian.server.mp import MPServer

from groupware.core.flushing import Flusher
from groupware.core.listeners import Listeners
from groupware.core.tls import certificate_files, server_tls
from groupware.dav.mount import Environ, Wsgi
from groupware.environment import IMPLICIT_TLS
from groupware.serve.children import die_with_parent
from groupware.serve.front import Front
from groupware.serve.listening import StopPipe
from groupware.serve.sockets import BACKLOG

MOST_WORKERS = 2
THREADS = 8
EVENTS_PATHS = frozenset({"/api/v1/events", "/healthz"})
MOST_REQUESTS = 10_000
"""Of one worker at once: one whose body is awaited costs little, and must not keep others out."""
KILL_SECONDS = 3
RESPAWN_SECONDS = 0.5
CERTIFICATE_SECONDS = 2.0
TO_ROOT_LOGGER: dict[str, Any] = {
    "formatters": {},
    "handlers": {},
    "loggers": {"_granian": {"propagate": True}, "granian.access": {"propagate": True}},
}


_loading = threading.Lock()
"""Held while a certificate is loaded. A worker that is forked meanwhile would inherit OpenSSL's own
locks as they are held then, and for ever: its first login would never end."""
os.register_at_fork(
    before=_loading.acquire, after_in_parent=_loading.release, after_in_child=_loading.release
)


class InheritingServer(MPServer):
    """Granian on a socket that is listening already; by itself it can only bind its own."""

    def __init__(self, descriptor: int, **options: Any) -> None:
        super().__init__("groupware.wsgi:application", **options)
        self._descriptor = descriptor
        self.stopping = StopPipe()

    def signal_handler_interrupt(self, *args: Any, **kwargs: Any) -> None:
        """Let streams end before workers wait for them."""
        self.stopping.close()
        super().signal_handler_interrupt(*args, **kwargs)  # type: ignore[no-untyped-call]

    def _init_shared_socket(self) -> None:
        # Granian's own types know neither this argument nor these attributes.
        holder: Any = SocketHolder
        inherited: Any = self
        inherited._ssp = inherited._sso = None  # noqa: SLF001
        inherited._shd = holder(self._descriptor, False, BACKLOG)  # noqa: FBT003, SLF001
        inherited._sfd = self._descriptor  # noqa: SLF001


def run(listeners: Listeners) -> None:
    """Serve the one port that was handed down, until SIGTERM."""
    _run(listeners, min(settings.GROUPWARE_PROCESSES, MOST_WORKERS), lambda whole: whole)


def run_events(listeners: Listeners) -> None:
    """Serve streams of events alone, until SIGTERM: one worker holds thousands."""
    _run(listeners, 1, events_alone)


def events_alone(application: Wsgi) -> Wsgi:
    """Return an application that answers what the events role is there for, and nothing else."""

    def answer(environ: Environ, start_response: Any) -> Iterable[bytes]:
        if environ.get("PATH_INFO") in EVENTS_PATHS:
            return application(environ, start_response)
        start_response("404 Not Found", [("Content-Type", "text/plain; charset=utf-8")])
        return [b"This port serves /api/v1/events alone: the rest is on the web's.\n"]

    return answer


def _run(listeners: Listeners, workers: int, part: Callable[[Wsgi], Wsgi]) -> None:
    ((name, (listening, *_)),) = listeners.sockets.items()
    options: dict[str, Any] = {}
    if name.upper() in IMPLICIT_TLS:
        cert, key = certificate_files()
        options = {"ssl_cert": cert, "ssl_key": key, "ssl_protocol_min": SSLProtocols.tls12}
    host, port = listening.getsockname()[:2]
    server = InheritingServer(
        listening.fileno(),
        address=host,
        port=port,
        interface=Interfaces.ASGI,
        loop=Loops.uvloop,
        websockets=False,
        workers=workers,
        backlog=BACKLOG,
        backpressure=MOST_REQUESTS,
        log_level=LogLevels.error,
        log_dictconfig=TO_ROOT_LOGGER,
        respawn_failed_workers=True,
        respawn_interval=RESPAWN_SECONDS,
        workers_kill_timeout=KILL_SECONDS,
        **options,
    )
    if options:
        server.on_startup(_watch_certificate)
    from groupware.wsgi import application  # makes the applications: in this role only

    load = _forked(part(application), server.stopping)
    server.serve(target_loader=load, wrap_loader=False)


def _forked(application: Wsgi, stopping: StopPipe) -> Callable[[], Front]:
    parent = os.getpid()

    def load() -> Front:
        die_with_parent(parent=parent)
        flusher = Flusher()  # a thread of the worker's own: it is forked already
        return Front(
            application, threads=THREADS, stopping=stopping.in_worker(), closing=flusher.close
        )

    return load


def _watch_certificate() -> None:
    """Let granian respawn its workers when the certificate changed: it reads it at their start."""
    with _loading:
        tls = server_tls()

    def watch() -> None:
        pause = threading.Event()
        while not pause.wait(CERTIFICATE_SECONDS):
            with _loading:
                is_changed = tls.reload_if_changed()
            if is_changed:
                os.kill(os.getpid(), signal.SIGHUP)

    threading.Thread(target=watch, name="certificate", daemon=True).start()
