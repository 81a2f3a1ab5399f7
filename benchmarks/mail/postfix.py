"""Debian's Postfix before an LMTP port, private, as the tests of mail flow run it.

Everything is as it is by default but for the places, that it asks no DNS, and that it takes a
message which was as often on its way as this server lets one be.
"""

import contextlib
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.side_by_side.servers import Peer
from tests.mailflow.postfix import Postfix, reason_missing, running_postfix

__all__ = ["PrivatePostfix", "reason_missing"]


class PrivatePostfix(Peer):
    """A Postfix of its own in front of an LMTP port of loopback."""

    name = "postfix"

    def __init__(self, directory: Path, domain: str, lmtp: int) -> None:
        self.directory = directory / "postfix"
        self.directory.mkdir()
        self._domain = domain
        self._settings = {
            "mynetworks": "192.0.2.0/24",
            "smtpd_peername_lookup": "no",
            "smtpd_relay_restrictions": "reject_unauth_destination",
            "virtual_mailbox_domains": domain,
            "virtual_mailbox_maps": f"texthash:{self.directory}/mailboxes",
            "virtual_alias_maps": f"texthash:{self.directory}/aliases",
            "virtual_alias_expansion_limit": "2000",
            "virtual_transport": f"lmtp:inet:127.0.0.1:{lmtp}",
            "hopcount_limit": "100",
        }
        self._stack = contextlib.ExitStack()
        self._running: Postfix | None = None

    def know(self, mailboxes: Sequence[str], lists: Mapping[str, Sequence[str]]) -> None:
        """Say for whom it takes mail, and what is a list of whom."""
        text = "".join(f"{address} here\n" for address in mailboxes)
        (self.directory / "mailboxes").write_text(text)
        text = "".join(f"{name} {', '.join(members)}\n" for name, members in lists.items())
        (self.directory / "aliases").write_text(text)

    @property
    def running(self) -> Postfix:
        """The instance, while it runs."""
        assert self._running is not None
        return self._running

    @property
    def port(self) -> int:
        """Where it takes mail."""
        return self.running.port

    @property
    def pid(self) -> int:
        """The program that waits for the master process."""
        return self.running.process.pid

    @property
    def version(self) -> str:
        """What the program says."""
        return f"Postfix {self.running.run('postconf', '-h', 'mail_version').strip()}"

    def start(self) -> None:
        """Run it in the foreground of its own process group."""
        context = running_postfix(
            self.directory, f"mail.{self._domain}", host="127.0.0.1", **self._settings
        )
        self._running = self._stack.enter_context(context)

    def stop(self) -> None:
        """Stop it, and wait for its processes."""
        self._stack.close()
