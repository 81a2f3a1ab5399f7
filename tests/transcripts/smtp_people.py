"""Who sends and gets mail in tests of SMTP, and clients that have said hello or logged in."""

from base64 import b64encode
from dataclasses import dataclass, field
from typing import Any

from mail.smtp.limits import ServerLimits, reception_limits, submission_limits
from mail.smtp.reception import ReceptionSession
from mail.smtp.session import Session
from mail.smtp.submission import SubmissionSession
from tests.transcripts.lines import PASSWORD
from tests.transcripts.smtp_playing import STRANGER, MemoryClient, new_shared

EHLO = "EHLO client.example"


@dataclass
class RecordedFanOut:
    """What was to be delivered, and whether its reply had gone before."""

    begun: list[int] = field(default_factory=list)
    told_before: list[bool] = field(default_factory=list)
    client: "SmtpClient | None" = None

    def begin(self, inbound_id: int) -> None:
        self.begun.append(inbound_id)
        if self.client is not None:
            self.told_before.append(b"queued as %d," % inbound_id in self.client.buffer)


class SmtpClient(MemoryClient):
    """A client of a role with the limits of this installation."""

    session: Any
    told: list[str]


_fan_out: RecordedFanOut | None = None


def record(fan_out: RecordedFanOut | None) -> None:
    """Let clients from now on be those whose replies are looked at."""
    global _fan_out  # noqa: PLW0603 (one for each test)
    _fan_out = fan_out


def connect(
    role: type[Session],
    *,
    limits: ServerLimits | None = None,
    secure: bool = True,
    allow_plaintext: bool = False,
    size: int = 1 << 20,
    network: str = STRANGER,
) -> SmtpClient:
    """Return a client that has had its greeting."""
    if limits is None:
        limits = reception_limits() if role is ReceptionSession else submission_limits()
    shared = new_shared(limits, allow_plaintext=allow_plaintext)
    client = SmtpClient(role, shared, secure=secure, size=size, network=network)
    client.buffer.clear()
    if _fan_out is not None:
        _fan_out.client = client
    return client


async def greeted(role: type[Session] = ReceptionSession, **options: Any) -> SmtpClient:
    """Return a client that has said hello."""
    client = connect(role, **options)
    assert (await client.codes(EHLO))[0].startswith("250")
    return client


async def log_in(
    name: str = "anna@team.example", password: str = PASSWORD, **options: Any
) -> SmtpClient:
    """Return a client of submission that has tried to log in."""
    client = await greeted(SubmissionSession, **options)
    said = b64encode(f"\0{name}\0{password}".encode()).decode()
    client.told = await client.codes(f"AUTH PLAIN {said}")
    return client
