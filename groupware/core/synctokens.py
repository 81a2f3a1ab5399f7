"""Sync-tokens (RFC 6578 §4): what a client knows of a collection, as text that it hands back.

A token is made of the collection's `object_id`, its `token_epoch` and its `highest_modseq`. Pure.
"""

import re

PREFIX = "urn:groupware:sync:"
_TOKEN = re.compile(r"urn:groupware:sync:([A-Za-z0-9_-]{1,32}):([0-9]{1,18}):([0-9]{1,18})")


def sync_token(object_id: str, token_epoch: int, modseq: int) -> str:
    """Return the token of a collection as it is at `modseq`."""
    return f"{PREFIX}{object_id}:{token_epoch}:{modseq}"


def parse_sync_token(token: str, object_id: str, token_epoch: int) -> int | None:
    """Return the modseq of a token of this collection; None for any other text."""
    found = _TOKEN.fullmatch(token)
    if found is None or found[1] != object_id or int(found[2]) != token_epoch:
        return None
    return int(found[3])
