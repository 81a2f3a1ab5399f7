"""The servers that are measured: ours as `manage.py serve` runs it, and a private Dovecot.

Both listen on loopback without TLS.
"""

from abc import abstractmethod
from pathlib import Path

from benchmarks.imap.client import Client
from benchmarks.side_by_side.dovecot import PrivateDovecot
from benchmarks.side_by_side.servers import USERS, Peer, ThisServer


class ImapPeer(Peer):
    """A server to which clients speak IMAP."""

    @abstractmethod
    def connect(self, user: int = 0) -> Client:
        """Return a session of one of its users."""


class Ours(ThisServer, ImapPeer):
    """This tree's server."""

    def connect(self, user: int = 0) -> Client:
        """Return a session of one of its users."""
        return Client(self.running.ports["IMAP"], self.users[user], self.password)


class Dovecot(PrivateDovecot, ImapPeer):
    """Debian's Dovecot."""

    protocols = ("imap",)

    def __init__(self, directory: Path) -> None:
        super().__init__(directory)
        self._users = [f"user-{number}" for number in range(USERS)]

    def connect(self, user: int = 0) -> Client:
        """Return a session of one of its users."""
        return Client(self.ports["imap"], self._users[user], self.password)


PEERS: dict[str, type[Ours] | type[Dovecot]] = {"ours": Ours, "dovecot": Dovecot}
