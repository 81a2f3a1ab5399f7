"""What an idle IMAP connection costs a server in memory.

    .venv/bin/python -m benchmarks.idle [--connections 5000] [--plain] [--compress]
    .venv/bin/python -m benchmarks.idle --pid PID --port PORT --user 'u%d' --password PASSWORD

Without `--pid` it starts this server with one process of IMAP and accounts of its own. Opens so
many connections that have logged in, opened INBOX and sit in IDLE, over TLS unless `--plain`, and
prints what the process of PID and all below it hold for each (PSS, the share of each page that is
its own). A few connections come first and go, so that what is loaded once does not count.
"""

import argparse
import contextlib
import json
import resource
import socket
import ssl
import tempfile
import time
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.clients.people import DOMAIN, PASSWORD, create_people
from tests.serve.running import descendants, serving

ACCOUNTS = 50
WARM = 20
SETTLED = 0.5
"""Seconds over which the memory stays the same when everything is done."""
FILES_APART = 500


@dataclass(frozen=True, slots=True)
class Target:
    """Where to connect, and as whom."""

    pid: int
    port: int
    user: str
    password: str
    plain: bool
    compress: bool


def trusting_context() -> ssl.SSLContext:
    """Return a context that takes any certificate: it is the server's memory that counts."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


class Idle:
    """One connection."""

    def __init__(self, target: Target, context: ssl.SSLContext, number: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", target.port), timeout=60)
        if not target.plain:
            self._socket = context.wrap_socket(self._socket)
        self._deflate = self._inflate = None
        self._buffer = b""
        self._line()
        user = target.user % (number % ACCOUNTS) if "%d" in target.user else target.user
        self._do(f"LOGIN {user} {target.password}")
        if target.compress:
            self._do("COMPRESS DEFLATE")
            self._deflate = zlib.compressobj(wbits=-zlib.MAX_WBITS)
            self._inflate = zlib.decompressobj(-zlib.MAX_WBITS)
        self._do("SELECT INBOX")
        self._send(b"t IDLE\r\n")
        while not self._line().startswith(b"+"):
            pass
        # What the client itself would keep is no matter here.
        self._deflate = self._inflate = None

    def close(self) -> None:
        """Go away without a word."""
        self._socket.close()

    def _do(self, command: str) -> None:
        self._send(f"t {command}\r\n".encode())
        while not (line := self._line()).startswith(b"t "):
            pass
        if not line.startswith(b"t OK"):
            raise SystemExit(f"{command.partition(' ')[0]} was refused: {line.decode()}")

    def _send(self, data: bytes) -> None:
        if self._deflate is not None:
            data = self._deflate.compress(data) + self._deflate.flush(zlib.Z_SYNC_FLUSH)
        self._socket.sendall(data)

    def _line(self) -> bytes:
        while b"\r\n" not in self._buffer:
            data = self._socket.recv(65_536)
            if not data:
                raise SystemExit("The server has closed a connection: look at its limits.")
            self._buffer += self._inflate.decompress(data) if self._inflate is not None else data
        line, _, self._buffer = self._buffer.partition(b"\r\n")
        return line


def memory(pid: int, kind: str = "Pss") -> int:
    """Return the octets that a process and all below it hold, each page divided by its users.

    Of `Pss_Anon` the pages of files are left out, as those of a database that is mapped.
    """
    total = 0
    for each in (pid, *descendants(pid)):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError, PermissionError):
            for line in Path(f"/proc/{each}/smaps_rollup").read_text().splitlines():
                if line.startswith(f"{kind}:"):
                    total += int(line.split()[1]) * 1024
    return total


def settled_memory(pid: int) -> int:
    """Return the memory once it stays as it is."""
    seen = memory(pid)
    while True:
        time.sleep(SETTLED)
        now = memory(pid)
        if abs(now - seen) < 64 * 1024:
            return now
        seen = now


@dataclass(frozen=True, slots=True)
class Measured:
    """What so many connections cost."""

    connections: int
    before: int
    after: int
    seconds: float

    @property
    def each(self) -> float:
        """Octets of one connection."""
        return (self.after - self.before) / self.connections

    def __str__(self) -> str:
        return (
            f"{self.connections:,} connections in IDLE: {self.each / 1000:.1f} KB each"
            f" ({self.before >> 20} MiB before, {self.after >> 20} MiB with them;"
            f" opened in {self.seconds:.1f} s)"
        )


def measure(target: Target, connections: int) -> Measured:
    """Open the connections, and return what they cost."""
    context = trusting_context()
    for idle in [Idle(target, context, number) for number in range(WARM)]:
        idle.close()
    before = settled_memory(target.pid)
    began = time.monotonic()
    held = [Idle(target, context, number) for number in range(connections)]
    seconds = time.monotonic() - began
    after = settled_memory(target.pid)
    for idle in held:
        idle.close()
    return Measured(connections, before, after, seconds)


@contextlib.contextmanager
def own_server(*, plain: bool, compress: bool) -> Iterator[Target]:
    """Run this server in a directory of its own, with one process of IMAP."""
    with tempfile.TemporaryDirectory(dir="/var/tmp") as scratch:
        data = Path(scratch) / "data"
        settings = {"GROUPWARE_PROCESSES": "1", "GROUPWARE_ALLOW_PLAINTEXT": "1"}
        with serving(data, "imap", **settings) as running:
            create_people(running, [f"u{number}@{DOMAIN}" for number in range(ACCOUNTS)])
            port = running.ports["IMAP" if plain else "IMAPS"]
            user = f"u%d@{DOMAIN}"
            password = json.dumps(PASSWORD)  # quoted as IMAP quotes
            yield Target(running.pid_of("imap"), port, user, password, plain, compress)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.idle", description=__doc__)
    parser.add_argument("--connections", type=int, default=5_000)
    parser.add_argument("--plain", action="store_true", help="without TLS")
    parser.add_argument("--compress", action="store_true", help="with COMPRESS=DEFLATE")
    parser.add_argument("--pid", type=int, help="of a server that runs")
    parser.add_argument("--port", type=int)
    parser.add_argument("--user", default="u%d", help="%%d is a number below 50")
    parser.add_argument("--password", default="pass")
    options = parser.parse_args()
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    if most < options.connections + FILES_APART:
        parser.error(f"Only {most} files may be open: raise `ulimit -n` or ask for fewer.")
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    if options.pid is None:
        with own_server(plain=options.plain, compress=options.compress) as target:
            print(measure(target, options.connections))
        return
    target = Target(
        *(options.pid, options.port, options.user, options.password),
        plain=options.plain,
        compress=options.compress,
    )
    print(measure(target, options.connections))


if __name__ == "__main__":
    main()
