"""A client of server-sent events: one connection, parsed as the standard says (WHATWG HTML §9.2.6)."""

import base64
import http.client
import json
import ssl
import time
from collections.abc import Iterator, Mapping
from types import TracebackType
from typing import Any, NamedTuple, Self

from tests.clients.people import Person
from tests.serve.running import WAIT_SECONDS, Running

PATH = "/api/v1/events"


class Told(NamedTuple):
    """One event as it came."""

    name: str
    data: Mapping[str, Any]
    id: str


class Ear:
    """A stream of events that is open; its answer's head is there when it is made."""

    def __init__(
        self, server: Running, headers: Mapping[str, str], *, port: str = "HTTPS", last_id: str = ""
    ) -> None:
        number = server.ports[port]
        if port == "HTTPS":
            context = ssl.create_default_context(cafile=str(server.trusted))
            self._connection: http.client.HTTPConnection = http.client.HTTPSConnection(
                "localhost", number, timeout=WAIT_SECONDS, context=context
            )
        else:
            self._connection = http.client.HTTPConnection("127.0.0.1", number, timeout=WAIT_SECONDS)
        asked = {"Accept": "text/event-stream", **headers}
        self._connection.request("GET", PATH, headers=asked | _resuming(last_id))
        self.response = self._connection.getresponse()
        self.status = self.response.status
        self.comments = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Cut the connection."""
        self._connection.close()

    def hear(self) -> Told:
        """Return the next event; raises ConnectionError where the stream has ended."""
        fields: dict[str, str] = {}
        for line in self._lines():
            if line.startswith(":"):
                self.comments += 1
            elif line:
                name, _, text = line.partition(":")
                fields[name] = text.removeprefix(" ")
            elif "data" in fields:
                return Told(fields["event"], json.loads(fields["data"]), fields["id"])
            else:
                fields.clear()
        raise ConnectionError("the stream ended")

    def hear_until(self, name: str) -> Told:
        """Return the next event of a name."""
        while (told := self.hear()).name != name:
            pass
        return told

    def wait_for_comment(self) -> None:
        """Return when a heartbeat came."""
        for line in self._lines():
            if line.startswith(":"):
                return
        raise ConnectionError("the stream ended")

    def wait_for_end(self) -> float:
        """Return after how many seconds the server ended the stream; events are left unread."""
        began = time.monotonic()
        for _ in self._lines():
            pass
        return time.monotonic() - began

    def _lines(self) -> Iterator[str]:
        while line := self.response.readline():
            yield line.decode().removesuffix("\n")


def basic(person: Person) -> dict[str, str]:
    """Return the header field of somebody's address and password."""
    credentials = base64.b64encode(f"{person.address}:{person.password}".encode()).decode()
    return {"Authorization": f"Basic {credentials}"}


def _resuming(last_id: str) -> dict[str, str]:
    return {"Last-Event-ID": last_id} if last_id else {}
