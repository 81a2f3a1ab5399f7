"""Writing one mailbox into a Maildir, and bringing one of an earlier export up to date."""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from groupware.core import blobs, crashpoints, db
from groupware.core.exchange import KEPT, REMOVED, WRITTEN, Listener
from groupware.core.files import replace_text
from mail import queries
from mail.archives.maildirnames import (
    KEYWORD_LETTERS,
    serialize_keywords,
    serialize_message_name,
    serialize_uidlist,
    serialize_zone,
)
from mail.archives.manifest import MORE_KEYWORDS, serialize_more_keywords
from mail.queries import MailboxInfo
from mail.transfer.presence import EVERYTHING

OWN_NAME = re.compile(r"-?\d+\.U\d+V\d+\.groupware,S=\d+,Z=[+-]\d{4}(?::2,\w*)?")
"""What an export calls a message."""
PARTS = ("cur", "new", "tmp")

_FIELDS = (
    "uid",
    "flags",
    "keywords",
    "internal_date",
    "internal_zone",
    "size",
    "prefix",
    "blob_location",
)


class MaildirWriter:
    """One mailbox on its way into a directory; yields what became of each message."""

    def __init__(self, info: MailboxInfo, path: Path, listener: Listener) -> None:
        self._info = info
        self._path = path
        self._listener = listener
        self._letters = dict(zip(map(str.lower, info.keywords), KEYWORD_LETTERS, strict=False))
        self._more: dict[str, list[str]] = {}
        self._uids: dict[str, int] = {}
        self._held: dict[str, str] = {}

    def write(self) -> Iterator[str]:
        """Write what is missing, rename what changed, remove what is gone; yield each outcome."""
        for part in PARTS:
            (self._path / part).mkdir(parents=True, exist_ok=True)
        for left in (*(self._path / "tmp").iterdir(), *(self._path / "new").iterdir()):
            left.unlink()
        self._held = {
            file.name.partition(":")[0]: file.name for file in (self._path / "cur").iterdir()
        }
        for row in self._rows():
            if outcome := self._write_message(*row):
                yield outcome
        for name in self._held.values():
            (self._path / "cur" / name).unlink()
            yield REMOVED
        self._write_beside()

    def _rows(self) -> Iterator[tuple[Any, ...]]:
        """Yield the rows of the mailbox; no snapshot is open while files are written."""
        after = 0
        while True:
            with db.read_snapshot():
                rows = queries.fetch_messages(
                    self._info.collection_id, EVERYTHING, _FIELDS, after_uid=after
                )
            yield from rows
            if len(rows) < queries.BATCH:
                return
            after = rows[-1][0]

    def _write_message(  # noqa: PLR0913, PLR0917 (the fields, in their order)
        self,
        uid: int,
        flags: int,
        keywords: str,
        date: int,
        zone: int,
        size: int,
        prefix: Any,
        location: str,
    ) -> str:
        """Return what was done: nothing where the message cannot be read, or went meanwhile."""
        validity = self._info.uid_validity
        unique = f"{date}.U{uid}V{validity}.groupware,S={size}{serialize_zone(zone)}"
        name = serialize_message_name(unique, flags, self._find_letters(unique, keywords))
        held = self._held.pop(unique, "")
        target = self._path / "cur" / name
        if held and (self._path / "cur" / held).stat().st_size == size:
            if held != name:
                (self._path / "cur" / held).rename(target)
            self._uids[unique] = uid
            return KEPT
        try:
            data = bytes(prefix or b"") + blobs.read_location(location)
        except blobs.UNREADABLE as error:
            self._tell_unreadable(uid, error)
            return ""
        self._put(target, unique, data, date)
        if held and held != name:  # of another size: cut off by a loss of power
            (self._path / "cur" / held).unlink()
        self._uids[unique] = uid
        return WRITTEN

    def _find_letters(self, unique: str, keywords: str) -> str:
        """Return the letters of keywords; those that have none are noted beside."""
        words = keywords.split()
        more = [word for word in words if word.lower() not in self._letters]
        if more:
            self._more[unique] = more
        return "".join(self._letters.get(word.lower(), "") for word in words)

    def _put(self, target: Path, unique: str, data: bytes, date: int) -> None:
        """Write a file that is whole once it has its name."""
        unnamed = self._path / "tmp" / unique
        unnamed.write_bytes(data)
        os.utime(unnamed, (date, date))
        crashpoints.reach("export-written")
        unnamed.rename(target)

    def _tell_unreadable(self, uid: int, error: Exception) -> None:
        with db.read_snapshot():
            is_there = queries.fetch_messages(self._info.collection_id, [(uid, uid)], ("uid",))
        if is_there:
            self._listener.broken(
                f"{self._info.name} UID {uid}", f"its bytes cannot be read ({error}): ask `doctor`"
            )

    def _write_beside(self) -> None:
        """Write what Dovecot keeps beside the messages, so that it could go on here."""
        info = queries.get_mailbox_by_id(self._info.collection_id)
        spelled = list(self._info.keywords[: len(KEYWORD_LETTERS)])
        self._write_text("dovecot-keywords", serialize_keywords(spelled) if spelled else "")
        uids = serialize_uidlist(info.uid_validity, info.uid_next, self._uids)
        self._write_text("dovecot-uidlist", uids)
        self._write_text(MORE_KEYWORDS, serialize_more_keywords(self._more) if self._more else "")

    def _write_text(self, name: str, text: str) -> None:
        """Write a file beside the messages; without a text there is none."""
        if text:
            replace_text(self._path / name, text)
        else:
            (self._path / name).unlink(missing_ok=True)
