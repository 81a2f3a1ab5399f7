"""A server of the tour's own: fresh, on free ports, in a directory that goes with it."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from groupware.core.clock import monotonic
from groupware.environment import BASE_DIR, PORTS
from groupware.serve.banner import DEMO_PASSWORDS

START_SECONDS = 180.0
STOP_SECONDS = 20.0
MANAGE = str(BASE_DIR / "manage.py")


class NoServer(Exception):
    """The server does not start; the text says why."""


@dataclass(frozen=True)
class House:
    """The running server, and its people by their first names."""

    data: Path
    ports: Mapping[str, int]
    variables: Mapping[str, str]
    passwords: dict[str, str] = field(default_factory=dict)

    @property
    def certificate(self) -> Path:
        """Return what its clients trust."""
        return self.data / "tls" / "cert.pem"

    def address(self, name: str) -> str:
        """Return somebody's address."""
        return next(one for one in self.passwords if one.startswith(f"{name}@"))

    @property
    def people(self) -> list[str]:
        """Return the addresses of all who sign in."""
        return sorted(self.passwords)

    def manage(self, *words: str) -> Any:
        """Run a command as an admin does, and return its answer."""
        ran = subprocess.run(  # noqa: S603 - our own command
            [sys.executable, MANAGE, *words, "--json"],
            env=dict(self.variables),
            capture_output=True,
            text=True,
            check=False,
        )
        if ran.returncode:
            raise NoServer(f"manage.py {' '.join(words)}: {ran.stderr.strip()}")
        return json.loads(ran.stdout) if ran.stdout.strip() else None


@contextmanager
def serving(directory: Path) -> Iterator[House]:
    """Run every server, with the demo team, until the block ends."""
    data = directory / "data"
    ports = _free_ports()
    variables = {
        name: text for name, text in os.environ.items() if not name.startswith("GROUPWARE_")
    }
    variables |= {f"GROUPWARE_{name}_PORT": str(port) for name, port in ports.items()}
    variables |= {"GROUPWARE_DATA": str(data), "GROUPWARE_LOG_LEVEL": "WARNING"}
    house = House(data, ports, variables)
    log = directory / "serve.log"
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603 - our own command
            [sys.executable, MANAGE, "serve"],
            env=variables,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C is the tour's, which then ends the server
        )
    try:
        _await_ready(process, house, log)
        yield house
    finally:
        _stop(process)


def _stop(process: "subprocess.Popen[bytes]") -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _await_ready(process: "subprocess.Popen[bytes]", house: House, log: Path) -> None:
    """Return when the people are known and each port answers."""
    deadline = monotonic() + START_SECONDS
    kept = house.data / DEMO_PASSWORDS
    wanted = set(house.ports.values())
    while wanted or not house.passwords:
        if process.poll() is not None:
            raise NoServer(f"The server does not start:\n{log.read_text(errors='replace')}")
        if monotonic() > deadline:
            raise NoServer(f"The server did not answer for {START_SECONDS:.0f} seconds.")
        with suppress(subprocess.TimeoutExpired):
            process.wait(0.1)
        wanted = {port for port in wanted if not _answers(port)}
        if not wanted and kept.exists():
            for line in kept.read_text("utf-8").splitlines():
                address, _, password = line.partition(" ")
                house.passwords[address] = password


def _answers(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False


def _free_ports() -> dict[str, int]:
    """Return a free port for each server; the ones that are not there yet stay off."""
    with ExitStack() as stack:
        held = {name: stack.enter_context(socket.socket()) for name in PORTS if name != "SIEVE"}
        for one in held.values():
            one.bind(("127.0.0.1", 0))
        return {name: one.getsockname()[1] for name, one in held.items()}
