"""Searches, each with the same question asked of what a client knows."""

from collections.abc import Callable

from tests.delta.commands import Flags, Message
from tests.delta.operations import FLAGS, Asking, join_numbers

Holds = Callable[[Message, Flags], bool]
"""Tells whether a message with these flags is to be found."""


def search_key(asking: Asking) -> tuple[str, Holds]:
    """Return a key as it is sent, and what it asks; of a client that knows its mailbox."""
    choice = asking.choice
    left, right = _simple(asking, choice.form), _simple(asking, choice.flags)
    if choice.form >> 3 == 0:
        return left
    if choice.form >> 3 == 1:
        return f"NOT {left[0]}", lambda message, flags: not left[1](message, flags)
    if choice.form >> 3 <= 4:
        return (
            f"{left[0]} {right[0]}",
            lambda message, flags: left[1](message, flags) and right[1](message, flags),
        )
    return (
        f"OR {left[0]} {right[0]}",
        lambda message, flags: left[1](message, flags) or right[1](message, flags),
    )


def _simple(asking: Asking, which: int) -> tuple[str, Holds]:
    chosen = asking.chosen()
    if which % 8 == 6 and chosen:
        uids = {message.uid for message in chosen}
        return f"UID {join_numbers(sorted(uids))}", lambda message, _: message.uid in uids
    if which % 8 == 7 and chosen and asking.client.condstore:
        modseq = min(message.modseq for message in chosen)
        return f"MODSEQ {modseq}", lambda message, _: message.modseq >= modseq
    name = FLAGS[which % len(FLAGS)]
    wanted = name.lower()
    if name.startswith("\\"):
        return name[1:].upper(), lambda _, flags: wanted in flags
    return f"KEYWORD {name}", lambda _, flags: wanted in flags


def find_expected(messages: list[Message], holds: Holds) -> list[Message]:
    """Return the messages that must be found."""
    return [held for held in messages if held.flags is not None and holds(held, held.flags)]
