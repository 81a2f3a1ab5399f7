import ssl
import subprocess
from pathlib import Path

import pytest

from tests.clients.imap import append_exactly, done, sign_in
from tests.clients.people import Person
from tests.clients.pop3 import manage, new_device
from tests.clients.samples import MIXED, PLAIN, numbered
from tests.clients.tools import find_tool, private
from tests.serve.running import Running

CONFIGURATION = """\
account default
host localhost
port {port}
user {address}
passwordeval "cat {secret}"
auth plain
tls on
tls_starttls {starttls}
tls_trust_file {trusted}
delivery exchange {fetched}
uidls_file {uidls}
keep {keep}
received_header off
"""
MESSAGES = [PLAIN, MIXED, numbered(3)]


class Device:
    """A device that fetches by mpop, with what it has fetched so far."""

    def __init__(self, server: Running, person: Person, directory: Path) -> None:
        self._server = server
        self._directory = directory
        self._fetched = directory / "fetched"
        self._fetched.mkdir(parents=True)
        private(directory / "secret", person.password)
        self._address = person.address

    def fetch(self, *, keep: bool, starttls: bool = False) -> list[bytes]:
        """Run mpop, and return all messages that are there then."""
        text = CONFIGURATION.format(
            port=self._server.ports["POP3" if starttls else "POP3S"],
            address=self._address,
            secret=self._directory / "secret",
            starttls="on" if starttls else "off",
            trusted=self._server.trusted,
            fetched=self._fetched,
            uidls=self._directory / "uidls",
            keep="on" if keep else "off",
        )
        file = private(self._directory / "mpoprc", text)
        ended = subprocess.run(
            [find_tool("mpop"), f"--file={file}"], check=False, capture_output=True, text=True
        )
        assert ended.returncode == 0, ended.stdout + ended.stderr
        return sorted(path.read_bytes() for path in self._fetched.iterdir())


@pytest.fixture
def filled(server: Running, tls: ssl.SSLContext, person: Person) -> Person:
    """Return somebody with some messages."""
    with sign_in(server, tls, person) as client:
        for message in MESSAGES:
            append_exactly(client, message)
    return person


@pytest.mark.parametrize("starttls", [False, True])
def test_what_is_kept_is_fetched_once(
    server: Running, tls: ssl.SSLContext, filled: Person, tmp_path: Path, starttls: bool
) -> None:
    device = Device(server, filled, tmp_path)
    assert device.fetch(keep=True, starttls=starttls) == sorted(MESSAGES)
    assert device.fetch(keep=True, starttls=starttls) == sorted(MESSAGES)
    with sign_in(server, tls, filled) as client:
        append_exactly(client, numbered(4))
    assert device.fetch(keep=True, starttls=starttls) == sorted([*MESSAGES, numbered(4)])


def test_devices_that_delete_get_everything_each(
    server: Running, session_database_url: str, tls: ssl.SSLContext, filled: Person, tmp_path: Path
) -> None:
    words = ("account", "pop3", filled.address, "--dele", "hide", "--hide-days", "30")
    manage(server, session_database_url, *words)
    for name in ("phone", "desk"):
        device = Device(server, new_device(server, session_database_url, filled), tmp_path / name)
        assert device.fetch(keep=False) == sorted(MESSAGES)
    with sign_in(server, tls, filled) as client:
        assert done(client.select()) == [b"%d" % len(MESSAGES)]


def test_what_is_deleted_is_in_trash(
    server: Running, tls: ssl.SSLContext, filled: Person, tmp_path: Path
) -> None:
    assert Device(server, filled, tmp_path).fetch(keep=False) == sorted(MESSAGES)
    with sign_in(server, tls, filled) as client:
        assert done(client.select()) == [b"0"]
        assert done(client.select("Trash")) == [b"%d" % len(MESSAGES)]
