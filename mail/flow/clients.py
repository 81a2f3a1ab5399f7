"""Who gives this server a message. Pure."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Client:
    """The other end of a session: its address, how it greets, and how it speaks.

    `protocol` is what Received names it (RFC 3848, RFC 6531 §4.3), `tls` the cipher, if any.
    """

    peer: str
    helo: str
    session_id: str
    protocol: str
    tls: str = ""
