"""POP3 as the tests use it: poplib, whole messages, and passwords of devices."""

import json
import poplib
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from groupware.environment import BASE_DIR
from tests.clients.people import Person
from tests.serve.running import Running, environment


@contextmanager
def fetching(server: Running, tls: ssl.SSLContext, person: Person) -> Iterator[poplib.POP3_SSL]:
    """Yield a session over implicit TLS; leaving its block is QUIT."""
    client = poplib.POP3_SSL("localhost", server.ports["POP3S"], timeout=60, context=tls)
    client.user(person.address)
    client.pass_(person.password)
    yield client
    client.quit()


def retrieve(client: poplib.POP3, number: int) -> bytes:
    """Return a message as it was sent."""
    return b"".join(line + b"\r\n" for line in client.retr(number)[1])


def manage(server: Running, database_url: str, *words: str) -> dict[str, str]:
    """Run `manage.py` beside the server."""
    ended = subprocess.run(
        [sys.executable, str(BASE_DIR / "manage.py"), *words, "--json"],
        env=environment(server.data, {}, GROUPWARE_DATABASE_URL=database_url),
        check=True,
        capture_output=True,
    )
    answer: dict[str, str] = json.loads(ended.stdout)
    return answer


def new_device(server: Running, database_url: str, person: Person) -> Person:
    """Return the same person with an app password of a device."""
    words = ("account", "app-password", "create", person.address, "--scopes", "pop3")
    return Person(person.address, manage(server, database_url, *words)["password"])
