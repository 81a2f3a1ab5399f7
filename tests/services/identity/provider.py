"""Canaille, an identity provider that people run, started privately; and a browser that visits it."""

import json
import re
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from urllib.parse import urljoin

import requests

from groupware.identity.providers import OidcProvider
from tests.clients.fetched import python_with

PLACE = Path(__file__).parent
CLIENT_ID, CLIENT_SECRET = "groupware", "between the two of them"
PUBLIC_URL = "http://testserver"
CALLBACK = f"{PUBLIC_URL}/account/login/oidc/callback/"
MOST_STEPS = 12


@dataclass(frozen=True)
class Person:
    """Somebody whom the provider knows."""

    name: str
    address: str
    password: str = "the provider's own"


EVE = Person("eve", "eve@example.test")
STRANGER = Person("stranger", "stranger@elsewhere.test")


@contextmanager
def running_canaille(place: Path, *, verifies: bool) -> Iterator[OidcProvider]:
    """Start a provider, which says of addresses that they are verified or says nothing."""
    python = python_with(PLACE / "requirements" / "provider.txt")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    asked = {
        "port": port,
        "database": str(place / "canaille.sqlite3"),
        "redirect_uri": CALLBACK,
        "verifies": verifies,
        "client_id": CLIENT_ID,
        "client_secret": CLIENT_SECRET,
        "people": [vars(person) for person in (EVE, STRANGER)],
    }
    command = [str(python), str(PLACE / "canaille_driver.py"), json.dumps(asked)]
    pipe = subprocess.PIPE
    with (
        (place / "canaille.log").open("w") as log,
        subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=log, text=True) as process,
    ):
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            assert process.stdout.readline() == "ready\n"
            issuer = f"http://127.0.0.1:{port}"
            yield OidcProvider(issuer, CLIENT_ID, CLIENT_SECRET, "Canaille")
        finally:
            process.stdin.close()
            process.wait(timeout=10)


def visit(url: str, person: Person) -> str:
    """Sign in at the provider and agree, as a person does; return where it sends the browser."""
    with requests.Session() as session:
        answer = session.get(url, allow_redirects=False, timeout=20)
        for _ in range(MOST_STEPS):
            if "Location" in answer.headers:
                url = urljoin(url, answer.headers["Location"])
                if url.startswith(PUBLIC_URL):
                    return url
                answer = session.get(url, allow_redirects=False, timeout=20)
                continue
            values = {"login": person.name, "password": person.password, "answer": "accept"}
            form = _hidden(answer.text) | _asked(answer.text, values)
            answer = session.post(url, data=form, allow_redirects=False, timeout=20)
    raise AssertionError(f"the provider leads nowhere: {answer.text[:2000]}")


def _hidden(page: str) -> dict[str, str]:
    fields = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page)
    return {name: unescape(value) for name, value in fields}


def _asked(page: str, values: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in values.items() if f'name="{name}"' in page}
