"""The servers that are measured: ours as `manage.py serve` runs it, and a private Dovecot.

Both listen on loopback without TLS.
"""

import os
import pwd
import shutil
import signal
import subprocess
from abc import abstractmethod
from pathlib import Path

from benchmarks.imap.client import Client
from benchmarks.side_by_side.servers import USERS, Peer, ThisServer
from tests.serve.running import free_ports, wait_for

DOVECOT = "/usr/sbin/dovecot"
CONFIGURATION = """\
base_dir = {directory}/run
state_dir = {directory}/state
log_path = {directory}/log
protocols = imap
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
first_valid_uid = 1
mail_location = mdbox:~/mail
mail_max_userip_connections = 0
default_internal_user = {internal}
default_internal_group = {group}
default_login_user = {login}
namespace inbox {{
  inbox = yes
}}
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={directory}/mail/%u
}}
service imap-login {{
  {chroot}
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service anvil {{
  {chroot}
}}
service stats {{
  {chroot}
}}
"""


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


class Dovecot(ImapPeer):
    """Debian's Dovecot with mdbox and its default fsync, in a directory of its own."""

    name = "dovecot"
    password = "secret"

    def __init__(self, directory: Path) -> None:
        if not Path(DOVECOT).exists():
            raise SystemExit("There is no Dovecot here: run `make test-deps`.")
        self._directory = directory / "dovecot"
        self._users = [f"user-{number}" for number in range(USERS)]
        self._process: subprocess.Popen[bytes] | None = None
        self._directory.mkdir()
        directory.chmod(0o755)
        self._prepare()

    def _prepare(self) -> None:
        """Write the configuration; only root can use other users than itself."""
        root = os.geteuid() == 0
        owner = pwd.getpwnam("mail") if root else pwd.getpwuid(os.geteuid())
        internal = "dovecot" if root else owner.pw_name
        mail = self._directory / "mail"
        mail.mkdir()
        if root:
            shutil.chown(mail, owner.pw_uid, owner.pw_gid)
        self._port = free_ports()["IMAP"]
        text = CONFIGURATION.format(
            directory=self._directory,
            internal=internal,
            group="dovecot" if root else owner.pw_gid,
            login="dovenull" if root else owner.pw_name,
            password=self.password,
            uid=owner.pw_uid,
            gid=owner.pw_gid,
            chroot="" if root else "chroot =",
            port=self._port,
        )
        (self._directory / "dovecot.conf").write_text(text)

    def connect(self, user: int = 0) -> Client:
        """Return a session of one of its users."""
        return Client(self._port, self._users[user], self.password)

    @property
    def pid(self) -> int:
        """The master process."""
        assert self._process is not None
        return self._process.pid

    @property
    def version(self) -> str:
        """What the program says."""
        done = subprocess.run([DOVECOT, "--version"], capture_output=True, text=True, check=True)
        return f"Dovecot {done.stdout.split()[0]}"

    def start(self) -> None:
        """Run it in the foreground of its own process group."""
        command = [DOVECOT, "-F", "-c", str(self._directory / "dovecot.conf")]
        self._process = subprocess.Popen(command, start_new_session=True)
        wait_for(self._answers, f"Dovecot, see {self._directory}/log")

    def _answers(self) -> bool:
        assert self._process is not None
        if self._process.poll() is not None:
            raise SystemExit((self._directory / "log").read_text())
        try:
            self.connect().__exit__(None, None, None)
        except ConnectionRefusedError:
            return False
        return True

    def stop(self) -> None:
        """Stop it, and wait for its processes."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            self._process.wait(timeout=30)


PEERS: dict[str, type[Ours] | type[Dovecot]] = {"ours": Ours, "dovecot": Dovecot}
