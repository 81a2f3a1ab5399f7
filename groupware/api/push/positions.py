"""What a listener was told: the id of each event, handed back as Last-Event-ID. Pure.

It says up to which modseq each account that is watched is known, so that what happened during a cut
is found in the tables, and by a digest what was shared at that time.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from groupware.rest.tokens import BadToken, pack, unpack


@dataclass(frozen=True, slots=True)
class Positions:
    """Up to where a listener knows each account: by its id, (token epoch, modseq).

    `access` is a digest of what the listener may see at all.
    """

    accounts: Mapping[int, tuple[int, int]] = field(default_factory=dict)
    access: str = ""

    def text(self) -> str:
        """Return it as an event's id."""
        return pack([self.access, [[account, *at] for account, at in self.accounts.items()]])


def read_positions(text: str) -> Positions | None:
    """Return what an id says; None where it is none of ours."""
    try:
        access, rows = unpack(text)
        accounts = dict(map(_read_row, rows))
    except (BadToken, TypeError, ValueError):
        return None
    return Positions(accounts, access) if isinstance(access, str) else None


def _read_row(row: Any) -> tuple[int, tuple[int, int]]:
    account, epoch, modseq = row
    if not all(type(value) is int and 0 <= value < 1 << 62 for value in (account, epoch, modseq)):
        raise ValueError("no position")
    return account, (epoch, modseq)
