"""How SMTP and LMTP are played in tests: sessions in memory or on sockets."""

from contextlib import AbstractAsyncContextManager

from groupware.core.budget import UploadBudget
from mail.services import reception
from mail.smtp.fanning import FanOut
from mail.smtp.limits import ServerLimits
from mail.smtp.networks import Networks
from mail.smtp.server import Server
from mail.smtp.session import Session, Shared
from tests.transcripts import lines
from tests.transcripts.lines import Connect, listening, new_tls

STRANGER = "192.0.2.1"


def new_shared(limits: ServerLimits, *, allow_plaintext: bool = False) -> Shared:
    fan_out = FanOut(reception.begin_fan_out)
    return Shared(limits, Networks(limits), fan_out, allow_plaintext=allow_plaintext)


class MemoryClient(lines.MemoryClient):
    """A session of a role."""

    session: Session

    def __init__(
        self,
        role: type[Session],
        shared: Shared,
        *,
        secure: bool = True,
        size: int = 1 << 20,
        network: str = STRANGER,
    ) -> None:
        super().__init__(size)
        self.session = role(shared, self.output, secure=secure)
        self.session.network = network
        self.session.session_id = "s1"
        self.session.greet()

    async def codes(self, *asked: str) -> list[str]:
        """Send lines and return the first word or two of the last line of each reply."""
        told = (await self.ask(*asked)).splitlines()
        return [" ".join(line.split()[:2]) for line in told if line[3:4] == " "]


def tcp_server(
    role: type[Session], shared: Shared, *, secure: bool
) -> AbstractAsyncContextManager[Connect]:
    """Yield what opens a connection to a server on sockets."""
    tls = new_tls()
    server = Server(role, shared, UploadBudget(shared.limits.uploading), tls)
    return listening(server, lambda: server.connect(secure=secure), tls if secure else None)
