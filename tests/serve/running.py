"""The real command in a real process, on ports that are free."""

import contextlib
import fcntl
import http.client
import os
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from groupware.environment import BASE_DIR, PORTS
from tests import databases

WAIT_SECONDS = 30.0
START_SECONDS = 120.0
"""How long a server may take to begin on a machine that has other things to do."""


@dataclass(frozen=True)
class Running:
    """A running `manage.py serve`."""

    process: subprocess.Popen[bytes]
    data: Path
    ports: Mapping[str, int]
    output: Path
    trusted: Path
    host: str = "127.0.0.1"

    def children(self) -> dict[int, str]:
        """Return the programs that run by their process ids."""
        found = {}
        for pid in child_pids(self.process.pid):
            with contextlib.suppress(FileNotFoundError):
                words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
                if b"groupware.serve.child" in words:
                    found[pid] = words[-2].decode()
        return found

    def pid_of(self, program: str) -> int:
        """Return the process id of a program, 0 where it does not run."""
        return next((pid for pid, name in self.children().items() if name == program), 0)

    def get(self, path: str, *, port: str = "HTTP") -> tuple[int, str]:
        """Return status and body of a page."""
        connection: http.client.HTTPConnection
        if port == "HTTPS":
            context = ssl.create_default_context(cafile=str(self.trusted))
            connection = http.client.HTTPSConnection(
                "localhost", self.ports[port], timeout=10, context=context
            )
        else:
            connection = http.client.HTTPConnection(self.host, self.ports[port], timeout=10)
        with contextlib.closing(connection):
            connection.request("GET", path)
            response = connection.getresponse()
            return response.status, response.read().decode()

    def stop(self, number: signal.Signals = signal.SIGTERM) -> float:
        """Stop the server, and return how many seconds that took."""
        start = time.monotonic()
        self.process.send_signal(number)
        self.process.wait(timeout=WAIT_SECONDS)
        return time.monotonic() - start


def child_pids(pid: int) -> list[int]:
    """Return the children of a process."""
    try:
        return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except (FileNotFoundError, ProcessLookupError):  # it has ended, maybe while it was read
        return []


def descendants(pid: int) -> set[int]:
    """Return the children of a process, and theirs."""
    found = set(child_pids(pid))
    return found.union(*(descendants(child) for child in found))


def exists(pid: int) -> bool:
    """Return whether a process runs, zombies left out."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def wait_for(condition: Callable[[], object], what: str, *, seconds: float = WAIT_SECONDS) -> None:
    """Return when `condition` holds; fail when it takes too long."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        time.sleep(0.02)


def free_ports() -> dict[str, int]:
    """Return a free port for each name of the contract."""
    with contextlib.ExitStack() as stack:
        sockets = {name: stack.enter_context(socket.socket()) for name in PORTS}
        for item in sockets.values():
            item.bind(("127.0.0.1", 0))
        return {name: item.getsockname()[1] for name, item in sockets.items()}


def environment(data: Path, ports: Mapping[str, int], **variables: str) -> dict[str, str]:
    """Return the environment of a server of its own."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("GROUPWARE_") and name != "PYTHONUNBUFFERED"
    }
    return (
        kept
        | {"GROUPWARE_DATA": str(data), "GROUPWARE_PROCESSES": "2", "GROUPWARE_DEMO": "0"}
        | {f"GROUPWARE_{name}_PORT": str(port) for name, port in ports.items()}
        | variables
    )


def serve_command(*roles: str) -> list[str]:
    """Return the command line of `manage.py serve`."""
    return [sys.executable, str(BASE_DIR / "manage.py"), "serve", *roles]


@contextlib.contextmanager
def serving(
    data: Path, *roles: str, log: str = "serve", under: Sequence[str] = (), **variables: str
) -> Iterator[Running]:
    """Run `manage.py serve` until the block ends; its ports answer when the block begins.

    A new directory gets a database that is migrated already; outside tests the server migrates it.
    `under` is a program, with its arguments, that runs the command that follows them.
    """
    has_templates = databases.DIRECTORY in os.environ
    if has_templates and "GROUPWARE_DATABASE_URL" not in variables and not data.exists():
        databases.copy_sqlite(data / "groupware.sqlite3")
    ports = free_ports() | {
        name: int(variables[f"GROUPWARE_{name}_PORT"])
        for name in PORTS
        if f"GROUPWARE_{name}_PORT" in variables
    }
    output = data.with_name(f"{log}.log")
    with output.open("wb") as file:
        process = subprocess.Popen(
            [*under, *serve_command(*roles)],
            stdout=file,
            stderr=subprocess.STDOUT,
            env=environment(data, ports, **variables),
        )
    own = str(data / "tls" / "cert.pem")
    trusted = Path(variables.get("GROUPWARE_TLS_CERT", own))
    host = variables.get("GROUPWARE_HOST", "127.0.0.1")
    running = Running(process, data, ports, output, trusted, host)
    try:
        wait_for(lambda: answers(running, roles), "the servers", seconds=START_SECONDS)
        yield running
    except BaseException:
        print(output.read_text())  # noqa: T201 - shown where the test failed
        raise
    finally:
        if process.poll() is None:
            running.stop()


def answers(running: Running, roles: tuple[str, ...]) -> bool:
    """Return whether each role that has ports answers as its protocol does."""
    assert running.process.poll() is None, running.output.read_text()
    names = {
        "web": ("HTTP", "HTTPS"),
        "events": ("EVENTS",),
        "imap": ("IMAP",),
        "pop3": ("POP3",),
        "smtp": ("SMTP", "SUBMISSION"),
        "lmtp": ("LMTP",),
    }
    wanted = [
        name for role in roles or names for name in names.get(role, ()) if running.ports[name]
    ]
    try:
        return all(_answers(running, name) for name in wanted)
    except (OSError, http.client.HTTPException):
        return False


def _answers(running: Running, name: str) -> bool:
    if name in {"HTTP", "HTTPS", "EVENTS"}:
        return running.get("/healthz", port=name)[0] == 200
    with socket.create_connection((running.host, running.ports[name]), 10) as connection:
        return bool(connection.recv(1))


@contextlib.contextmanager
def nobody_commits(data: Path) -> Iterator[None]:
    """Hold the lock that every write waits for."""
    with (data / "write.lock").open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def waits_for_the_lock(server: Running, program: str) -> bool:
    """Tell whether a thread of one of the program's processes stands in the line for the lock."""
    pids = [pid for pid, name in server.children().items() if name == program]
    return any(waits_for_file(pid, server.data / "write.lock") for pid in pids)


def waits_for_file(pid: int, path: Path) -> bool:
    """Tell whether a thread of a process stands in the line for the lock of a file."""
    waiting = [line.split() for line in Path("/proc/locks").read_text().splitlines()]
    inode = f":{path.stat().st_ino}"
    return any(
        words[1] == "->" and words[5] == str(pid) and words[6].endswith(inode) for words in waiting
    )
