"""tsdav, a client in JavaScript, as the tests use it: a process that is told what to call."""

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path

from tests.clients.dav.servers import DavServer
from tests.clients.fetched import node_modules
from tests.clients.people import Person
from tests.clients.told import Told, telling
from tests.clients.tools import find_tool

HERE = Path(__file__).parent


@contextlib.contextmanager
def tsdav(server: DavServer, person: Person, url: str = "") -> Iterator[Told]:
    """Sign a person in, and look for the homes, beginning at another URL than the server's."""
    credentials = {"username": person.address, "password": person.password}
    settings = json.dumps({"serverUrl": url or server.url, "credentials": credentials})
    variables = {"NODE_PATH": str(node_modules(HERE)), "NODE_EXTRA_CA_CERTS": str(server.trusted)}
    with telling([find_tool("node"), str(HERE / "driver.js"), settings], **variables) as client:
        client.call("connect")
        yield client
