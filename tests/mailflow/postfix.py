"""Debian's Postfix on loopback: an instance of its own, with a directory of its own.

It takes mail as any server does, and hands it on where its test, or its benchmark, says. Wants
root, as Postfix does.
"""

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.serve.running import wait_for

MISSING = "install Postfix and run as root: `make test-deps` does the first"
HOST = "127.0.0.21"

_MASTER = """
{host}:{port} inet n - n - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
flush unix - n n 1000? 0 flush
proxywrite unix - - n - 1 proxymap
showq unix n - n - - showq
relay unix - - n - - smtp
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
smtp unix - - n - - smtp
lmtp unix - - n - - lmtp
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
proxymap unix - - n - - proxymap
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""

_MAIN = {
    "compatibility_level": "3.6",
    "queue_directory": "{directory}/queue",
    "data_directory": "{directory}/data",
    "maillog_file": "{directory}/log",
    "maillog_file_prefixes": "{directory}",
    "myhostname": "{name}",
    "mydestination": "",
    "mynetworks": "127.0.0.0/8",
    "inet_interfaces": "127.0.0.1",
    "inet_protocols": "ipv4",
    "smtp_dns_support_level": "disabled",
    "smtp_host_lookup": "native",
    "alias_maps": "",
    "local_recipient_maps": "",
}


@dataclass(frozen=True)
class Postfix:
    """A running instance; `log` is what it has to say."""

    directory: Path
    host: str
    port: int
    process: subprocess.Popen[bytes]

    @property
    def log(self) -> Path:
        """Where it writes what it does."""
        return self.directory / "log"

    def run(self, program: str, *arguments: str) -> str:
        """Return what one of its programs says: postqueue, postconf."""
        command = [_find(program), "-c", str(self.directory), *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def _find(program: str) -> str:
    return shutil.which(program) or shutil.which(program, path="/usr/sbin") or ""


def reason_missing() -> str:
    """Return why none can run here; empty where one can."""
    return "" if _find("postfix") and os.geteuid() == 0 else MISSING


@contextmanager
def running_postfix(
    directory: Path, name: str, *, host: str = HOST, **settings: str
) -> Iterator[Postfix]:
    """Run Postfix until the block ends, with other settings for main.cf; skips without it."""
    if reason := reason_missing():
        pytest.skip(reason)
    with socket.socket() as free:
        free.bind((host, 0))
        port = free.getsockname()[1]
    _configure(directory, name, host, port, settings)
    command = [_find("postfix"), "-c", str(directory)]
    with (
        (directory / "output").open("ab") as output,
        subprocess.Popen(
            [*command, "start-fg"], start_new_session=True, stdout=output, stderr=output
        ) as process,
    ):
        running = Postfix(directory, host, port, process)
        try:
            wait_for(lambda: _greets(running), "Postfix")
            yield running
        finally:
            subprocess.run([*command, "stop"], capture_output=True, check=False)
            process.wait(30)


def _configure(directory: Path, name: str, host: str, port: int, settings: dict[str, str]) -> None:
    (directory / "queue").mkdir(parents=True, exist_ok=True)
    _make_reachable(directory)
    common = {key: value.format(directory=directory, name=name) for key, value in _MAIN.items()}
    lines = [f"{key} = {value}\n" for key, value in (common | settings).items()]
    (directory / "main.cf").write_text("".join(lines))
    (directory / "master.cf").write_text(_MASTER.lstrip().format(host=host, port=port))


def _make_reachable(directory: Path) -> None:
    """Let Postfix's own user come into a directory of the tests."""
    for path in (directory, *directory.parents):
        if path.stat().st_uid == os.geteuid() and path != Path("/"):
            path.chmod(path.stat().st_mode | 0o011)


def _greets(postfix: Postfix) -> bool:
    assert postfix.process.poll() is None, postfix.log.read_text()
    try:
        with socket.create_connection((postfix.host, postfix.port), 5) as connection:
            return connection.recv(3) == b"220"
    except OSError:
        return False
