"""Debian's Dovecot with mdbox and its default fsync, private: its own directory, ports and log."""

import os
import pwd
import shutil
import signal
import subprocess
from abc import abstractmethod
from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import ClassVar

from benchmarks.side_by_side.servers import Peer
from tests.serve.running import free_ports, wait_for

DOVECOT = "/usr/sbin/dovecot"
PROGRAMS = Path("/usr/lib/dovecot")
CONFIGURATION = """\
base_dir = {directory}/run
state_dir = {directory}/state
log_path = {directory}/log
protocols = {protocols}
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
  args = uid={uid} gid={gid} home={directory}/mail/%n allow_all_users=yes
}}
service anvil {{
  {chroot}
}}
service stats {{
  {chroot}
}}
"""
LOGIN_SERVICE = """\
service {protocol}-login {{
  {chroot}
  inet_listener {protocol} {{
    port = {port}
  }}
  inet_listener {protocol}s {{
    port = 0
  }}
}}
"""
LMTP_SERVICE = """\
service lmtp {{
  {chroot}
  inet_listener lmtp {{
    port = {port}
  }}
}}
"""


class PrivateDovecot(Peer):
    """A Dovecot of its own; `ports` are by protocol."""

    name = "dovecot"
    password = "secret"
    protocols: ClassVar[Sequence[str]]

    def __init__(self, directory: Path) -> None:
        if not Path(DOVECOT).exists():
            raise SystemExit("There is no Dovecot here: run `make test-deps`.")
        self.directory = directory / "dovecot"
        self._process: subprocess.Popen[bytes] | None = None
        self.directory.mkdir()
        directory.chmod(0o755)
        free = free_ports()
        self.ports = {name: free[name.upper()] for name in self.protocols}
        self._prepare()

    @abstractmethod
    def connect(self) -> AbstractContextManager[object]:
        """Return a session; raises ConnectionRefusedError before it listens."""

    def _prepare(self) -> None:
        """Write the configuration; only root can use other users than itself."""
        root = os.geteuid() == 0
        owner = pwd.getpwnam("mail") if root else pwd.getpwuid(os.geteuid())
        mail = self.directory / "mail"
        mail.mkdir()
        if root:
            shutil.chown(mail, owner.pw_uid, owner.pw_gid)
        chroot = "" if root else "chroot ="
        services = [
            (LMTP_SERVICE if name == "lmtp" else LOGIN_SERVICE).format(
                protocol=name, port=port, chroot=chroot
            )
            for name, port in self.ports.items()
        ]
        text = CONFIGURATION.format(
            directory=self.directory,
            protocols=" ".join(self.ports),
            internal="dovecot" if root else owner.pw_name,
            group="dovecot" if root else owner.pw_gid,
            login="dovenull" if root else owner.pw_name,
            password=self.password,
            uid=owner.pw_uid,
            gid=owner.pw_gid,
            chroot=chroot,
        )
        (self.directory / "dovecot.conf").write_text("".join([text, *services]))

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
        command = [DOVECOT, "-F", "-c", str(self.directory / "dovecot.conf")]
        self._process = subprocess.Popen(command, start_new_session=True)
        wait_for(self._answers, f"Dovecot, see {self.directory}/log")

    def _answers(self) -> bool:
        assert self._process is not None
        if self._process.poll() is not None:
            raise SystemExit((self.directory / "log").read_text())
        try:
            with self.connect():
                return True
        except ConnectionRefusedError:
            return False

    def stop(self) -> None:
        """Stop it, and wait for its processes."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            self._process.wait(timeout=30)
