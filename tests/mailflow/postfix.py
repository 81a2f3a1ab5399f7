"""Debian's Postfix on loopback: an instance of its own, with a directory of its own.

It takes mail as any server does, and hands it on where its test says. Wants root, as Postfix does.
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

_MAIN = """
compatibility_level = 3.6
queue_directory = {directory}/queue
data_directory = {directory}/data
maillog_file = {directory}/log
maillog_file_prefixes = {directory}
myhostname = {name}
mydestination =
mynetworks = 127.0.0.0/8
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
smtp_dns_support_level = disabled
smtp_host_lookup = native
alias_maps =
local_recipient_maps =
"""


@dataclass(frozen=True)
class Postfix:
    """A running instance; `log` is what it has to say."""

    host: str
    port: int
    log: Path


@contextmanager
def running_postfix(directory: Path, name: str, **settings: str) -> Iterator[Postfix]:
    """Run Postfix until the block ends, with more settings for main.cf; skips without it."""
    binary = shutil.which("postfix") or shutil.which("postfix", path="/usr/sbin")
    if binary is None or os.geteuid() != 0:
        pytest.skip(MISSING)
    host = "127.0.0.21"
    with socket.socket() as free:
        free.bind((host, 0))
        port = free.getsockname()[1]
    (directory / "queue").mkdir(parents=True)
    _make_reachable(directory)
    lines = "".join(f"{key} = {value}\n" for key, value in settings.items())
    main = _MAIN.format(directory=directory, name=name)
    (directory / "main.cf").write_text(main + lines)
    (directory / "master.cf").write_text(_MASTER.lstrip().format(host=host, port=port))
    command = [binary, "-c", str(directory)]
    log = directory / "log"
    with (
        (directory / "output").open("ab") as output,
        subprocess.Popen(
            [*command, "start-fg"], start_new_session=True, stdout=output, stderr=output
        ) as process,
    ):
        try:
            wait_for(lambda: _greets(host, port, process, log), "Postfix")
            yield Postfix(host, port, log)
        finally:
            subprocess.run([*command, "stop"], capture_output=True, check=False)
            process.wait(30)


def _make_reachable(directory: Path) -> None:
    """Let Postfix's own user come into a directory of the tests."""
    for path in (directory, *directory.parents):
        if path.stat().st_uid == os.geteuid() and path != Path("/"):
            path.chmod(path.stat().st_mode | 0o011)


def _greets(host: str, port: int, process: subprocess.Popen[bytes], log: Path) -> bool:
    assert process.poll() is None, log.read_text()
    try:
        with socket.create_connection((host, port), 5) as connection:
            return connection.recv(3) == b"220"
    except OSError:
        return False
