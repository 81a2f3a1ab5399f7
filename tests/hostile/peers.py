"""A client that sends what it likes, and a look at what it costs the server."""

import contextlib
import socket
import ssl
import subprocess
import sys
from pathlib import Path
from time import monotonic
from types import TracebackType
from typing import Self

from groupware.environment import BASE_DIR
from tests.serve.running import Running, environment

PASSWORD = "a good password"
ANNA = "anna@team.example"
BEN = "ben@team.example"
TIMEOUT = 20.0
MEGABYTE = 1 << 20


def create_people(data: Path, ports: dict[str, int], *addresses: str) -> None:
    """Make the accounts before the server starts."""
    data.mkdir(mode=0o700, exist_ok=True)
    run_python(data, ports, str(BASE_DIR / "manage.py"), "migrate", "--verbosity=0")
    run_python(data, ports, "-m", "tests.clients.accounts", PASSWORD, *addresses)


def run_python(data: Path, ports: dict[str, int], *arguments: str) -> None:
    subprocess.run(
        [sys.executable, *arguments], env=environment(data, ports), cwd=BASE_DIR, check=True
    )


def resident_octets(server: Running, program: str, *, peak: bool = False) -> int:
    """Return the memory of the one process of a program, now or at its height."""
    status = Path(f"/proc/{server.pid_of(program)}/status").read_text()
    name = "VmHWM:" if peak else "VmRSS:"
    line = next(line for line in status.splitlines() if line.startswith(name))
    return int(line.split()[1]) * 1024


class Peer:
    """A connection without manners."""

    def __init__(self, port: int, *, receive_buffer: int = 0) -> None:
        self._socket = socket.socket()
        if receive_buffer:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self._socket.settimeout(TIMEOUT)
        self._socket.connect(("127.0.0.1", port))
        self.buffer = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self._socket.close()

    def close(self) -> None:
        """Go away without a word."""
        self._socket.close()

    def half_close(self) -> None:
        """Send nothing more, and still listen."""
        self._socket.shutdown(socket.SHUT_WR)

    def send(self, data: bytes) -> None:
        """Send all of it, or as much as the server takes before it closes."""
        try:
            self._socket.sendall(data)
        except (BrokenPipeError, ConnectionResetError):
            return

    def drip(self, octet: bytes, *, seconds: float, until: bytes) -> None:
        """Send an octet now and then, until a line comes that begins so; TIMEOUT at most."""
        ends = monotonic() + TIMEOUT
        self._socket.settimeout(seconds)
        while b"\r\n" not in self.buffer:
            assert monotonic() < ends, "nothing came"
            self.send(octet)
            with contextlib.suppress(TimeoutError):
                self.buffer += self._socket.recv(65_536)
        self._socket.settimeout(TIMEOUT)
        assert self.line().startswith(until)

    def line(self) -> bytes:
        """Return the next line without its end, b"" when the server has closed."""
        while b"\r\n" not in self.buffer:
            try:
                data = self._socket.recv(65_536)
            except ConnectionResetError:
                data = b""
            if not data:
                return b""
            self.buffer += data
        line, _, self.buffer = self.buffer.partition(b"\r\n")
        return line

    def take(self, size: int) -> bytes:
        """Return the next octets, as many as a literal has."""
        pieces = [self.buffer]
        left = size - len(self.buffer)
        while left > 0:
            data = self._socket.recv(MEGABYTE)
            assert data, "closed in the middle of a literal"
            pieces.append(data)
            left -= len(data)
        whole = b"".join(pieces)
        self.buffer = whole[size:]
        return whole[:size]

    def lines_until(self, start: bytes) -> list[bytes]:
        """Return the lines up to one that begins so, which is the last of them."""
        lines = [self.line()]
        while not lines[-1].startswith(start):
            assert lines[-1], f"closed before {start!r}: {lines}"
            lines.append(self.line())
        return lines

    def rest(self) -> list[bytes]:
        """Return what comes until the server closes."""
        lines = []
        while line := self.line():
            lines.append(line)
        return lines

    def start_tls(self) -> None:
        """Do the client's half of a handshake with a certificate that is not looked at."""
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        self._socket = context.wrap_socket(self._socket)


def log_in(port: int, address: str = ANNA, **options: int) -> Peer:
    """Return a session of IMAP."""
    peer = Peer(port, **options)
    assert peer.line().startswith(b"* OK ")
    peer.send(f'login LOGIN {address} "{PASSWORD}"\r\n'.encode())
    assert peer.line().startswith(b"login OK ")
    return peer


def greet_lmtp(port: int, **options: int) -> Peer:
    """Return a peer of LMTP that has said LHLO."""
    return _greet(port, b"LHLO", **options)


def greet_smtp(port: int, **options: int) -> Peer:
    """Return a peer of SMTP that has said EHLO."""
    return _greet(port, b"EHLO", **options)


def _greet(port: int, hello: bytes, **options: int) -> Peer:
    peer = Peer(port, **options)
    assert peer.line().startswith(b"220 ")
    peer.send(hello + b" client.example\r\n")
    peer.lines_until(b"250 ")
    return peer
