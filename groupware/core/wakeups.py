"""Waking processes that wait for work of a kind, as datagrams to sockets in DATA/run/wake.

Hints only, as `events` are: work is rows, and whoever works it off looks for them by the clock too.
"""

import itertools
import os
import select
import socket
from contextlib import suppress
from pathlib import Path

from django.conf import settings

from groupware.core.events import socket_address

_numbers = itertools.count()


def _directory(kind: str) -> Path:
    return Path(settings.GROUPWARE_DATA) / "run" / "wake" / kind


def wake(kind: str, word: str = "") -> None:
    """Tell everybody who waits for work of this kind; never fails the caller."""
    with suppress(OSError):
        paths = list(_directory(kind).iterdir())
        if paths:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as sender:
                for path in paths:
                    _send(sender, word.encode(), path)


def _send(sender: socket.socket, data: bytes, path: Path) -> None:
    try:
        sender.sendto(data, socket_address(path))
    except ConnectionRefusedError:  # its process is dead
        path.unlink(missing_ok=True)
    except OSError:  # a full queue or a vanished socket: the clock finds the work
        return


class Listener:
    """One who waits for work of a kind."""

    def __init__(self, kind: str) -> None:
        directory = _directory(kind)
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._path = directory / f"{os.getpid()}-{next(_numbers)}.sock"
        self._path.unlink(missing_ok=True)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        self._socket.bind(socket_address(self._path))

    def wait(self, seconds: float) -> set[str]:
        """Wait until somebody calls, or so long; return what was said."""
        select.select([self._socket], [], [], seconds)
        words: set[str] = set()
        with suppress(BlockingIOError):
            for _ in range(1000):
                words.add(self._socket.recv(64).decode("ascii", "replace"))
        return words

    def close(self) -> None:
        """Listen no more."""
        self._socket.close()
        self._path.unlink(missing_ok=True)
