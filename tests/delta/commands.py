"""What a client asks, and what it was told in return."""

from dataclasses import dataclass, field

from tests.delta.responses import Status, Token

Flags = frozenset[str]
"""Flags and keywords, in lower case: they differ only by more than case (RFC 3501 §2.3.2)."""

DELETED = "\\deleted"
OPENING = frozenset({"SELECT", "EXAMINE"})
BY_NUMBER = frozenset({"FETCH", "STORE", "SEARCH"})
"""Commands during which no EXPUNGE may be told (RFC 3501 §7.4.1)."""


@dataclass(slots=True, eq=False)
class Message:
    """One message as a client knows it: `uid` 0 and `flags` None are not told yet."""

    is_new: bool = False
    uid: int = 0
    flags: Flags | None = None
    modseq: int = 0
    message_id: bytes = b""
    is_gone: bool = False


@dataclass(slots=True)
class Mailbox:
    """The open mailbox as a client knows it: the n-th message has the number n.

    `defined` are the flags and keywords that messages here may have (RFC 3501 §7.2.6). `settled`
    is the modseq with which the client would come back; `told_modseq` and `told_code` are what
    MODSEQ items and HIGHESTMODSEQ told since the last reply.
    """

    name: str
    read_only: bool
    uid_validity: int = 0
    uid_next: int = 0
    highest_modseq: int = 0
    defined: Flags | None = None
    exists: int = -1
    messages: list[Message] = field(default_factory=list)
    settled: int = 0
    told_modseq: int = 0
    told_code: int = 0

    def with_uids(self, uids: frozenset[int]) -> list[Message]:
        """Return the messages that are known by these UIDs."""
        return [message for message in self.messages if message.uid in uids]

    def settle(self) -> None:
        """Go on to what was told, now that a reply is there (RFC 7162 §6)."""
        self.settled = self.told_code or max(self.settled, self.told_modseq)
        self.told_code = self.told_modseq = 0

    def find_visible(self, uid: int) -> Message | None:
        """Return the message of that UID, or one that may have it as far as is known."""
        place = 0
        for after, message in enumerate(self.messages, start=1):
            if message.uid == uid:
                return message
            if 0 < message.uid < uid:
                place = after
        for message in self.messages[place:]:
            if message.uid:
                return None
            if message.is_new == (uid >= self.uid_next):
                return message
        return None


@dataclass(frozen=True, slots=True)
class Change:
    """What a STORE does: `mode` is empty, `+` or `-`."""

    mode: str
    flags: Flags
    silent: bool

    def apply(self, held: Flags) -> Flags:
        """Return the flags that follow."""
        if self.mode == "+":
            return held | self.flags
        return held - self.flags if self.mode == "-" else self.flags

    def is_done(self, told: Flags) -> bool:
        """Tell whether these flags can be the outcome."""
        return self.apply(told) == told


@dataclass(slots=True, eq=False)
class Command:
    """One command, and everything that came until its reply.

    `targets` are the messages that it names as far as the client knows them; `tells_all` means
    that an OK has told something of each of them. `earlier` are the UIDs of VANISHED (EARLIER),
    None where it was not asked for.
    """

    name: str
    arguments: str = ""
    literal: bytes | None = None
    targets: list[Message] = field(default_factory=list)
    change: Change | None = None
    tells_all: bool = False
    earlier: set[int] | None = None

    tag: bytes = b""
    reply: Status | None = None
    opened: Mailbox | None = None
    told: dict[Message, Flags] = field(default_factory=dict)
    fetched: dict[Message, None] = field(default_factory=dict)
    found: list[int] | None = None
    found_modseq: int = 0
    copied: tuple[int, list[int], list[int]] | None = None
    status: dict[str, Token] = field(default_factory=dict)
    modified: frozenset[int] = frozenset()
    modified_uids: set[int] = field(default_factory=set)
    uid_validity: int = 0

    @property
    def is_ok(self) -> bool:
        """Tell whether the reply was OK."""
        return self.reply is not None and self.reply.condition == "OK"

    @property
    def by_number(self) -> bool:
        """Tell whether no EXPUNGE may come before the reply."""
        return self.name in BY_NUMBER

    def serialize(self) -> bytes:
        """Return the command as it is sent, a literal without waiting (RFC 7888)."""
        words = [self.tag, self.name.encode()]
        if self.arguments:
            words.append(self.arguments.encode())
        line = b" ".join(words)
        if self.literal is None:
            return line + b"\r\n"
        return line + b" {%d+}\r\n" % len(self.literal) + self.literal + b"\r\n"
