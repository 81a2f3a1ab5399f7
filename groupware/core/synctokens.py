"""Sync-tokens (RFC 6578 §4): what a client knows of a collection, as text that it hands back.

A token is made of the collection's `object_id`, its `token_epoch` and a modseq: mostly its
`highest_modseq`. Pure.
"""

import re
from typing import NamedTuple

PREFIX = "urn:groupware:sync:"
_TOKEN = re.compile(
    r"urn:groupware:sync:([A-Za-z0-9_-]{1,32}):([0-9]{1,18}):([0-9]{1,18})(?::([0-9]{1,18}))?"
)


class SyncPoint(NamedTuple):
    """What a client knows: all up to `modseq`, and no item that was gone at `base`.

    `base` is the greater of the two while a first report is told in pieces: tombstones of before it
    are nothing to the client, also those that have expired.
    """

    modseq: int
    base: int


def sync_token(object_id: str, token_epoch: int, modseq: int, base: int = 0) -> str:
    """Return the token of a client that knows all up to `modseq`; `base` as in `SyncPoint`."""
    tail = f":{base}" if base > modseq else ""
    return f"{PREFIX}{object_id}:{token_epoch}:{modseq}{tail}"


def parse_sync_token(token: str, object_id: str, token_epoch: int) -> SyncPoint | None:
    """Return what a token of this collection says; None for any other text."""
    found = _TOKEN.fullmatch(token)
    if found is None or found[1] != object_id or int(found[2]) != token_epoch:
        return None
    return SyncPoint(int(found[3]), max(int(found[3]), int(found[4] or 0)))
