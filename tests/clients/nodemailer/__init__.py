"""nodemailer, a client in JavaScript, as the tests use it: a process that is told what to send."""

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.clients.fetched import node_modules
from tests.clients.people import Person
from tests.clients.told import Told, telling
from tests.clients.tools import find_tool
from tests.serve.running import Running

HERE = Path(__file__).parent


@contextlib.contextmanager
def nodemailer(server: Running, person: Person, **options: Any) -> Iterator[Told]:
    """Yield a transport over implicit TLS that signs in, unless the options say otherwise."""
    settings = {
        "host": "localhost",
        "port": server.ports["SUBMISSIONS"],
        "secure": True,
        "auth": {"user": person.address, "pass": person.password},
        "tls": {"ca": server.trusted.read_text()},
    }
    command = [find_tool("node"), str(HERE / "driver.js"), json.dumps(settings | options)]
    with telling(command, NODE_PATH=str(node_modules(HERE))) as client:
        yield client
