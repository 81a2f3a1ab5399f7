"""A client's line to a server: whatever carries the bytes, commands are asked and answered."""

from abc import ABC, abstractmethod
from collections.abc import Callable

from tests.delta.client import Client
from tests.delta.commands import Command


class Line(ABC):
    """One client and its way to the server."""

    def __init__(self, client: Client) -> None:
        self.client = client

    @abstractmethod
    def exchange(self, data: bytes, until: Callable[[], bool]) -> None:
        """Send, and feed the client until the condition holds or its session has ended."""

    @abstractmethod
    def close(self) -> None:
        """Go away without a word."""

    def run(self, *commands: Command) -> bool:
        """Send commands at once and wait for their replies; tell whether the session goes on."""
        self.exchange(self.client.start(*commands), lambda: not self.client.pending)
        return not self.client.has_ended

    def do(self, name: str, arguments: str = "") -> Command:
        """Run one command that must succeed."""
        command = Command(name, arguments)
        self.run(command)
        assert command.is_ok, f"{command.serialize()!r} was answered with {command.reply}"
        return command

    def log_in(self, login: str, password: str) -> None:
        """Log in, and enable QRESYNC or CONDSTORE where the client speaks it."""
        self.do("LOGIN", f'{login} "{password}"')
        if self.client.qresync:
            self.do("ENABLE", "QRESYNC")
        elif self.client.condstore:
            self.do("ENABLE", "CONDSTORE")

    def idle(self) -> None:
        """Begin to idle."""
        self.exchange(self.client.start(Command("IDLE")), lambda: self.client.is_idling)

    def end_idle(self) -> None:
        """Say DONE if the client idles."""
        if self.client.is_idling:
            self.exchange(b"DONE\r\n", lambda: not self.client.pending)
