"""A private Cyrus: Debian's packages where they are installed, or where they have been unpacked.

Its IMAP server cannot be installed beside Dovecot's; so, in a directory of its own:

    apt-get download cyrus-caldav cyrus-common cyrus-imapd sasl2-bin libsasl2-modules-db …
    for file in *.deb; do dpkg -x "$file" root; done
    CYRUS_ROOT=$PWD/root make bench

The libraries that are missing are named by `ldd root/usr/lib/cyrus/bin/httpd`, and unpacked too.
"""

import contextlib
import imaplib
import os
import pwd
import shutil
import socket
import subprocess
from pathlib import Path

from benchmarks.dav.program import Program
from tests.serve.running import free_ports, wait_for

ROOT = Path(os.environ.get("CYRUS_ROOT", "/"))
BINARIES = ROOT / "usr" / "lib" / "cyrus" / "bin"
LIBRARIES = (ROOT / "usr/lib/x86_64-linux-gnu", ROOT / "lib/x86_64-linux-gnu", ROOT / "usr/lib")
OWNER = "mail"
STATE = ("db", "socket", "log", "lock", "proc", "ptclient", "user", "msg", "sieve")
SETTINGS = """\
configdirectory: {directory}/state
defaultpartition: default
partition-default: {directory}/spool
proc_path: {directory}/proc
mboxname_lockpath: {directory}/state/lock
sievedir: {directory}/state/sieve
servername: {realm}
admins: admin
cyrus_user: {owner}
cyrus_group: {owner}
allowplaintext: yes
httpmodules: caldav carddav
caldav_allowscheduling: off
sasl_pwcheck_method: auxprop
sasl_auxprop_plugin: sasldb
sasl_sasldb_path: {directory}/state/sasldb2
sasl_mech_list: PLAIN
unixhierarchysep: yes
"""
SERVICES = """\
START {{
  recover cmd="{binaries}/ctl_cyrusdb -r -C {directory}/imapd.conf"
}}
SERVICES {{
  http cmd="{binaries}/httpd -C {directory}/imapd.conf" listen="127.0.0.1:{port}" prefork=4
  imap cmd="{binaries}/imapd -C {directory}/imapd.conf" listen="127.0.0.1:{imap}" prefork=0
}}
EVENTS {{
}}
"""


def is_there() -> bool:
    """Tell whether its programs can be run here: only root can give their files to `mail`."""
    needed = ("httpd", "imapd", "master", "ctl_cyrusdb")
    return os.geteuid() == 0 and all((BINARIES / name).exists() for name in needed)


class Cyrus(Program):
    """Debian's Cyrus with its default databases."""

    name = "cyrus"
    user = "user"

    def __init__(self, directory: Path) -> None:
        super().__init__(directory)
        directory.chmod(0o755)
        self._imap = free_ports()["IMAP"]
        self._realm = socket.gethostname()
        settings = self.directory / "imapd.conf"
        services = self.directory / "cyrus.conf"
        values = {"directory": self.directory, "realm": self._realm, "owner": OWNER}
        settings.write_text(SETTINGS.format(**values))
        ports = {"port": self.port, "imap": self._imap}
        services.write_text(SERVICES.format(directory=self.directory, binaries=BINARIES, **ports))
        places = ["-C", str(settings), "-M", str(services), "-p", f"{self.directory}/pid", "-D"]
        self.command = [str(BINARIES / "master"), *places]
        self.environment = {
            "LD_LIBRARY_PATH": ":".join(map(str, LIBRARIES)),
            "SASL_PATH": str(LIBRARIES[0] / "sasl2"),
        }
        self._prepare()

    def _prepare(self) -> None:
        """Make its directories and its users' passwords."""
        for name in ("state", "spool", "proc", *(f"state/{name}" for name in STATE)):
            (self.directory / name).mkdir()
        for user in (self.user, "admin"):
            program = str(ROOT / "usr" / "sbin" / "saslpasswd2")
            place = f"{self.directory}/state/sasldb2"
            subprocess.run(
                [program, "-f", place, "-p", "-c", "-u", self._realm, user],
                input=b"secret",
                check=True,
                env=os.environ | self.environment,
            )
        owner = pwd.getpwnam(OWNER)
        for path in (self.directory, *self.directory.rglob("*")):
            shutil.chown(path, owner.pw_uid, owner.pw_gid)

    @property
    def version(self) -> str:
        """What the program says."""
        command = [str(BINARIES / "cyr_info"), "-C", f"{self.directory}/imapd.conf", "version"]
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, env=os.environ | self.environment
        )
        return f"Cyrus {done.stdout.split()[-1] if done.stdout else 'of Debian'}"

    def start(self) -> None:
        """Run it, and give its user the mailbox below which all else lies."""
        super().start()
        wait_for(self._has_user, f"Cyrus, see {self.directory}/log")

    def _has_user(self) -> bool:
        try:
            client = imaplib.IMAP4("127.0.0.1", self._imap)
        except ConnectionRefusedError:
            return False
        client.login("admin", "secret")
        client.create(f"user/{self.user}")  # refused where it is there already
        with contextlib.suppress(imaplib.IMAP4.abort):
            client.logout()
        return True

    def calendar_home(self) -> str:
        """Return where its user's calendars are."""
        return f"/dav/calendars/user/{self.user}/"

    def address_book_home(self) -> str:
        """Return where its user's address books are."""
        return f"/dav/addressbooks/user/{self.user}/"
