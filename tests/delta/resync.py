"""A client that lost its connection comes back with what it held (RFC 7162 §3.2.5).

What it held, plus what SELECT with QRESYNC told it, must be what is there: it asks for no more
than the UIDs, and believes its own memory for all that was not told.
"""

from dataclasses import dataclass, replace
from typing import Final

from tests.delta.commands import Command, Flags, Mailbox
from tests.delta.line import Line
from tests.delta.operations import BITS, Choice, join_numbers
from tests.delta.responses import Violation

State = tuple[Flags, int]
"""(flags, modseq)."""
WITHOUT_UIDS: Final = 0
"""The bits of a choice: no known UIDs, only some of them, numbers as well, EXAMINE."""
SOME_UIDS: Final = 1
NUMBERS: Final = 2
EXAMINE: Final = 3


@dataclass(frozen=True, slots=True)
class Left:
    """What a client holds of a mailbox when it loses its connection."""

    name: str
    uid_validity: int
    modseq: int
    states: dict[int, State]
    numbers: dict[int, int]
    """Sequence numbers, ascending, and the UIDs of those that are known."""


def leave(mailbox: Mailbox | None) -> Left | None:
    """Return what is held of the open mailbox: of messages that are not wholly known nothing."""
    if mailbox is None:
        return None
    states = {
        message.uid: (message.flags, message.modseq)
        for message in mailbox.messages
        if message.uid and message.flags is not None and message.modseq
    }
    numbers = {
        number: message.uid
        for number, message in enumerate(mailbox.messages, start=1)
        if message.uid
    }
    return Left(mailbox.name, mailbox.uid_validity, mailbox.settled, states, numbers)


def come_back(line: Line, left: Left, choice: Choice) -> bool:
    """Open the mailbox again; tell whether it is there, and then all is known that was held."""
    left = _cut(left, choice)
    command = Command(
        "EXAMINE" if choice.bit(EXAMINE) else "SELECT", _arguments(left, choice), earlier=set()
    )
    line.run(command)
    mailbox = line.client.mailbox
    if not command.is_ok or mailbox is None:
        return False
    held = _held(left, command, mailbox)
    found = line.do("UID SEARCH", "ALL").found or []
    if gone := held.keys() - set(found):
        raise Violation(f"{sorted(gone)} are gone, and nobody told")
    for message, uid in zip(mailbox.messages, found, strict=True):
        if message.uid not in {0, uid}:
            raise Violation(f"{message} has the number of {uid}")
        message.uid = uid
        if message.flags is None and uid in held:
            message.flags, message.modseq = held[uid]
    return True


def _cut(left: Left, choice: Choice) -> Left:
    """Return what the client cares for: it may have dropped some of its messages."""
    if choice.bit(WITHOUT_UIDS) or not choice.bit(SOME_UIDS):
        return left
    states = {
        uid: state
        for place, (uid, state) in enumerate(left.states.items())
        if choice.messages >> (place % BITS) & 1
    }
    return replace(left, states=states)


def _arguments(left: Left, choice: Choice) -> str:
    words = [str(left.uid_validity), str(left.modseq)]
    if not choice.bit(WITHOUT_UIDS) and left.states:
        words.append(join_numbers(left.states))
    if choice.bit(NUMBERS) and left.numbers:
        words.append(f"({join_numbers(left.numbers)} {join_numbers(left.numbers.values())})")
    return f"{left.name} (QRESYNC ({' '.join(words)}))"


def _held(left: Left, command: Command, mailbox: Mailbox) -> dict[int, State]:
    """Return what is left of the client's memory; check that no more was told than it missed."""
    told = {message.uid: message.modseq for message in command.fetched}
    assert command.earlier is not None
    if mailbox.uid_validity != left.uid_validity:
        if told or command.earlier:
            raise Violation("another mailbox, and changes are told of the one that was")
        return {}
    for uid, modseq in told.items():
        if modseq <= left.modseq:
            raise Violation(f"{uid} is told, and has not changed since {left.modseq}")
    if present := command.earlier & told.keys():
        raise Violation(f"{present} are told as gone, and as there")
    return {uid: state for uid, state in left.states.items() if uid not in command.earlier}
