"""Hints between sessions and processes that something changed, published after the commit.

Events are hints only: every command checks for changes, and every process polls once a
second. Between processes they are datagrams to the sockets in DATA/run/notify; a server's hub
sends them, so that many changes in a moment wake the others once.
"""

import os
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from django.conf import settings

MAX_SOCKET_PATH = 100

Subscriber = Callable[["Event"], None]

_subscribers: list[Subscriber] = []
_carriers: list[Subscriber] = []
_sender_lock = threading.Lock()
_sender: socket.socket | None = None


@dataclass(frozen=True, slots=True)
class CollectionChanged:
    """A collection has a new highest_modseq (or is gone, with `modseq` 0)."""

    account_id: int
    collection_id: int
    modseq: int


@dataclass(frozen=True, slots=True)
class CredentialsChanged:
    """Live sessions of the account must check their credential_epoch."""

    account_id: int


@dataclass(frozen=True, slots=True)
class MailboxListChanged:
    """Mailboxes of the account were made, renamed or deleted."""

    account_id: int


Event = CollectionChanged | CredentialsChanged | MailboxListChanged

_CODES: dict[str, type[CollectionChanged | CredentialsChanged | MailboxListChanged]] = {
    "c": CollectionChanged,
    "a": CredentialsChanged,
    "l": MailboxListChanged,
}
_NAMES = {kind: code for code, kind in _CODES.items()}


def encode(event: Event) -> bytes:
    """Return the datagram of an event."""
    fields = (getattr(event, name) for name in event.__slots__)
    return " ".join([_NAMES[type(event)], *map(str, fields)]).encode()


def decode(data: bytes) -> Event | None:
    """Return the event of a datagram, or None for one that is not ours."""
    code, *fields = data.decode("ascii", "replace").split(" ")
    kind = _CODES.get(code)
    if kind is None:
        return None
    try:
        return kind(*map(int, fields))
    except (TypeError, ValueError):
        return None


def directory() -> Path:
    """Return where the sockets of listening processes are."""
    return _directory(settings.GROUPWARE_DATA)


@lru_cache(maxsize=4)
def _directory(data: str | Path) -> Path:
    return Path(data) / "run" / "notify"


def subscribe(subscriber: Subscriber) -> Callable[[], None]:
    """Call `subscriber` for every event of this process; returns what ends it."""
    _subscribers.append(subscriber)
    return lambda: _subscribers.remove(subscriber)


def carry(carrier: Subscriber) -> Callable[[], None]:
    """Let `carrier` tell this process and, by `send`, the others; returns what ends it."""
    _carriers.append(carrier)
    return lambda: _carriers.remove(carrier)


def publish(event: Event) -> None:
    """Tell this process's subscribers and every other process; never fails the caller.

    Where the process has a carrier the others hear it from that one.
    """
    for subscriber in (*_subscribers, *_carriers):
        subscriber(event)
    if not _carriers:
        send(event)


def send(event: Event) -> None:
    """Tell every other process. Hot: a busy server sends hundreds a second."""
    data = encode(event)
    own = own_socket_name()
    path = directory()
    with suppress(OSError):
        for name in os.listdir(path):  # noqa: PTH208 (half of what a Path for each would take)
            if name != own:
                _send(data, path / name)


def socket_address(path: Path) -> str:
    """Return what to bind or send to: a socket's path may have 107 octets only."""
    if len(os.fsencode(path)) < MAX_SOCKET_PATH:
        return str(path)
    return f"/proc/self/fd/{_directory_descriptor(path.parent)}/{path.name}"


@lru_cache(maxsize=4)
def _directory_descriptor(path: Path) -> int:
    return os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)


def own_socket_name() -> str:
    """Return the name of this process's listening socket."""
    return f"{os.getpid()}.sock"


def close_sender() -> None:
    """Close what this process sends by; who sends once more opens another."""
    global _sender
    with _sender_lock:
        held, _sender = _sender, None
    if held is not None:
        held.close()


def _send(data: bytes, path: Path) -> None:
    global _sender  # noqa: PLW0603 (one per process)
    with _sender_lock:
        if _sender is None:
            _sender = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        try:
            _sender.sendto(data, socket_address(path))
        except ConnectionRefusedError:  # its process is dead
            with suppress(FileNotFoundError):
                path.unlink()
        except OSError:  # a full queue or a vanished socket: the poll each second finds it
            return
