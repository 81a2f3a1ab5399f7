"""How long the panel takes to show its list of accounts, of 10,000, over HTTPS from a served server.

    .venv/bin/python -m benchmarks.panel [--accounts 10000] [--rounds 30]

One process of the web; an administrator signs in as with a browser, and asks on one connection for the
first page, a later one, a search, and one domain's accounts that may sign in. Prints the median and the
95th percentile of each, with the processor's time of the server for one request. Exits with 1 where a
median is not below 200 ms.
"""

import argparse
import http.client
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from http.cookies import SimpleCookie
from pathlib import Path
from urllib.parse import urlencode

from benchmarks.idle import trusting_context
from groupware.environment import BASE_DIR
from tests.clients.people import DOMAIN, PASSWORD, create_people
from tests.serve.running import Running, descendants, environment, serving

LONGEST = 0.200
ADMIN = f"root@{DOMAIN}"
SETTINGS = {"GROUPWARE_PROCESSES": "1", "GROUPWARE_LOG_LEVEL": "WARNING"}
FILL = """
import django; django.setup()
import sys
from groupware.core.clock import now
from groupware.core.models import *
from groupware.core.models import AddressKind
from groupware.core.roles import grant_role
from django.db import transaction
grant_role(sys.argv[1], "global")
home = Account.objects.get(login=sys.argv[1]).domain
moment = now()
with transaction.atomic():
    names = [f"person{n:05}" for n in range(int(sys.argv[2]))]
    made = Account.objects.bulk_create(
        [Account(login=f"{name}@{home.name}", domain=home, name=f"Person {name[6:]}", password="!",
                 created_at=moment) for name in names], batch_size=1000)
    AccountState.objects.bulk_create(
        [AccountState(account=held, next_uid_validity=1, quota_bytes=5 << 30,
                      bytes_used=n * 400_000) for n, held in enumerate(made)], batch_size=1000)
    addresses = Address.objects.bulk_create(
        [Address(domain=home, local_part=name, kind=AddressKind.PRIMARY, created_at=moment)
         for name in names], batch_size=1000)
    AddressTarget.objects.bulk_create(
        [AddressTarget(address=held, account=one)
         for held, one in zip(addresses, made, strict=True)], batch_size=1000)
"""


class Browser:
    """A signed-in browser on one connection that stays open."""

    def __init__(self, port: int) -> None:
        context = trusting_context()
        self._connection = http.client.HTTPSConnection("localhost", port, context=context)
        self._cookies: dict[str, str] = {}

    def ask(self, path: str, form: dict[str, str] | None = None) -> tuple[int, bytes]:
        """Return status and body of an answer."""
        headers = {"Cookie": "; ".join(f"{name}={held}" for name, held in self._cookies.items())}
        body = None
        if form is not None:
            body = urlencode(form)
            headers["Content-Type"] = "application/x-www-form-urlencoded"
            headers["Referer"] = f"https://localhost:{self._connection.port}{path}"
        self._connection.request("GET" if form is None else "POST", path, body, headers)
        answer = self._connection.getresponse()
        for held in answer.headers.get_all("Set-Cookie", []):
            self._cookies |= {name: morsel.value for name, morsel in SimpleCookie(held).items()}
        return answer.status, answer.read()

    def sign_in(self) -> None:
        """Sign in as who administers; raises RuntimeError where that is refused."""
        path = "/account/login/?next=/admin/"
        _, page = self.ask(path)
        token = re.search(rb'name="csrfmiddlewaretoken" value="([^"]+)"', page)
        assert token is not None, page
        form = {"login": ADMIN, "password": PASSWORD, "csrfmiddlewaretoken": token[1].decode()}
        status, page = self.ask(path, form)
        if status != http.client.FOUND:
            raise RuntimeError(f"signing in was answered by {status}: {page.decode()[:500]}")


def fill(running: Running, number: int) -> None:
    """Make the accounts, as rows: how long that takes is no matter here."""
    subprocess.run(
        [sys.executable, "-c", FILL, ADMIN, str(number)],
        check=True,
        cwd=BASE_DIR,
        env=environment(running.data, running.ports, **SETTINGS)
        | {"DJANGO_SETTINGS_MODULE": "groupware.settings", "PYTHONPATH": str(BASE_DIR)},
    )


def measure(browser: Browser, path: str, wanted: bytes, rounds: int) -> list[float]:
    """Return how long each answer took to be there whole."""
    took = []
    for _ in range(rounds + 3):
        began = time.perf_counter()
        status, page = browser.ask(path)
        took.append(time.perf_counter() - began)
        if status != http.client.OK or wanted not in page:
            raise RuntimeError(f"{path} was answered by {status}, without {wanted!r}")
    return took[3:]


def processor_seconds(pids: Sequence[int]) -> float:
    """Return the time that processes have had of a processor."""
    fields = [Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split() for pid in pids]
    return sum(int(held[11]) + int(held[12]) for held in fields) / os.sysconf("SC_CLK_TCK")


def percentile(seconds: Sequence[float], percent: int) -> float:
    """Return what so many of 100 stay within."""
    return sorted(seconds)[max(0, -(-len(seconds) * percent // 100) - 1)]


def run(accounts: int, rounds: int) -> bool:
    """Print what was measured; return whether every median is below what is asked for."""
    last = f"person{accounts - 1:05}"
    pages = (
        ("the first page", "/admin/accounts/", b"person00001"),
        ("a page in the middle", f"/admin/accounts/?p={accounts // 100}", b"person0"),
        ("a search that finds one", f"/admin/accounts/?q={last}", last.encode()),
        ("a search that finds 1,000", "/admin/accounts/?q=person01", b"person01001"),
        ("who may sign in", "/admin/accounts/?state=active", b"person00001"),
    )
    with (
        tempfile.TemporaryDirectory(dir="/var/tmp") as scratch,
        serving(Path(scratch) / "data", "web", **SETTINGS) as running,
    ):
        create_people(running, [ADMIN], **SETTINGS)
        fill(running, accounts)
        browser = Browser(running.ports["HTTPS"])
        browser.sign_in()
        pids = list(descendants(running.process.pid))
        medians = []
        for name, path, wanted in pages:
            before = processor_seconds(pids)
            took = measure(browser, path, wanted, rounds)
            used = (processor_seconds(pids) - before) / (rounds + 3)
            medians.append(statistics.median(took))
            spread = f"95 of 100 within {percentile(took, 95) * 1e3:.0f} ms"
            cost = f"{used * 1e3:.0f} ms of a processor"
            print(f"{name}: {medians[-1] * 1e3:.0f} ms, {spread}, {cost}")
    return max(medians) < LONGEST


def main() -> None:
    """Measure as the options say."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.panel", description=__doc__)
    parser.add_argument("--accounts", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=30)
    options = parser.parse_args()
    sys.exit(not run(options.accounts, options.rounds))


if __name__ == "__main__":
    main()
