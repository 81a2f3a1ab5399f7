"""What a session needs of the connection that it speaks on."""

from typing import Protocol


class Output(Protocol):
    """Where a session writes to."""

    def write(self, data: bytes) -> None:
        """Send, or keep until the client takes it."""

    async def drain(self) -> None:
        """Wait until little is kept; raises ConnectionError when the client takes nothing."""

    async def start_tls(self) -> None:
        """Go on in TLS."""

    def start_compression(self, ahead: bytes) -> None:
        """Deflate what is written from now on, and inflate what comes, `ahead` first of all."""

    def close(self) -> None:
        """Send what is kept and close."""

    def abort(self) -> None:
        """Close without sending what is kept."""
