"""Debian's Postfix, private: its own configuration, queue, log and port; it hands over by LMTP.

Everything is as it is by default but for the places, that it asks no DNS, and that it takes a
message which was as often on its way as this server lets one be.
"""

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.imap.client import Refused
from benchmarks.mail.handover import Handover
from benchmarks.side_by_side.servers import Peer
from tests.serve.running import free_ports, wait_for

POSTFIX = "/usr/sbin/postfix"
MAIN = """\
compatibility_level = 3.6
queue_directory = {directory}/queue
data_directory = {directory}/data
maillog_file = {directory}/log
maillog_file_prefixes = {directory}
myhostname = mail.{domain}
mydestination =
mynetworks = 192.0.2.0/24
alias_maps =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
smtpd_peername_lookup = no
smtp_dns_support_level = disabled
smtpd_relay_restrictions = reject_unauth_destination
virtual_mailbox_domains = {domain}
virtual_mailbox_maps = texthash:{directory}/mailboxes
virtual_alias_maps = texthash:{directory}/aliases
virtual_alias_expansion_limit = 2000
hopcount_limit = 100
virtual_transport = lmtp:inet:127.0.0.1:{lmtp}
"""
MASTER = """\
127.0.0.1:{port} inet n - n - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
proxywrite unix - - n - 1 proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
lmtp unix - - n - - lmtp
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""


def reason_missing() -> str:
    """Return why no Postfix can run here; empty where one can."""
    if not Path(POSTFIX).exists():
        return "there is no Postfix here: install Debian's package postfix"
    return "" if os.geteuid() == 0 else "Postfix is started by root alone"


class PrivatePostfix(Peer):
    """A Postfix of its own in front of an LMTP port of loopback."""

    name = "postfix"

    def __init__(self, directory: Path, domain: str, lmtp: int) -> None:
        self.directory = directory / "postfix"
        (self.directory / "queue").mkdir(parents=True)
        self.port = free_ports()["SMTP"]
        self._process: subprocess.Popen[bytes] | None = None
        (self.directory / "main.cf").write_text(
            MAIN.format(directory=self.directory, domain=domain, lmtp=lmtp)
        )
        (self.directory / "master.cf").write_text(MASTER.format(port=self.port))

    def know(self, mailboxes: Sequence[str], lists: Mapping[str, Sequence[str]]) -> None:
        """Say for whom it takes mail, and what is a list of whom."""
        text = "".join(f"{address} here\n" for address in mailboxes)
        (self.directory / "mailboxes").write_text(text)
        text = "".join(f"{name} {', '.join(members)}\n" for name, members in lists.items())
        (self.directory / "aliases").write_text(text)

    @property
    def pid(self) -> int:
        """The program that waits for the master process."""
        assert self._process is not None
        return self._process.pid

    @property
    def version(self) -> str:
        """What the program says."""
        command = ["postconf", "-c", str(self.directory), "-h", "mail_version"]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        return f"Postfix {done.stdout.strip()}"

    def start(self) -> None:
        """Run it in the foreground of its own process group."""
        command = [POSTFIX, "-c", str(self.directory), "start-fg"]
        with (self.directory / "output").open("ab") as output:
            self._process = subprocess.Popen(
                command, start_new_session=True, stdout=output, stderr=output
            )
        wait_for(self._answers, f"Postfix, see {self.directory}/log")

    def _answers(self) -> bool:
        assert self._process is not None
        if self._process.poll() is not None:
            raise SystemExit((self.directory / "log").read_text())
        try:
            with Handover(self.port, "EHLO"):
                return True
        except (ConnectionRefusedError, Refused):
            return False

    def stop(self) -> None:
        """Stop it, and wait for its processes."""
        if self._process is not None and self._process.poll() is None:
            command = [POSTFIX, "-c", str(self.directory), "stop"]
            with (self.directory / "output").open("ab") as output:
                subprocess.run(command, stdout=output, stderr=output, check=True)
            self._process.wait(timeout=30)
