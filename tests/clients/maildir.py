"""What mbsync keeps in step: a mailbox of the server, and Maildirs.

A message is known by the digest of what mbsync leaves as it is: it ends lines as the file system
does, and marks what it copies with an X-TUID field of its own.
"""

import hashlib
import imaplib
import os
import random
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from tests.clients.imap import done, set_literal
from tests.clients.people import Person
from tests.clients.tools import find_tool, private
from tests.serve.running import Running

CONFIGURATION = """\
FSync no

IMAPAccount team
Host localhost
Port {port}
User {address}
PassCmd "cat {password}"
SSLType IMAPS
SystemCertificates no
CertificateFile {trusted}

IMAPStore far
Account team

MaildirStore near
Path {directory}/
Inbox {directory}/INBOX

Channel inbox
Far :far:
Near :near:
Patterns INBOX
Create Near
Expunge Both
SyncState *
"""
LONG_AGO = 1_700_000_000
FLAG_NAMES = {"F": rb"\Flagged", "R": rb"\Answered", "S": rb"\Seen"}
_TUID = re.compile(rb"(?m)^X-TUID: .*\n")


class Mailbox(Protocol):
    """One of the places that are kept in step."""

    def contents(self) -> Mapping[str, str]:
        """Return the flags of each message, by Maildir's letters."""

    def add(self, message: bytes) -> None:
        """Put a message in."""

    def set_flags(self, key: str, flags: str) -> None:
        """Give a message these flags and no others."""

    def remove(self, key: str) -> None:
        """Delete a message."""


def digest(message: bytes) -> str:
    """Return what a message is known by."""
    return hashlib.sha256(_TUID.sub(b"", message.replace(b"\r\n", b"\n"))).hexdigest()


def letter(generator: random.Random) -> tuple[str, bytes]:
    """Return a message and its digest."""
    body = generator.randbytes(generator.randint(10, 300)).hex()
    subject = generator.randbytes(8).hex()
    message = f"From: a@sender.example\r\nSubject: {subject}\r\n\r\n{body}\r\n".encode()
    return digest(message), message


class RemoteMailbox:
    """INBOX, over an IMAP session."""

    def __init__(self, client: imaplib.IMAP4) -> None:
        self._client = client
        self._digests: dict[int, str] = {}
        done(client.select())

    def contents(self) -> Mapping[str, str]:
        """Return the flags of each message, by Maildir's letters."""
        [count] = done(self._client.select())
        self._learn()
        flags: dict[str, str] = {}
        for line in done(self._client.uid("FETCH", "1:*", "(FLAGS)")):
            uid = re.search(rb"UID ([0-9]+)", line)
            assert uid is not None
            held = imaplib.ParseFlags(line)
            letters = [name for name, flag in FLAG_NAMES.items() if flag in held]
            flags[self._digests[int(uid[1])]] = "".join(letters)
        assert len(flags) == int(count)
        return flags

    def _learn(self) -> None:
        """Read what is not known yet."""
        first = max(self._digests, default=0) + 1
        for item in done(self._client.uid("FETCH", f"{first}:*", "(UID BODY.PEEK[])")):
            if isinstance(item, tuple):
                uid = re.search(rb"UID ([0-9]+)", item[0])
                assert uid is not None
                self._digests[int(uid[1])] = digest(item[1])

    def _uid(self, key: str) -> str:
        return str(next(uid for uid, known in self._digests.items() if known == key))

    def add(self, message: bytes) -> None:
        """Append."""
        set_literal(self._client, message)
        done(self._client.xatom("APPEND", "INBOX"))

    def set_flags(self, key: str, flags: str) -> None:
        """Store."""
        names = b" ".join(FLAG_NAMES[flag] for flag in flags).decode()
        done(self._client.uid("STORE", self._uid(key), "FLAGS.SILENT", f"({names})"))

    def remove(self, key: str) -> None:
        r"""Set \Deleted, and expunge this one."""
        uid = self._uid(key)
        done(self._client.uid("STORE", uid, "+FLAGS.SILENT", r"(\Deleted)"))
        done(self._client.uid("EXPUNGE", uid))


class LocalMailbox:
    """A Maildir, as mail programs change it: whole files that are moved in, and renamed."""

    def __init__(self, maildir: Path) -> None:
        self._maildir = maildir
        self._digests: dict[str, str] = {}
        self._count = 0

    def _files(self) -> dict[str, Path]:
        """Return the file of each message; none is there twice."""
        files: dict[str, Path] = {}
        for path in [*(self._maildir / "cur").iterdir(), *(self._maildir / "new").iterdir()]:
            name = path.name.partition(",")[0]
            if name not in self._digests:
                self._digests[name] = digest(path.read_bytes())
            assert self._digests[name] not in files, path
            files[self._digests[name]] = path
        return files

    def contents(self) -> Mapping[str, str]:
        """Return the flags of each message."""
        return {key: path.name.partition(":2,")[2] for key, path in self._files().items()}

    def add(self, message: bytes) -> None:
        """Move a file in."""
        self._count += 1
        path = self._maildir / "tmp" / f"1700000000.{self._count}.test"
        path.write_bytes(message.replace(b"\r\n", b"\n"))
        path.rename(self._maildir / "new" / path.name)

    def set_flags(self, key: str, flags: str) -> None:
        """Rename a file."""
        path = self._files()[key]
        path.rename(self._maildir / "cur" / f"{path.name.partition(':2,')[0]}:2,{flags}")

    def remove(self, key: str) -> None:
        """Mark a file as trashed, which mbsync expunges on both sides."""
        self.set_flags(key, "T")


class Mbsync:
    """The program, with a Maildir and a state of its own."""

    def __init__(self, directory: Path, server: Running, person: Person) -> None:
        directory.mkdir()
        self.maildir = directory / "INBOX"
        text = CONFIGURATION.format(
            port=server.ports["IMAPS"],
            address=person.address,
            password=private(directory.with_suffix(".password"), person.password),
            trusted=server.trusted,
            directory=directory,
        )
        file = private(directory.with_suffix(".mbsyncrc"), text)
        self._command = [find_tool("mbsync"), "--config", str(file), "--all"]

    def sync(self) -> None:
        """Bring both sides into step.

        mbsync waits for a second where a directory was changed in this one, lest it misses what
        another program does meanwhile: nobody does, so the change was made earlier.
        """
        for name in ("cur", "new"):
            if (self.maildir / name).exists():
                os.utime(self.maildir / name, (LONG_AGO, LONG_AGO))
        answer = subprocess.run(
            self._command, check=False, capture_output=True, text=True, timeout=60
        )
        assert answer.returncode == 0, answer.stdout + answer.stderr
