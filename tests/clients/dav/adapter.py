"""A proxy by which a client of plain files speaks to a server that holds calendars only.

Collections become calendars beside one another, files become events that carry their octets, and
back. Everything else (status codes, conditions, properties, locks) is the server's own.
"""

import base64
import contextlib
import http.client
import re
import uuid
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import quote, unquote, urlsplit

from tests.clients.dav.objects import calendar
from tests.clients.dav.servers import DavServer

METHODS = [
    "OPTIONS",
    "GET",
    "HEAD",
    "PUT",
    "DELETE",
    "MKCOL",
    "PROPFIND",
    "PROPPATCH",
    "LOCK",
    "UNLOCK",
    "COPY",
    "MOVE",
]
DROPPED = {"host", "connection", "content-length", "transfer-encoding"}
MAKE = (
    '<D:mkcol xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><D:set><D:prop>'
    "<D:resourcetype><D:collection/><C:calendar/></D:resourcetype></D:prop></D:set></D:mkcol>"
)
JOINT = "--"


def to_event(uid: str, data: bytes) -> bytes:
    """Return an event that carries the octets of a file."""
    carried = base64.b64encode(data).decode()
    return calendar(
        f"BEGIN:VEVENT\nUID:{uid}\nDTSTAMP:20260101T000000Z\nDTSTART:20260101T000000Z\n"
        f"X-CARRIED:{carried}\nEND:VEVENT\n"
    )


def from_event(data: bytes) -> bytes:
    """Return the octets that an event carries."""
    found = re.search(rb"X-CARRIED:(\S*)", data)
    return base64.b64decode(found[1]) if found else data


class Paths:
    """Leads a path of the client to one of the server, and back."""

    def __init__(self, home: str) -> None:
        self._home = home
        self._uids: dict[str, str] = {}

    def uid(self, path: str) -> str:
        """Return the UID of a file: one that is put again keeps it."""
        return self._uids.setdefault(path, str(uuid.uuid4()))

    def forget(self, path: str, target: str = "") -> None:
        """Note that a file is gone, or is another one now."""
        uid = self._uids.pop(path, "")
        if uid and target:
            self._uids[target] = uid

    def there(self, path: str) -> str:
        """Return where a file or a collection, which ends in a slash, is on the server."""
        segments = [unquote(segment) for segment in path.strip("/").split("/")]
        if path.endswith("/"):
            return f"{self._home}{quote(JOINT.join(segments))}/"
        return f"{self._home}{quote(JOINT.join(segments[:-1]))}/{quote(segments[-1])}.ics"

    def back(self, text: str) -> str:
        """Return a body in which the server's paths are the client's."""

        def one(found: re.Match[str]) -> str:
            path = found[1].replace(JOINT, "/").removesuffix(".ics")
            return f">/{path}<"

        return re.sub(rf">{re.escape(self._home)}([^<]*)<", one, text)


class Handler(BaseHTTPRequestHandler):
    """One connection of the client; `paths` and `place` are given by the subclass that serves."""

    protocol_version = "HTTP/1.1"
    paths: Paths
    place: str

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its base's name
        """Say nothing."""

    def _pass_on(self) -> None:
        """Ask the server, and answer as it does."""
        length = int(self.headers.get("Content-Length") or 0)
        if self.headers.get("Expect", "").lower() == "100-continue":
            self.send_response_only(100)
            self.end_headers()
        body = self.rfile.read(length)
        path = self.path
        headers = {
            name: value
            for name, value in self.headers.items()
            if name.lower() not in DROPPED | {"expect"}
        }
        if self.command == "PUT":
            body = to_event(self.paths.uid(path), body)
            headers["Content-Type"] = "text/calendar"
        elif self.command == "MKCOL" and not body and path.endswith("/"):
            body = MAKE.encode()
            headers["Content-Type"] = "text/xml"
        self._translate(headers)
        self._answer(path, body, headers)

    def _translate(self, headers: dict[str, str]) -> None:
        """Write the paths in headers as the server knows them."""
        if "Destination" in headers:
            target = self.paths.there(urlsplit(headers["Destination"]).path)
            headers["Destination"] = f"http://{self.place}{target}"
        if "If" in headers:
            tagged = re.compile(r"<http://[^/>]+(/[^>]*)>")
            headers["If"] = tagged.sub(
                lambda found: f"<http://{self.place}{self.paths.there(found[1])}>", headers["If"]
            )

    def _answer(self, path: str, body: bytes, headers: dict[str, str]) -> None:
        with contextlib.closing(http.client.HTTPConnection(self.place, timeout=30)) as server:
            server.request(self.command, self.paths.there(path), body, headers)
            response = server.getresponse()
            data = response.read()
        if self.command in {"DELETE", "MOVE"} and response.status < 300:
            self.paths.forget(path, urlsplit(self.headers.get("Destination", "")).path)
        if self.command == "GET" and response.status == 200:
            data = from_event(data)
        elif "xml" in response.headers.get("Content-Type", ""):
            data = self.paths.back(data.decode()).encode()
        with contextlib.suppress(ConnectionError):  # the client may have left already
            self._send(response, data)

    def _send(self, response: http.client.HTTPResponse, data: bytes) -> None:
        self.send_response_only(response.status, response.reason)
        for name, value in response.headers.items():
            if name.lower() not in DROPPED:
                self.send_header(name, value)
        if self.command != "HEAD" and response.status != 204:
            self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)


for _method in METHODS:
    setattr(Handler, f"do_{_method}", Handler._pass_on)


@contextlib.contextmanager
def files(server: DavServer, home: str) -> Iterator[str]:
    """Run the proxy until the block ends; yield its URL."""
    place = urlsplit(server.plain_url).netloc
    kind = type("Here", (Handler,), {"paths": Paths(home), "place": place})
    with ThreadingHTTPServer(("127.0.0.1", 0), kind) as proxy:
        thread = Thread(target=proxy.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{proxy.server_address[1]}/"
        finally:
            proxy.shutdown()
            thread.join()
