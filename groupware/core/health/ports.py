"""Whether a port answers as its protocol does, as seen from this machine."""

import socket
import ssl
from dataclasses import dataclass

from django.conf import settings
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from groupware.core.health.parts import Outcome, Part, State, Text

# All of a greeting: what is left unread would end the connection with a reset.
GREETING_OCTETS = 1024
# Answered by every role that speaks HTTP without asking anybody else; Host as this machine is called.
_REQUEST = b"HEAD /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Port:
    """A port by its name in `GROUPWARE_PORTS`, and the role of `serve` that answers there.

    Where its clients speak first it is asked something, elsewhere its greeting is awaited.
    """

    name: str
    role: str
    title: Text
    purpose: Text
    place: int
    is_tls: bool = False
    is_http: bool = False

    @property
    def number(self) -> int:
        """The port of this installation, 0 where it is turned off."""
        number: int = settings.GROUPWARE_PORTS[self.name]
        return number

    def part(self) -> Part:
        """Return it as a part of the suite."""
        return Part(
            self.name.lower(),
            self.title,
            self.look,
            self.place,
            self.purpose,
            port=lambda: self.number,
        )

    def look(self, seconds: float) -> Outcome:
        """Connect, and wait for the first octets."""
        number = self.number
        if not number:
            return Outcome(State.OFF)
        try:
            is_there = self._answers(number, seconds)
        except TimeoutError:
            raise
        except OSError:
            is_there = False
        return Outcome(State.OK) if is_there else Outcome(State.FAILED, self._dead(number))

    def _dead(self, number: int) -> Text:
        text = _(
            "Nothing answers on port {number}: the process of {role} has ended, or was never started."
            " Its log says why; `manage.py serve {role}` starts it."
        )
        return format_lazy(text, number=number, role=self.role)

    def _answers(self, number: int, seconds: float) -> bool:
        with socket.create_connection((own_host(), number), seconds) as connection:
            if not self.is_tls:
                return self._speaks(connection)
            with _unverified().wrap_socket(connection) as secured:
                return self._speaks(secured)

    def _speaks(self, connection: socket.socket) -> bool:
        if self.is_http:
            connection.sendall(_REQUEST)
        return bool(connection.recv(GREETING_OCTETS))


def own_host() -> str:
    """Return where this machine reaches what listens on GROUPWARE_HOST."""
    host: str = settings.GROUPWARE_HOST
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - compared


def _unverified() -> ssl.SSLContext:
    # Whether it answers is asked, not who it is: nothing is sent that anybody may not read.
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
