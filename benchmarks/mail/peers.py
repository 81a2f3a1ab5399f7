"""The servers that are measured: ours, and a private Dovecot with a private Postfix before it.

All listen on loopback without TLS. Postfix takes what comes by SMTP and hands it to the Dovecot by
LMTP, as it is run in most places.
"""

import contextlib
import sqlite3
import subprocess
import sys
from abc import abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from benchmarks.imap.client import Client as ImapClient
from benchmarks.mail.handover import Handover
from benchmarks.mail.pop3 import Client
from benchmarks.mail.postfix import PrivatePostfix, reason_missing
from benchmarks.side_by_side.dovecot import PROGRAMS, PrivateDovecot
from benchmarks.side_by_side.runs import Missing
from benchmarks.side_by_side.servers import Peer, ThisServer
from groupware.environment import BASE_DIR
from tests.clients.people import DOMAIN
from tests.mailflow.dns import serving_dns
from tests.serve.running import environment

MAILBOXES: Final = [f"user-{number}@{DOMAIN}" for number in range(5)]
"""The first one's is the large maildrop; the others get what is handed over."""
MEMBERS: Final = [f"member-{number}@{DOMAIN}" for number in range(1000)]
LIST: Final = f"everyone@{DOMAIN}"


class MailPeer(Peer):
    """A server that takes mail by LMTP and SMTP and gives it out by POP3."""

    password: str

    @abstractmethod
    def port(self, protocol: str) -> int:
        """Return the port of a protocol; raises `Missing`."""

    @abstractmethod
    def filed(self) -> int:
        """Return how many messages it has put into mailboxes so far."""

    def hand_over(self, protocol: str) -> Handover:
        """Return a connection that takes mail."""
        return Handover(self.port(protocol), {"lmtp": "LHLO", "smtp": "EHLO"}[protocol])

    def fetch(self, user: int = 0) -> Client:
        """Return a session that fetches mail."""
        return Client(self.port("pop3"), MAILBOXES[user], self.password)

    def read(self, user: int = 0) -> ImapClient:
        """Return a session that changes flags."""
        return ImapClient(self.port("imap"), MAILBOXES[user], self.password)


class Ours(ThisServer, MailPeer):
    """This tree's server; it asks a DNS where nobody has a record."""

    def __init__(self, directory: Path) -> None:
        super().__init__(directory)
        self.users = [*MAILBOXES, *MEMBERS]
        self._dns = contextlib.ExitStack()

    def port(self, protocol: str) -> int:
        """Return the port of a protocol."""
        return self.running.ports[protocol.upper()]

    def start(self) -> None:
        """Run `manage.py serve`, and make the list when that is done first."""
        is_first = not self._created
        dns = self._dns.enter_context(serving_dns())
        self.variables = {"GROUPWARE_DNS_SERVERS": dns.variable}
        super().start()
        if is_first:
            self._make_list(self.variables)

    def _make_list(self, variables: Mapping[str, str]) -> None:
        command = [sys.executable, str(BASE_DIR / "manage.py"), "address", "create", LIST, "--to"]
        subprocess.run(
            [*command, *MEMBERS],
            env=environment(self._data, self.running.ports, **variables),
            check=True,
            stdout=subprocess.DEVNULL,
        )

    def stop(self) -> None:
        """Stop it as Ctrl-C does."""
        super().stop()
        self._dns.close()

    def filed(self) -> int:
        """Return how many rows of messages there are."""
        return self._count("mail_message")

    def stored(self) -> int:
        """Return how many copies of messages lie in the store."""
        return self._count("core_blob")

    def _count(self, table: str) -> int:
        path = f"file:{self._data / 'groupware.sqlite3'}?mode=ro"
        with contextlib.closing(sqlite3.connect(path, uri=True)) as connection:
            [(count,)] = connection.execute(f"SELECT COUNT(*) FROM {table}")
        return int(count)


class Dovecot(PrivateDovecot, MailPeer):
    """Debian's Dovecot, and its Postfix where it is installed."""

    protocols = ("imap", "pop3", "lmtp")

    def __init__(self, directory: Path) -> None:
        for program in self.protocols:
            if not (PROGRAMS / program).exists():
                raise SystemExit(f"Dovecot has no {program} here: install its package.")
        super().__init__(directory)
        self._counted = self._filed = 0
        self._postfix: PrivatePostfix | None = None
        if not reason_missing():
            self._postfix = PrivatePostfix(directory, DOMAIN, self.ports["lmtp"])
            self._postfix.know([*MAILBOXES, *MEMBERS], {LIST: MEMBERS})

    def port(self, protocol: str) -> int:
        """Return the port of a protocol; raises `Missing` for SMTP where there is no Postfix."""
        if protocol != "smtp":
            return self.ports[protocol]
        if self._postfix is None:
            raise Missing(reason_missing())
        return self._postfix.port

    def connect(self) -> Client:
        """Return a session."""
        return self.fetch()

    @property
    def version(self) -> str:
        """What both programs say."""
        versions = [super().version, *([self._postfix.version] if self._postfix else [])]
        return "; ".join(versions)

    def start(self) -> None:
        """Run both."""
        super().start()
        if self._postfix is not None:
            self._postfix.start()

    def stop(self) -> None:
        """Stop both."""
        if self._postfix is not None:
            self._postfix.stop()
        super().stop()

    def pids(self) -> set[int]:
        """Return the process ids of both."""
        return super().pids() | (self._postfix.pids() if self._postfix else set())

    def filed(self) -> int:
        """Return how many deliveries are in the log."""
        with (self.directory / "log").open("rb") as log:
            log.seek(self._counted)
            whole, _, _ = log.read().rpartition(b"\n")
        self._counted += len(whole)
        self._filed += whole.count(b": saved mail to ")
        return self._filed


PEERS: dict[str, type[Ours] | type[Dovecot]] = {"ours": Ours, "dovecot": Dovecot}
