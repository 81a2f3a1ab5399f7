"""What a client's commands ask for, as values: one frozen dataclass per form of arguments.

Commands without arguments are all `Plain`; their name is in the row of the table. Secrets and
messages stay out of repr, and so out of logs.
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Final

from mail.imap.fetchitems import FetchItem
from mail.imap.listing import Returned, Selection
from mail.imap.ordering import SortCriterion
from mail.imap.results import Returns
from mail.imap.resync import Resync
from mail.imap.sequences import SequenceSet
from mail.imap.threads import ThreadAlgorithm
from mail.search.keys import SearchKey


class StatusItem(Enum):
    """What STATUS can tell (RFC 3501 §6.3.10; RFC 7162, 7889, 8438, 9208 and 8474)."""

    MESSAGES = b"MESSAGES"
    RECENT = b"RECENT"
    UIDNEXT = b"UIDNEXT"
    UIDVALIDITY = b"UIDVALIDITY"
    UNSEEN = b"UNSEEN"
    HIGHESTMODSEQ = b"HIGHESTMODSEQ"
    APPENDLIMIT = b"APPENDLIMIT"
    SIZE = b"SIZE"
    DELETED = b"DELETED"
    DELETED_STORAGE = b"DELETED-STORAGE"
    MAILBOXID = b"MAILBOXID"


class StoreMode(Enum):
    """What STORE does with its flags."""

    REPLACE = b""
    ADD = b"+"
    REMOVE = b"-"


@dataclass(frozen=True, slots=True)
class Plain:
    """A command without arguments."""


@dataclass(frozen=True, slots=True)
class Id:
    """ID: what the client says of itself (RFC 2971)."""

    fields: tuple[tuple[str, str | None], ...]


@dataclass(frozen=True, slots=True)
class Enable:
    """ENABLE: capabilities in upper case (RFC 5161)."""

    capabilities: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Authenticate:
    """AUTHENTICATE, with the initial response where one was given (RFC 4959)."""

    mechanism: str
    initial: bytes | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class Compress:
    """COMPRESS, its mechanism in upper case (RFC 4978)."""

    mechanism: str


@dataclass(frozen=True, slots=True)
class Login:
    """LOGIN."""

    username: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Mailbox:
    """DELETE, SUBSCRIBE, UNSUBSCRIBE, GETQUOTAROOT, GETACL and MYRIGHTS: one mailbox.

    `denormalized` is as in `Select`.
    """

    name: str
    denormalized: str = ""


@dataclass(frozen=True, slots=True)
class Create:
    """CREATE, with special uses without their backslash (RFC 6154 §3)."""

    name: str
    uses: tuple[str, ...] = ()
    denormalized: str = ""


class RightsChange(Enum):
    """What SETACL does with its letters (RFC 4314 §3.1)."""

    REPLACE = b""
    ADD = b"+"
    REMOVE = b"-"


@dataclass(frozen=True, slots=True)
class SetAcl:
    """SETACL: letters of RFC 4314, or of RFC 2086."""

    name: str
    identifier: str
    change: RightsChange
    letters: str


@dataclass(frozen=True, slots=True)
class Identified:
    """DELETEACL and LISTRIGHTS: a mailbox and an identifier, as it was `sent` and as it counts."""

    name: str
    sent: bytes
    identifier: str


@dataclass(frozen=True, slots=True)
class Rename:
    """RENAME; `denormalized` is the old name as it was given where either has another form."""

    old: str
    new: str
    denormalized: str = ""


@dataclass(frozen=True, slots=True)
class List:
    """LIST; `extended` where a client shows that it knows RFC 5258."""

    reference: str
    patterns: tuple[str, ...]
    selection: frozenset[Selection] = frozenset()
    returned: frozenset[Returned] = frozenset()
    status: tuple[StatusItem, ...] = ()
    extended: bool = False


@dataclass(frozen=True, slots=True)
class Lsub:
    """LSUB."""

    reference: str
    pattern: str


@dataclass(frozen=True, slots=True)
class Status:
    """STATUS."""

    mailbox: str
    items: tuple[StatusItem, ...]


@dataclass(frozen=True, slots=True)
class Select:
    """SELECT and EXAMINE; `denormalized` is the name as it was given where its form is another."""

    mailbox: str
    condstore: bool = False
    resync: Resync | None = None
    denormalized: str = ""


@dataclass(frozen=True, slots=True)
class AppendMessage:
    """One of the messages of an APPEND; `utf8` where it says so of its header (RFC 6855 §4)."""

    flags: tuple[str, ...]
    internal_date: datetime | None
    data: bytes = field(repr=False)
    utf8: bool = False


@dataclass(frozen=True, slots=True)
class Append:
    """APPEND of one message or several (RFC 3502)."""

    mailbox: str
    messages: tuple[AppendMessage, ...]

    @property
    def size(self) -> int:
        """Return how many octets the messages have together."""
        return sum(len(message.data) for message in self.messages)


@dataclass(frozen=True, slots=True)
class Fetch:
    """FETCH and UID FETCH; `vanished` asks for removals as well (RFC 7162 §3.2.6)."""

    messages: SequenceSet
    items: tuple[FetchItem, ...]
    changed_since: int | None
    by_uid: bool
    vanished: bool = False


@dataclass(frozen=True, slots=True)
class Store:
    """STORE and UID STORE."""

    messages: SequenceSet
    mode: StoreMode
    flags: tuple[str, ...]
    silent: bool
    unchanged_since: int | None
    by_uid: bool


@dataclass(frozen=True, slots=True)
class Copy:
    """COPY, MOVE and their UID forms."""

    messages: SequenceSet
    mailbox: str
    by_uid: bool


@dataclass(frozen=True, slots=True)
class Search:
    """SEARCH and UID SEARCH; `key` is None where its charset is not known."""

    key: SearchKey | None
    by_uid: bool
    returns: Returns | None = None


@dataclass(frozen=True, slots=True)
class Sort:
    """SORT and UID SORT (RFC 5256, RFC 5267)."""

    criteria: tuple[SortCriterion, ...]
    key: SearchKey | None
    by_uid: bool
    returns: Returns | None = None


@dataclass(frozen=True, slots=True)
class Thread:
    """THREAD and UID THREAD (RFC 5256)."""

    algorithm: ThreadAlgorithm
    key: SearchKey | None
    by_uid: bool


@dataclass(frozen=True, slots=True)
class GetQuota:
    """GETQUOTA."""

    root: str


@dataclass(frozen=True, slots=True)
class SetQuota:
    """SETQUOTA: limits of resources."""

    root: str
    limits: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class UidExpunge:
    """UID EXPUNGE (RFC 4315 §2.1)."""

    messages: SequenceSet


Request = (
    Plain | Id | Enable | Authenticate | Compress | Login | Mailbox | Create | Rename | List | Lsub | Status | Select
    | Append | Fetch | Store | Copy | Search | Sort | Thread | UidExpunge
    | GetQuota | SetQuota | SetAcl | Identified
)  # fmt: skip

PLAIN: Final = Plain()
