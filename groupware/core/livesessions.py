"""Live sessions: told, and ended one by one, by the processes that hold them, when somebody asks.

Nothing is written when a session begins, at a command or at its end. Each process that serves a protocol
has a socket in DATA/run/sessions; who asks sends his question to all of them, and waits a moment for
their answers. Who keeps sessions as rows, as those of browsers, registers what reads and ends them. All
of an account's are ended by raising its credential_epoch (`directory.sign_out`), at which every session
looks by itself; one alone by asking its process, which closes the connection.
"""

import itertools
import json
import os
import select
import socket
from asyncio import AbstractEventLoop
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, Protocol

from django.conf import settings

from groupware.core import audit, db
from groupware.core.clock import monotonic
from groupware.core.errors import NotFound
from groupware.core.events import socket_address
from groupware.core.models import Account
from groupware.core.principals import Principal

WAIT_SECONDS: Final = 1.0
"""How long answers are awaited; a process that is too busy for it is left out."""
MOST_TOLD: Final = 200
"""Sessions that one process tells at once, others are counted; an answer has to fit into a datagram."""
MAX_CLIENT: Final = 80
"""Characters that are told of what a client calls itself."""
_DATAGRAM: Final = 1 << 17
_numbers = itertools.count()


@dataclass(frozen=True, slots=True)
class LiveSession:
    """A session as its process tells it; `id` is the one that its lines in the log have.

    `credential` is password, app-password or token. `began_at` and `active_at` are epoch seconds.
    `client` is what the program calls itself, `last_command` the name of what it asked for last,
    never with its arguments; empty where nothing is known.
    """

    id: str
    protocol: str
    network: str
    credential: str
    began_at: int
    active_at: int
    account_id: int
    client: str = ""
    last_command: str = ""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which sessions are asked for; what is empty says nothing.

    `domains` are the names of domains that logins are in; None are all. `text` is in the login.
    """

    account_id: int | None = None
    domains: frozenset[str] | None = None
    protocol: str = ""
    text: str = ""

    def takes(self, principal: Principal | None, protocol: str) -> bool:
        """Whether a session is meant that is somebody's; one that is nobody's never is."""
        if principal is None or self.protocol not in {"", protocol}:
            return False
        if self.account_id not in {None, principal.account_id}:
            return False
        if self.domains is not None and principal.login.rpartition("@")[2] not in self.domains:
            return False
        return self.text in principal.login


@dataclass(frozen=True, slots=True)
class Found:
    """Sessions that are as somebody asked, the oldest first, and how many there are in all."""

    sessions: list[LiveSession]
    count: int


class Holder(Protocol):
    """Whatever holds sessions: the server of a protocol in a process, or what keeps them as rows."""

    def list_sessions(self, wanted: Wanted) -> Iterable[LiveSession]:
        """Tell the sessions that are asked for."""

    def end_session(self, account_id: int, session_id: str) -> bool:
        """End a session of an account; return False where it holds no such one."""


_holders: dict[str, Holder] = {}


def register(protocol: str, holder: Holder) -> None:
    """Let a holder tell the sessions of a protocol that are rows; it ends one in a transaction."""
    _holders[protocol] = holder


def credential_of(principal: Principal) -> str:
    """Return in a word what a session was opened with."""
    if principal.token_id is not None:
        return "token"
    return "password" if principal.app_password_id is None else "app-password"


def shown_client(client: str) -> str:
    """Return what a client calls itself as it can be told."""
    return "".join(char if char.isprintable() else "?" for char in client[:MAX_CLIENT])


class Teller:
    """Answers for one process, in its event loop."""

    def __init__(self, loop: AbstractEventLoop, holder: Holder) -> None:
        self._loop, self._holder = loop, holder
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
                asked, address = self._socket.recvfrom(_DATAGRAM)
                # Who asks has bound his socket beside ours; nobody else gets into the directory.
                if address:
                    answer = json.dumps(self._reply_to(json.loads(asked)), ensure_ascii=False)
                    with suppress(OSError):  # he waits no more
                        self._socket.sendto(answer.encode(), address)

    def _reply_to(self, asked: dict[str, Any]) -> dict[str, Any]:
        if "end" in asked:
            return {"ended": self._holder.end_session(asked["account_id"], asked["end"])}
        domains = asked.pop("domains")
        wanted = Wanted(**asked, domains=None if domains is None else frozenset(domains))
        told, count = _count(self._holder.list_sessions(wanted))
        return {"sessions": [asdict(held) for held in told], "count": count}


def list_sessions(account_id: int) -> list[LiveSession]:
    """Return the sessions of an account, in all processes of this machine, the oldest first."""
    return find_sessions(Wanted(account_id)).sessions


def find_sessions(wanted: Wanted) -> Found:
    """Return the sessions that are asked for, in all processes of this machine.

    Of those of one process no more than `MOST_TOLD` are told.
    """
    domains = None if wanted.domains is None else sorted(wanted.domains)
    found, count = [], 0
    for told in _ask_all({**asdict(wanted), "domains": domains}):
        found += [LiveSession(**held) for held in told["sessions"]]
        count += told["count"]
    for protocol, holder in _holders.items():
        if wanted.protocol in {"", protocol}:
            held, more = _count(holder.list_sessions(wanted))
            found += held
            count += more
    return Found(sorted(found, key=lambda held: (held.began_at, held.id)), count)


def get_session(account_id: int, session_id: str) -> LiveSession:
    """Return a session of an account; raises `NotFound`."""
    for held in list_sessions(account_id):
        if held.id == session_id:
            return held
    raise NotFound("There is no such session any more: it has ended already.")


def end_session(account: Account, held: LiveSession) -> None:
    """End one session of an account; the others go on. Raises `NotFound` where it has ended.

    A connection is closed behind the commit, in whatever process it is; a row goes with it.
    """
    with audit.change():
        holder = _holders.get(held.protocol)
        if held.account_id != account.pk or (
            holder is not None and not holder.end_session(account.pk, held.id)
        ):
            raise NotFound("There is no such session any more: it has ended already.")
        if holder is None:
            db.on_commit(lambda: _end(account.pk, held.id))
        detail = {"session": held.id, "protocol": held.protocol, "network": held.network}
        audit.record("account.end-session", account, **detail)


def _end(account_id: int, session_id: str) -> None:
    """Let the process that holds a session end it, and wait until it says so."""
    for told in _ask_all({"end": session_id, "account_id": account_id}):
        if told["ended"]:
            return


def _count(told: Iterable[LiveSession]) -> tuple[list[LiveSession], int]:
    """Return the first of sessions, and how many there are."""
    rest = iter(told)
    first = list(itertools.islice(rest, MOST_TOLD))
    return first, len(first) + sum(1 for _ in rest)


def _ask_all(question: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Ask every process of this machine, and yield the answers as they come."""
    asked = json.dumps(question).encode()
    with _asking() as asking:
        tellers = list(_directory().glob("*.sock"))
        number = sum(_ask(asking, asked, teller) for teller in tellers)
        ends = monotonic() + WAIT_SECONDS
        while number and (left := ends - monotonic()) > 0:
            if not select.select([asking], [], [], left)[0]:
                return
            yield json.loads(asking.recv(_DATAGRAM))
            number -= 1


@contextmanager
def _asking() -> Iterator[socket.socket]:
    path = _directory() / f"{os.getpid()}-{next(_numbers)}.ask"
    asking = _bound(path)
    try:
        yield asking
    finally:
        asking.close()
        path.unlink(missing_ok=True)


def _ask(asking: socket.socket, question: bytes, teller: Path) -> bool:
    """Send the question to one process; tell whether an answer is to be awaited."""
    try:
        asking.sendto(question, socket_address(teller))
    except ConnectionRefusedError:  # its process is dead
        teller.unlink(missing_ok=True)
        return False
    except OSError:  # it goes this moment, or has no room
        return False
    return True


def _directory() -> Path:
    path = Path(settings.GROUPWARE_DATA) / "run" / "sessions"
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


def _bound(path: Path) -> socket.socket:
    bound = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
    bound.bind(socket_address(path))
    return bound
