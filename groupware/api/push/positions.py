"""What a listener was told: the id of each event, handed back as Last-Event-ID.

Sealed, it says up to which modseq each account that is watched is known, so that what happened during a cut
is found in the tables, and by a digest what was shared at that time.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from groupware.rest.tokens import BadToken, pack, unpack

_AT: Final = re.compile(r"([0-9]{1,15})\.([0-9]{1,15})\.([0-9a-f]{12})")


@dataclass(frozen=True, slots=True)
class Positions:
    """Up to where a listener knows each account: by its id, (token epoch, modseq).

    `access` is a digest of what the listener may see at all.
    """

    accounts: Mapping[int, tuple[int, int]] = field(default_factory=dict)
    access: str = ""

    def text(self) -> str:
        """Return it as an event's id."""
        rows = [
            f"{account}.{epoch}.{modseq:012x}" for account, (epoch, modseq) in self.accounts.items()
        ]
        return pack([self.access, rows])


def read_positions(text: str) -> Positions | None:
    """Return what an id says; None where it is none of ours."""
    try:
        access, rows = unpack(text)
        accounts = dict(map(_read_row, rows))
    except (BadToken, TypeError, ValueError):
        return None
    return Positions(accounts, access) if isinstance(access, str) else None


def _read_row(row: Any) -> tuple[int, tuple[int, int]]:
    found = _AT.fullmatch(row)
    if found is None:
        raise ValueError("no position")
    account, epoch, modseq = found.groups()
    return int(account), (int(epoch), int(modseq, 16))
