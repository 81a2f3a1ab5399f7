"""What clients do: each operation makes a command of a client's knowledge and a few numbers.

The numbers come from Hypothesis or from a seeded generator. They are drawn without looking at
any state, so that the same choice is possible whatever came before.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from tests.delta.client import Client
from tests.delta.commands import Change, Command, Message

FLAGS: Final = ("\\Deleted", "\\Seen", "\\Flagged", "$Junk", "\\Answered", "Later")
MODES: Final = ("+", "-", "")
BITS: Final = 8
"""How many messages in a row a choice can tell apart."""


@dataclass(frozen=True, slots=True)
class Choice:
    """`messages` and `flags` are read as sets of bits, `form` as the variant of the command."""

    messages: int = 0
    flags: int = 0
    form: int = 0

    def flag_names(self) -> list[str]:
        """Return flags as they are sent."""
        return [name for place, name in enumerate(FLAGS) if self.flags >> place & 1]

    def bit(self, place: int) -> bool:
        """Return one bit of the form."""
        return bool(self.form >> place & 1)


@dataclass(frozen=True, slots=True)
class Asking:
    """Who asks, and what is known beside: the other mailbox's name, whether numbers may be used."""

    client: Client
    choice: Choice
    other: str
    may_number: bool = True

    def target(self, place: int) -> str:
        """Return the name of a mailbox."""
        return self.other if self.choice.bit(place) else "INBOX"

    def chosen(self) -> list[Message]:
        """Return some messages that the client knows to be there, at least one if any is."""
        mailbox = self.client.mailbox
        messages = [] if mailbox is None else mailbox.messages
        bits = self.choice.messages
        found = [held for place, held in enumerate(messages) if bits >> (place % BITS) & 1]
        return found[-BITS:] or ([messages[bits % len(messages)]] if messages else [])

    def named(self, name: str) -> tuple[str, str, list[Message]] | None:
        """Return (command, set, messages), by number or by UID; None where there is nothing."""
        chosen = self.chosen()
        if self.choice.bit(0) or not self.may_number:
            chosen = [message for message in chosen if message.uid]
            text = join_numbers(message.uid for message in chosen)
            return (f"UID {name}", text, chosen) if chosen else None
        assert chosen == [] or self.client.mailbox is not None
        if not chosen or self.client.mailbox is None:
            return None
        numbers = {held: number for number, held in enumerate(self.client.mailbox.messages, 1)}
        return name, join_numbers(numbers[message] for message in chosen), chosen


def join_numbers(numbers: Iterable[int]) -> str:
    """Return a set as a client writes it."""
    return ",".join(map(str, numbers))


def message_bytes(token: int) -> bytes:
    """Return a message that its Message-ID tells from all others."""
    return (
        f"Message-ID: {message_id(token)}\r\nFrom: writer@delta.example\r\n"
        f"Subject: Number {token}\r\n\r\nThis is number {token}.\r\n"
    ).encode()


def message_id(token: int) -> str:
    """Return the Message-ID of `message_bytes`."""
    return f"<{token}@delta.example>"


def append(asking: Asking, token: int) -> Command:
    """APPEND with flags and keywords."""
    flags = " ".join(asking.choice.flag_names())
    return Command("APPEND", f"{asking.target(1)} ({flags})", message_bytes(token))


def store(asking: Asking) -> Command:
    """STORE in all its forms."""
    named = asking.named("STORE")
    if named is None:
        return Command("NOOP")
    name, numbers, chosen = named
    choice = asking.choice
    flags = choice.flag_names()
    change = Change(MODES[(choice.form >> 1) % 3], frozenset(map(str.lower, flags)), choice.bit(3))
    since = ""
    if asking.client.condstore and choice.bit(4):
        # What the client holds of one of them: too old for those that changed after it.
        since = f"(UNCHANGEDSINCE {chosen[choice.messages % len(chosen)].modseq}) "
    silent = ".SILENT" if change.silent else ""
    arguments = f"{numbers} {since}{change.mode}FLAGS{silent} ({' '.join(flags)})"
    return Command(name, arguments, targets=chosen, change=change)


def copy(asking: Asking) -> Command:
    """COPY."""
    return _copy_or_move(asking, "COPY")


def move(asking: Asking) -> Command:
    """MOVE."""
    return _copy_or_move(asking, "MOVE")


def _copy_or_move(asking: Asking, what: str) -> Command:
    named = asking.named(what)
    if named is None:
        return Command("NOOP")
    name, numbers, chosen = named
    return Command(name, f"{numbers} {asking.target(1)}", targets=chosen)


def expunge(asking: Asking) -> Command:
    """EXPUNGE, of all or by UID."""
    chosen = [message for message in asking.chosen() if message.uid]
    if asking.choice.bit(0) and chosen:
        numbers = join_numbers(message.uid for message in chosen)
        return Command("UID EXPUNGE", numbers, targets=chosen)
    return Command("EXPUNGE")


_ITEMS: Final = ("FLAGS", "(UID FLAGS)", "BODY[]", "(BODY[HEADER] FLAGS)", "RFC822.SIZE")


def fetch(asking: Asking) -> Command:
    r"""FETCH, also one that sets \\Seen, and one of what changed."""
    named = asking.named("FETCH")
    if named is None:
        return Command("NOOP")
    name, numbers, chosen = named
    form = asking.choice.form >> 1
    if asking.client.condstore and form // len(_ITEMS) % 2:
        since = min(message.modseq for message in chosen)
        if asking.client.qresync and name == "UID FETCH":
            arguments = f"1:* (FLAGS) (CHANGEDSINCE {since} VANISHED)"
            return Command(name, arguments, earlier=set())
        return Command(name, f"{numbers} (FLAGS) (CHANGEDSINCE {since})", targets=chosen)
    arguments = f"{numbers} {_ITEMS[form % len(_ITEMS)]}"
    return Command(name, arguments, targets=chosen, tells_all=True)


def search(asking: Asking) -> Command:
    """SEARCH by a client that may not know all yet: what it finds is checked to exist."""
    by_uid = asking.choice.bit(0) or not asking.may_number
    key = ("ALL", "UNSEEN", "DELETED", "UNKEYWORD $Junk")[(asking.choice.form >> 1) % 4]
    return Command("UID SEARCH" if by_uid else "SEARCH", key)


def ask(asking: Asking) -> Command:
    """Hear what is new: NOOP or CHECK."""
    return Command("CHECK" if asking.choice.bit(0) else "NOOP")


Operation = Callable[[Asking], Command]
ON_MESSAGES: Final[Mapping[str, Operation]] = {
    "store": store,
    "copy": copy,
    "move": move,
    "expunge": expunge,
    "fetch": fetch,
    "search": search,
    "ask": ask,
}
"""What is done in an open mailbox; appending, which needs none, is beside them."""
