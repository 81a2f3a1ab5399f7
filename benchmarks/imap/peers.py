"""The servers that are measured: ours as `manage.py serve` runs it, and a private Dovecot.

Both listen on loopback without TLS and keep their mail below the same scratch directory, each
with the durability that it has by default.
"""

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import time
from abc import ABC, abstractmethod
from pathlib import Path

from benchmarks.imap.client import Client
from tests.clients.people import DOMAIN, PASSWORD, create_people
from tests.serve.running import Running, descendants, free_ports, serving, wait_for

USERS = 4
IDLE_SECONDS = 0.05
"""Processor time in a second below which a server counts as doing nothing."""
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


class Peer(ABC):
    """A server; `start` returns when it answers."""

    name: str
    password: str
    _users: list[str]
    _port: int

    @property
    @abstractmethod
    def pid(self) -> int:
        """The process from which all its others come."""

    @property
    @abstractmethod
    def version(self) -> str:
        """Name and version, for the report."""

    @abstractmethod
    def start(self) -> None:
        """Start it on the store that is there."""

    @abstractmethod
    def stop(self) -> None:
        """Stop it; what it holds is kept."""

    def restart(self) -> None:
        """Start all its processes anew, and wait until they are done with starting."""
        self.stop()
        self.start()
        self.settle()

    def connect(self, user: int = 0) -> Client:
        """Return a session of one of its users."""
        return Client(self._port, self._users[user], self.password)

    def pids(self) -> set[int]:
        """Return the process ids of all of it."""
        return {self.pid, *descendants(self.pid)}

    def settle(self) -> None:
        """Return when it does nothing any more: indexing, caching and starting are done."""
        before = self._used()
        while True:
            time.sleep(1.0)
            used = self._used()
            if used - before < IDLE_SECONDS:
                return
            before = used

    def _used(self) -> float:
        """Return the seconds of processor time that it took so far."""
        return sum(cpu_seconds(pid) for pid in self.pids())

    def memory(self) -> int:
        """Return its octets of memory, shared ones divided among those that share them."""
        return sum(_proportional(pid) for pid in self.pids())


class Ours(Peer):
    """This tree's server: every role, without the demo team."""

    name = "ours"
    password = PASSWORD

    def __init__(self, directory: Path) -> None:
        self._data = directory / "data"
        self._users = [f"user-{number}@{DOMAIN}" for number in range(USERS)]
        self._created = False
        self._stack = contextlib.ExitStack()
        self._running: Running | None = None

    @property
    def pid(self) -> int:
        """The supervisor."""
        assert self._running is not None
        return self._running.process.pid

    @property
    def version(self) -> str:
        """The commit of this tree."""
        command = ["git", "describe", "--always", "--dirty"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        return f"commit {done.stdout.strip() or 'unknown'}"

    def start(self) -> None:
        """Run `manage.py serve`."""
        variables = {
            "GROUPWARE_ALLOW_PLAINTEXT": "1",
            "GROUPWARE_LOG_LEVEL": "WARNING",
            "GROUPWARE_PROCESSES": str(min(os.cpu_count() or 1, 4)),
        }
        running = self._stack.enter_context(serving(self._data, **variables))
        if not self._created:
            create_people(running, self._users)
            self._created = True
        self._running, self._port = running, running.ports["IMAP"]

    def stop(self) -> None:
        """Stop it as Ctrl-C does."""
        self._stack.close()


class Dovecot(Peer):
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


def cpu_seconds(pid: int, *, with_children: bool = True) -> float:
    """Return the processor time of a process, with its children that ended; 0 where it is gone."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    return sum(map(int, fields[11 : 15 if with_children else 13])) / os.sysconf("SC_CLK_TCK")


def _proportional(pid: int) -> int:
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return next(int(line.split()[1]) for line in text.splitlines() if line.startswith("Pss:")) << 10
