"""COMPRESS (RFC 4978 §3)."""

from typing import Final

from mail.imap.errors import After, Outcome, Reply, bad
from mail.imap.requests import Compress
from mail.imap.responses import Code, Condition
from mail.imap.session import Session

# BAD: NO is for a layer other than this (TLS), which compresses already.
_ACTIVE: Final = Reply(
    Condition.BAD, "The connection is compressed already.", Code.COMPRESSIONACTIVE
)
_BEGINS: Final = Reply(Condition.OK, "Compressed from here on.", after=After.COMPRESS)


async def compress(session: Session, request: Compress) -> Outcome:
    """Compress both directions, from behind this command and its reply."""
    if request.mechanism != "DEFLATE":
        return bad("DEFLATE is the only mechanism.")
    if session.compressed:
        return _ACTIVE
    session.compressed = True
    return _BEGINS
