"""A private Dovecot, whose users' mailboxes are fetched from: any name, one password."""

import imaplib
import os
import poplib
import pwd
import shutil
import signal
import ssl
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from groupware.core.tls import ensure_certificate, own_certificate_files
from tests.clients.tools import find_tool
from tests.serve.running import free_ports, wait_for

PASSWORD = "there&back"
CONFIGURATION = """\
base_dir = {directory}/run
state_dir = {directory}/state
log_path = {directory}/log
protocols = imap pop3
listen = 127.0.0.1
ssl = yes
ssl_cert = <{cert}
ssl_key = <{key}
disable_plaintext_auth = no
first_valid_uid = 1
mail_location = maildir:~/Maildir
mail_max_userip_connections = 0
auth_failure_delay = 0
default_internal_user = {internal}
default_internal_group = {group}
default_login_user = {login}
namespace inbox {{
  inbox = yes
  separator = /
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
    port = {imap}
  }}
  inet_listener imaps {{
    port = {imaps}
  }}
}}
service pop3-login {{
  {chroot}
  inet_listener pop3 {{
    port = {pop3}
  }}
  inet_listener pop3s {{
    port = {pop3s}
  }}
}}
service anvil {{
  {chroot}
}}
service stats {{
  {chroot}
}}
"""


@dataclass(frozen=True)
class Dovecot:
    """A running Dovecot."""

    directory: Path
    ports: dict[str, int]
    trusted: Path

    @contextmanager
    def session(self, user: str, mailbox: str = "INBOX") -> Iterator[imaplib.IMAP4]:
        """Open a session of a user, with a mailbox selected, made where it is missing."""
        with imaplib.IMAP4("127.0.0.1", self.ports["IMAP"], timeout=30) as imap:
            imap.login(user, PASSWORD)
            imap.create(mailbox)
            assert imap.select(mailbox)[0] == "OK"
            yield imap

    def put(
        self, user: str, *messages: bytes, mailbox: str = "INBOX", flags: str = "", date: str = ""
    ) -> None:
        """Append messages to a mailbox of a user."""
        with self.session(user, mailbox) as imap:
            for message in messages:
                when = f'"{date}"' if date else ""
                status, said = imap.append(mailbox, flags, when, message)
                assert status == "OK", said

    def flags_of(self, user: str, mailbox: str = "INBOX") -> list[tuple[int, str]]:
        """Return (UID, flags) of the messages there."""
        with self.session(user, mailbox) as imap:
            _, rows = imap.uid("FETCH", "1:*", "(FLAGS)")
        found = []
        for row in rows:
            if isinstance(row, bytes):
                words = row.decode()
                uid = int(words.partition("UID ")[2].split(" ")[0].rstrip(")"))
                flags = imaplib.ParseFlags(row)
                kept = [flag.decode() for flag in flags if flag != b"\\Recent"]
                found.append((uid, " ".join(sorted(kept))))
        return found

    def number_anew(self, user: str) -> None:
        """Give INBOX another UIDVALIDITY, and its messages other UIDs and unique-ids."""
        maildir = self.directory / "mail" / user / "Maildir"
        held = (maildir / "dovecot-uidlist").read_text().split()[1]
        for path in maildir.glob("dovecot*"):
            path.unlink()
        uidlist = maildir / "dovecot-uidlist"
        uidlist.write_text(f"3 V{int(held.removeprefix('V')) + 7} N1\n")
        if os.geteuid() == 0:
            shutil.chown(uidlist, maildir.owner(), maildir.group())

    def retrieve(self, user: str) -> list[bytes]:
        """Return the messages as POP3 gives them."""
        client = poplib.POP3("127.0.0.1", self.ports["POP3"], timeout=30)
        client.user(user)
        client.pass_(PASSWORD)
        count, _ = client.stat()
        got = [b"\r\n".join(client.retr(n + 1)[1]) + b"\r\n" for n in range(count)]
        client.quit()
        return got


@contextmanager
def running_dovecot() -> Iterator[Dovecot]:
    """Run one; root lets it work as others, in a directory that anybody enters."""
    program = find_tool("dovecot")
    if not Path("/usr/lib/dovecot/pop3").exists():
        pytest.skip("run `make test-deps`, which installs dovecot-pop3d")
    directory = Path(tempfile.mkdtemp(prefix="groupware-dovecot-"))
    directory.chmod(0o755)
    ensure_certificate(directory, ["127.0.0.1"])
    cert, key = own_certificate_files(directory)
    ports = free_ports()
    (directory / "dovecot.conf").write_text(_configuration(directory, ports, cert, key))
    process = subprocess.Popen(
        [program, "-F", "-c", str(directory / "dovecot.conf")], start_new_session=True
    )
    dovecot = Dovecot(directory, ports, cert)
    try:
        wait_for(lambda: _answers(dovecot, process), f"Dovecot, see {directory}/log")
        yield dovecot
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=30)
        shutil.rmtree(directory, ignore_errors=True)


def _configuration(directory: Path, ports: dict[str, int], cert: Path, key: Path) -> str:
    root = os.geteuid() == 0
    owner = pwd.getpwnam("mail") if root else pwd.getpwuid(os.geteuid())
    mail = directory / "mail"
    mail.mkdir()
    if root:
        shutil.chown(mail, owner.pw_uid, owner.pw_gid)
    return CONFIGURATION.format(
        directory=directory,
        cert=cert,
        key=key,
        internal="dovecot" if root else owner.pw_name,
        group="dovecot" if root else owner.pw_gid,
        login="dovenull" if root else owner.pw_name,
        password=PASSWORD,
        uid=owner.pw_uid,
        gid=owner.pw_gid,
        chroot="" if root else "chroot =",
        imap=ports["IMAP"],
        imaps=ports["IMAPS"],
        pop3=ports["POP3"],
        pop3s=ports["POP3S"],
    )


def _answers(dovecot: Dovecot, process: "subprocess.Popen[bytes]") -> bool:
    assert process.poll() is None, (dovecot.directory / "log").read_text()
    context = ssl.create_default_context(cafile=str(dovecot.trusted))
    try:
        with imaplib.IMAP4_SSL("127.0.0.1", dovecot.ports["IMAPS"], ssl_context=context) as imap:
            return imap.login("nobody", PASSWORD)[0] == "OK"
    except OSError:
        return False
