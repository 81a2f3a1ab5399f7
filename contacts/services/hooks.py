"""Who is told, in the same transaction, what became of cards: other apps register."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from contacts.vcard.cards import Card


class CardChange(NamedTuple):
    """What became of a card: as it is now, or None where it is gone."""

    resource_id: int
    card: Card | None


Hook = Callable[[int, Sequence[CardChange]], None]
"""Is given the account and the changes, within the transaction that holds the account's lock."""

_hooks: list[Hook] = []


def on_change(hook: Hook) -> None:
    """Call the hook with whatever becomes of cards, once for each transaction or more."""
    if hook not in _hooks:
        _hooks.append(hook)


def tell(account_id: int, changes: Sequence[CardChange]) -> None:
    """Call the hooks; what they raise ends the transaction."""
    if changes:
        for hook in _hooks:
            hook(account_id, changes)
