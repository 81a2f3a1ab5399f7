"""Live sessions of an account: told by the processes that hold them, when somebody asks.

Nothing is written when a session begins, at a command or at its end. Each process that serves a protocol
has a socket in DATA/run/sessions; who asks sends the account's number to all of them, and waits a moment
for their answers. They are ended by raising the account's credential_epoch (`directory.sign_out`), at
which every session looks by itself. Who keeps sessions as rows, as those of browsers, registers how they
are read.
"""

import itertools
import json
import os
import select
import socket
from asyncio import AbstractEventLoop
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from django.conf import settings

from groupware.core.clock import monotonic
from groupware.core.events import socket_address
from groupware.core.principals import Principal

WAIT_SECONDS: Final = 1.0
"""How long answers are awaited; a process that is too busy for it is left out."""
MOST_TOLD: Final = 200
"""Sessions of an account that one process tells; an answer has to fit into a datagram."""
_DATAGRAM: Final = 1 << 17
_numbers = itertools.count()


@dataclass(frozen=True, slots=True)
class LiveSession:
    """A session as its process tells it; `id` is the one that its lines in the log have.

    `credential` is password, app-password or token. `began_at` and `active_at` are epoch seconds.
    """

    id: str
    protocol: str
    network: str
    credential: str
    began_at: int
    active_at: int


Tell = Callable[[int], Iterable[LiveSession]]

_sources: list[Tell] = []


def register(tell: Tell) -> None:
    """Let `tell(account_id)` tell the sessions that are rows."""
    if tell not in _sources:
        _sources.append(tell)


def credential_of(principal: Principal) -> str:
    """Return in a word what a session was opened with."""
    if principal.token_id is not None:
        return "token"
    return "password" if principal.app_password_id is None else "app-password"


class Teller:
    """Answers for one process, in its event loop."""

    def __init__(self, loop: AbstractEventLoop, tell: Tell) -> None:
        self._loop, self._tell = loop, tell
        self._path = _directory() / f"{os.getpid()}-{next(_numbers)}.sock"
        self._path.unlink(missing_ok=True)
        self._socket = _bound(self._path)
        loop.add_reader(self._socket.fileno(), self._answer)

    def close(self) -> None:
        """Answer no more."""
        self._loop.remove_reader(self._socket.fileno())
        self._socket.close()
        self._path.unlink(missing_ok=True)

    def _answer(self) -> None:
        with suppress(BlockingIOError):
            for _ in range(100):
                asked, address = self._socket.recvfrom(64)
                # Who asks has bound his socket beside ours; nobody else gets into the directory.
                if address and asked.isdigit():
                    told = itertools.islice(self._tell(int(asked)), MOST_TOLD)
                    data = json.dumps([asdict(held) for held in told]).encode()
                    with suppress(OSError):  # he waits no more
                        self._socket.sendto(data, address)


def list_sessions(account_id: int) -> list[LiveSession]:
    """Return the sessions of an account, in all processes of this machine, the oldest first."""
    directory = _directory()
    tellers = list(directory.glob("*.sock"))
    path = directory / f"{os.getpid()}-{next(_numbers)}.ask"
    asking = _bound(path)
    try:
        asked = sum(_ask(asking, account_id, teller) for teller in tellers)
        found = _collect(asking, asked)
    finally:
        asking.close()
        path.unlink(missing_ok=True)
    found += itertools.chain.from_iterable(tell(account_id) for tell in _sources)
    return sorted(found, key=lambda held: (held.began_at, held.id))


def _ask(asking: socket.socket, account_id: int, teller: Path) -> bool:
    """Send the question to one process; tell whether an answer is to be awaited."""
    try:
        asking.sendto(str(account_id).encode(), socket_address(teller))
    except ConnectionRefusedError:  # its process is dead
        teller.unlink(missing_ok=True)
        return False
    except OSError:  # it goes this moment, or has no room
        return False
    return True


def _collect(asking: socket.socket, number: int) -> list[LiveSession]:
    found: list[LiveSession] = []
    ends = monotonic() + WAIT_SECONDS
    while number and (left := ends - monotonic()) > 0:
        if not select.select([asking], [], [], left)[0]:
            break
        found += [LiveSession(**told) for told in json.loads(asking.recv(_DATAGRAM))]
        number -= 1
    return found


def _directory() -> Path:
    path = Path(settings.GROUPWARE_DATA) / "run" / "sessions"
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


def _bound(path: Path) -> socket.socket:
    bound = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
    bound.bind(socket_address(path))
    return bound
