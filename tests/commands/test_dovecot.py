"""Dovecot goes on from an export, and what it keeps in a Maildir is imported."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pytest

from tests.clients.tools import find_tool
from tests.commands.running import Manage

pytestmark = pytest.mark.django_db

ANN = "ann@example.org"
INBOX = f"{ANN}/mail/INBOX"
FROM = b"From ann@example.org Mon Nov 25 09:06:58 2024\n"
CONFIGURATION = """
base_dir = {base}/run
state_dir = {base}/run
log_path = {base}/log
protocols =
ssl = no
mail_location = maildir:{mail}
mail_uid = {user}
mail_gid = {group}
first_valid_uid = 0
first_valid_gid = 0
namespace inbox {{
  inbox = yes
  separator = /
}}
"""


@dataclass(frozen=True)
class Dovecot:
    """Dovecot's own tool, on a Maildir of the test's."""

    program: str
    base: Path
    mail: Path

    def run(self, *words: str, stdin: bytes = b"") -> str:
        """Return what a command of `doveadm` says."""
        if os.getuid() == 0:
            subprocess.run(["chown", "-R", "nobody:nogroup", str(self.base)], check=True)
        done = subprocess.run(
            [self.program, "-c", str(self.base / "dovecot.conf"), *words],
            env={"PATH": os.environ["PATH"], "USER": "ann", "HOME": str(self.base), "TZ": "UTC"},
            input=stdin,
            capture_output=True,
            check=False,
        )
        assert (done.returncode, done.stderr.decode()) == (0, "")
        return done.stdout.decode()


@pytest.fixture
def dovecot() -> Iterator[Dovecot]:
    """Yield Dovecot's tool; root lets it work as nobody, in a directory that anybody enters."""
    program = find_tool("doveadm")
    base = Path(tempfile.mkdtemp(prefix="groupware-dovecot-"))
    user, group = ("nobody", "nogroup") if os.getuid() == 0 else (os.getuid(), os.getgid())
    if os.getuid() == 0:
        base.chmod(0o755)
    mail = base / "export" / "mail"
    text = CONFIGURATION.format(base=base, mail=mail, user=user, group=group)
    (base / "dovecot.conf").write_text(text)
    yield Dovecot(program, base, mail)
    shutil.rmtree(base)


@pytest.fixture
def ann(manage: Manage) -> Manage:
    manage.text("domain", "create", "example.org")
    manage.text("account", "create", ANN, "--password-stdin", stdin="correct horse battery\n")
    return manage


def mbox(path: Path, *messages: bytes) -> str:
    path.write_bytes(b"\n".join(FROM + message for message in messages))
    return str(path)


@pytest.mark.slow
def test_dovecot_goes_on_where_an_export_ends(
    ann: Manage, dovecot: Dovecot, tmp_path: Path
) -> None:
    one = b"Status: RO\nX-Status: F\nX-Keywords: $Junk work\nSubject: 1\n\none\n"
    path = mbox(tmp_path / "old", one, b"Subject: 2\n\ntwo\n")
    ann.text("import", "mbox", path, "--into", INBOX)
    ann.text("import", "mbox", path, "--into", f"{ANN}/mail/v1.2/Jörg & Co")
    ann.text("export", ANN, "--to", str(dovecot.mail.parent))
    names = {"INBOX", "Archive", "Drafts", "Junk", "Sent", "Trash", "v1_2", "v1_2/Jörg & Co"}
    assert set(dovecot.run("mailbox", "list").splitlines()) == names
    assert set(dovecot.run("mailbox", "list", "-s").splitlines()) == names - {"v1_2"}
    validity = (dovecot.mail / "dovecot-uidlist").read_text().split()[1].removeprefix("V")
    status = dovecot.run("mailbox", "status", "uidvalidity uidnext messages", "INBOX").split()
    assert status == ["INBOX", "messages=2", "uidnext=3", f"uidvalidity={validity}"]
    fetched = dovecot.run("fetch", "uid flags date.received hdr.subject", "mailbox", "INBOX")
    assert [line for line in fetched.splitlines() if line.strip("\f")] == [
        "uid: 1",
        "flags: \\Flagged \\Seen $Junk work",
        "date.received: 2024-11-25 09:06:58",
        "hdr.subject: 1",
        "uid: 2",
        "flags: ",
        "date.received: 2024-11-25 09:06:58",
        "hdr.subject: 2",
    ]


@pytest.mark.slow
def test_what_dovecot_keeps_is_imported(ann: Manage, dovecot: Dovecot) -> None:
    dovecot.mail.mkdir(parents=True)
    dovecot.run("mailbox", "create", "-s", "Entwürfe/2026")
    for number in (1, 2):
        letter = b"Subject: %d\n\nbody\n" % number
        dovecot.run("save", "-m", "Entwürfe/2026", stdin=letter)
    words = ("mailbox", "Entwürfe/2026", "uid", "2")
    dovecot.run("flags", "add", "\\Seen $Junk", *words)
    fetched = dovecot.run("fetch", "date.received", "mailbox", "Entwürfe/2026")
    dates = [line.partition(": ")[2] for line in fetched.splitlines() if line.strip("\f")]
    epochs = [str(int(datetime.fromisoformat(f"{date}+00:00").timestamp())) for date in dates]
    ann.text("import", "maildir", str(dovecot.mail), "--into", INBOX)
    target = dovecot.base / "again"
    ann.text("export", ANN, "--to", str(target))
    cur = target / "mail" / ".Entw&APw-rfe.2026" / "cur"
    files = sorted((file.name for file in cur.iterdir()), key=lambda name: name.split(".")[1])
    assert [name.split(".")[0] for name in files] == epochs
    assert [name.rpartition(":2,")[2] for name in files] == ["", "Sa"]
    assert "Entw&APw-rfe.2026" in (target / "mail" / "subscriptions").read_text().splitlines()
