"""What readers of archives yield: mailboxes, and in them messages or what is wrong with one."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from mail.names import DELIMITER, MAX_LEVEL

INBOX = "INBOX"
_UNWANTED = re.compile(f"[\x00-\x1f\x7f-\x9f\ud800-\udfff{DELIMITER}]")
_NOT_ATOM = re.compile(r'[\x00-\x20\x7f-\U0010ffff(){%*"\\\]]')
_BARE_LF = re.compile(rb"(?<!\r)\n")


@dataclass(frozen=True, slots=True)
class FoundMessage:
    """A message of an archive.

    `origin` says where it lies, for people. `internal_date` is epoch seconds, `internal_zone`
    minutes east of UTC; both are the same at every reading of the same archive.
    """

    origin: str
    data: bytes
    flags: int = 0
    keywords: tuple[str, ...] = ()
    internal_date: int = 0
    internal_zone: int = 0


@dataclass(frozen=True, slots=True)
class BrokenMessage:
    """A message that cannot be read, and why; the reading goes on after it."""

    origin: str
    reason: str


Found = FoundMessage | BrokenMessage


class NotAnArchive(Exception):
    """The path holds nothing of the kind; the text says what there is, and what was expected."""


@dataclass(frozen=True, slots=True)
class FoundMailbox:
    """A mailbox of an archive; `path` is its name, empty for the one at the archive's root.

    `special_use` and `selectable` are what the archive says of it, None where it cannot.
    """

    path: str
    messages: Iterator[Found]
    special_use: str | None = None
    selectable: bool = True


@dataclass(slots=True)
class Reading:
    """How far a reader is, in octets of files; the readers count on."""

    total: int = 0
    done: int = 0
    largest: int = 128 << 20
    """Octets of the largest message that is wanted; a larger one is never read into memory."""

    @property
    def share(self) -> float:
        """How much of the whole is done, of 1."""
        return self.done / self.total if self.total else 1.0


@dataclass(frozen=True, slots=True)
class Archive:
    """An archive that was opened; each mailbox is read before the next is asked for.

    `subscriptions` are None where the archive does not tell them.
    """

    mailboxes: Iterator[FoundMailbox]
    reading: Reading
    subscriptions: list[str] | None = None


class OpenArchive(Protocol):
    """Opens an archive of one format."""

    def __call__(self, path: str, /, *, largest: int) -> Archive:
        """Look at what is there; raises `NotAnArchive`, `OSError`."""
        ...


def with_crlf(data: bytes) -> bytes:
    """Return a message with lines that end in CRLF, as it travels.

    A message whose first line does so is left as it is: a lone LF in it is the sender's.
    """
    first = data.find(b"\n")
    if first < 0 or data[first - 1 : first] == b"\r":
        return data
    # Most have no CR at all, and then this is many times as fast.
    return _BARE_LF.sub(b"\r\n", data) if b"\r" in data else data.replace(b"\n", b"\r\n")


def clean_level(level: str) -> str:
    """Return the nearest name that a level of a mailbox may have."""
    return _UNWANTED.sub("_", level).strip()[:MAX_LEVEL].strip() or "_"


def clean_keyword(word: str) -> str:
    """Return the nearest keyword that IMAP can say (RFC 3501 §9, atom)."""
    return _NOT_ATOM.sub("_", word)[:MAX_LEVEL]


def too_large(origin: str, largest: int) -> BrokenMessage:
    """Return what is said of a message that is larger than the server takes."""
    return BrokenMessage(origin, f"it is larger than {largest} octets (GROUPWARE_MAX_MESSAGE_SIZE)")
