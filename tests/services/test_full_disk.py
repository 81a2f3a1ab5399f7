"""A disk that fills: nothing new is taken, reading and deleting go on, and then mail comes again."""

import base64
import contextlib
import http.client
import imaplib
import os
import poplib
import random
import smtplib
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.mmap_dict import MmapedDict

from groupware.core.metricfiles import AllocatedDict
from groupware.environment import BASE_DIR
from tests.commands.running import Manage
from tests.mailflow.dns import serving_dns
from tests.serve.running import Running, environment, serving, wait_for

ANN = "ann@example.test"
PASSWORD = "correct horse battery"
DISK = 32 << 20
RESERVE = 12 << 20
"""Enough for the logs of both databases, and for the metrics."""
SIZE = 60_000
MOST = 2 * DISK // SIZE
COLLECT = (
    "import django; django.setup()\n"
    "from groupware.core.blobs import collector\n"
    "from mail.services import expunged\n"
    "expunged.let_go()\n"
    "print(collector.collect_unreferenced(min_age=0))"
)


@dataclass(frozen=True)
class Small:
    """A server whose data directory is a disk of its own."""

    running: Running
    variables: dict[str, str]
    calendar: str

    @property
    def data(self) -> Path:
        return self.running.data

    @contextlib.contextmanager
    def session(self) -> Iterator[imaplib.IMAP4]:
        """Open a session with INBOX selected."""
        with imaplib.IMAP4("127.0.0.1", self.running.ports["IMAP"], timeout=30) as imap:
            imap.login(ANN, PASSWORD)
            assert imap.select()[0] == "OK"
            yield imap

    @contextlib.contextmanager
    def maildrop(self) -> Iterator[poplib.POP3]:
        """Open a POP3 session; leaving it breaks it off."""
        pop3 = poplib.POP3("127.0.0.1", self.running.ports["POP3"], timeout=30)
        try:
            pop3.user(ANN)
            pop3.pass_(PASSWORD)
            yield pop3
        finally:
            pop3.close()

    def dav(self, method: str, name: str, body: str = "") -> tuple[int, str]:
        """Send a request for an event of the calendar; return status and body."""
        connection = http.client.HTTPConnection("127.0.0.1", self.running.ports["HTTP"], timeout=30)
        credentials = base64.b64encode(f"{ANN}:{PASSWORD}".encode()).decode()
        headers = {"Authorization": f"Basic {credentials}", "Content-Type": "text/calendar"}
        with contextlib.closing(connection):
            connection.request(method, f"{self.calendar}{name}.ics", body, headers)
            response = connection.getresponse()
            return response.status, response.read().decode()

    def deliver(self, seed: int) -> tuple[int, bytes]:
        """Deliver a message that does not compress; return the reply that it got."""
        with smtplib.LMTP("127.0.0.1", self.running.ports["LMTP"], timeout=30) as lmtp:
            lmtp.ehlo_or_helo_if_needed()
            lmtp.mail("sender@outside.test")
            code, text = lmtp.rcpt(ANN)
            return lmtp.data(message(seed)) if code == 250 else (code, text)

    def fill(self) -> int:
        """Deliver until it is refused, and return how many were taken."""
        for taken in range(MOST):
            code, text = self.deliver(taken)
            if code != 250:
                assert (code, text[:5]) == (452, b"4.3.1")
                return taken
        raise AssertionError("the disk never filled")

    def collect(self) -> int:
        """Let go of what was kept and let the collector run now, as the worker does in time."""
        done = subprocess.run(
            [sys.executable, "-c", COLLECT],
            env=environment(self.data, {}, **self.variables)
            | {"DJANGO_SETTINGS_MODULE": "groupware.settings", "PYTHONPATH": str(BASE_DIR)},
            cwd=BASE_DIR,
            check=True,
            capture_output=True,
        )
        return int(done.stdout)


def message(seed: int) -> bytes:
    noise = random.Random(seed).randbytes(SIZE // 2).hex().encode()
    lines = [noise[start : start + 76] for start in range(0, len(noise), 76)]
    head = b"Subject: noise\r\nMessage-ID: <%d@outside.test>\r\n" % seed
    return b"\r\n".join([head, *lines, b""])


def event(name: str) -> str:
    lines = [
        *("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//test//EN", "BEGIN:VEVENT"),
        *(f"UID:{name}", "DTSTAMP:20260101T000000Z", "DTSTART:20260102T090000Z"),
        *("DTEND:20260102T100000Z", f"SUMMARY:{name}", "END:VEVENT", "END:VCALENDAR", ""),
    ]
    return "\r\n".join(lines)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """Yield a small disk."""
    path = tmp_path / "disk"
    path.mkdir()
    mounting = ["mount", "-t", "tmpfs", "-o", f"size={DISK},mode=700", "tmpfs", str(path)]
    if subprocess.run(mounting, check=False, capture_output=True).returncode:
        pytest.skip("a small disk is mounted by root only: run the tests as root")
    yield path
    subprocess.run(["umount", str(path)], check=True)


def prepare_small(disk: Path, request: pytest.FixtureRequest) -> tuple[Manage, dict[str, str]]:
    """Make a person on a small disk: with the database on it, or with a server's elsewhere."""
    url = f"sqlite://{disk}/groupware.sqlite3"
    if request.config.getoption("database") == "postgresql":
        url = request.getfixturevalue("fresh_database_url")
    manage = Manage(disk, url)
    manage.text("domain", "create", "example.test")
    manage.text("account", "create", ANN, "--password-stdin", stdin=PASSWORD + "\n")
    variables = {
        "GROUPWARE_DATABASE_URL": url,
        "GROUPWARE_DISK_RESERVE": str(RESERVE),
        "GROUPWARE_PROCESSES": "1",
        "GROUPWARE_ALLOW_PLAINTEXT": "1",
    }
    return manage, variables


@contextlib.contextmanager
def running_small(
    disk: Path, request: pytest.FixtureRequest, *roles: str, **more: str
) -> Iterator[Small]:
    """Run servers on a small disk."""
    manage, variables = prepare_small(disk, request)
    [calendar, *_] = manage.json("calendar", "list", ANN)
    with serving(disk, *roles, **variables, **more) as running:
        yield Small(running, variables, calendar["path"])
        assert "Traceback" not in running.output.read_text()


@pytest.fixture
def small(disk: Path, request: pytest.FixtureRequest) -> Iterator[Small]:
    """Yield servers of mail on a small disk."""
    with running_small(disk, request, "imap", "lmtp") as found:
        yield found


@pytest.fixture
def small_with_all(disk: Path, request: pytest.FixtureRequest) -> Iterator[Small]:
    """Yield servers of mail, calendars and contacts on a small disk."""
    roles = ("imap", "lmtp", "pop3", "web")
    with running_small(disk, request, *roles, GROUPWARE_HTTPS_PORT="0") as found:
        yield found


@contextlib.contextmanager
def nothing_left(disk: Path) -> Iterator[None]:
    """Take the reserve as well, as another program would."""
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(bytes(4096))
    try:
        assert os.statvfs(disk).f_bavail == 0
        yield
    finally:
        filler.unlink()


@contextlib.contextmanager
def at_the_reserve(disk: Path) -> Iterator[None]:
    """Fill the disk so far that half of the reserve is left."""
    usage = os.statvfs(disk)
    filler = disk / "much"
    filler.write_bytes(bytes(usage.f_bavail * usage.f_frsize - RESERVE // 2))
    yield
    filler.unlink()


def test_metrics_of_a_full_disk_stay_in_memory(disk: Path) -> None:
    before, after = disk / "counter_1.db", disk / "counter_2.db"
    kept: Any = AllocatedDict(str(before))
    kept.write_value("known", 1.0, 0.0)
    with nothing_left(disk):
        late: Any = AllocatedDict(str(after))
        for held in (kept, late):  # many more than the first pages hold
            for number in range(3000):
                held.write_value(f"value {number}", float(number), 0.0)
            assert held.read_value("value 2999") == (2999.0, 0.0)
        assert kept.read_value("known") == (1.0, 0.0)
    shared: Any = MmapedDict
    assert ("known", 1.0) in [row[:2] for row in shared.read_all_values_from_file(before)]
    for held in (kept, late):
        held.close()


@pytest.mark.django_db
@pytest.mark.timeout(180)
def test_full_disk_takes_nothing_until_something_is_deleted(small: Small, disk: Path) -> None:
    taken = small.fill()
    assert taken > 20
    with small.session() as imap:
        status, answer = imap.append("INBOX", "", "", message(10_000))
        assert (status, answer[0].split()[0]) == ("NO", b"[OVERQUOTA]")
        with nothing_left(disk), small.session():
            status, fetched = imap.fetch("1:*", "(UID RFC822.SIZE BODY.PEEK[])")
            assert status == "OK"
            bodies = [part[1] for part in fetched if isinstance(part, tuple)]
            assert [message(seed) in body for seed, body in enumerate(bodies)] == [True] * taken
            assert small.deliver(0)[0] == 452
        assert imap.store("1:*", "+FLAGS.SILENT", "\\Deleted")[0] == "OK"
        assert imap.expunge()[0] == "OK"
        assert imap.select()[1] == [b"0"]
    assert small.collect() == taken
    assert small.deliver(0)[0] == 250


@pytest.mark.django_db
@pytest.mark.timeout(240)
def test_every_door_refuses_what_is_new_and_goes_on_reading_and_deleting(
    small_with_all: Small, disk: Path
) -> None:
    small = small_with_all
    assert small.dav("PUT", "before", event("before"))[0] == 201
    taken = small.fill()
    refused = small.dav("PUT", "refused", event("refused"))
    assert (refused[0], "sufficient-disk-space" in refused[1]) == (507, True)
    assert small.dav("GET", "refused")[0] == 404
    assert small.dav("GET", "before") == (200, event("before"))
    with nothing_left(disk):
        assert small.dav("GET", "before")[0] == 200
        assert small.dav("PUT", "before", event("before").replace("T1000", "T1100"))[0] == 507
        with small.maildrop() as pop3:
            assert pop3.stat()[0] == taken
            assert b"\r\n".join([*pop3.retr(2)[1], b""]).endswith(message(1))
    with small.maildrop() as pop3:
        pop3.dele(1)
        assert pop3.quit().startswith(b"+OK")
    assert small.dav("DELETE", "before")[0] == 204
    with small.session() as imap:
        assert imap.select()[1] == [str(taken - 1).encode()]
        assert imap.store("1:*", "+FLAGS.SILENT", "\\Deleted")[0] == "OK"
        assert imap.expunge()[0] == "OK"
    assert small.collect() == taken - 1  # what POP3 deleted is in Trash
    with small.session() as imap:
        assert imap.append("INBOX", "", "", message(10_001))[0] == "OK"
    assert small.dav("PUT", "after", event("after"))[0] == 201
    assert small.deliver(0)[0] == 250


def hand_over(port: int, seed: int, *, signs_in: bool) -> tuple[int, str]:
    """Send a message by SMTP; return the first reply that is a refusal, or the last."""
    with smtplib.SMTP("127.0.0.1", port, timeout=60) as smtp:
        smtp.ehlo("client.outside.test")
        if signs_in:
            smtp.login(ANN, PASSWORD)
        smtp.mail(ANN if signs_in else "sender@outside.test")
        code, text = smtp.rcpt(ANN)
        if code == 250:
            code, text = smtp.data(b"From: <" + ANN.encode() + b">\r\n" + message(seed))
        return code, text.decode()


@pytest.mark.django_db
@pytest.mark.timeout(240)
def test_mail_that_comes_by_smtp_waits_where_it_is(
    disk: Path, request: pytest.FixtureRequest
) -> None:
    with (
        serving_dns() as dns,
        running_small(disk, request, "smtp", "imap", GROUPWARE_DNS_SERVERS=dns.variable) as small,
    ):
        ports = ((small.running.ports["SMTP"], False), (small.running.ports["SUBMISSION"], True))
        with at_the_reserve(disk):
            for port, signs_in in ports:
                code, text = hand_over(port, 1, signs_in=signs_in)
                assert (code, text[:5]) == (452, "4.3.1")
            with small.session() as imap:
                assert imap.select()[1] == [b"0"]
        for seed, (port, signs_in) in enumerate(ports):
            assert hand_over(port, seed, signs_in=signs_in)[0] == 250
        wait_for(lambda: number_in_inbox(small) == len(ports), "what was handed over")


def number_in_inbox(small: Small) -> int:
    with small.session() as imap:
        return int(imap.select()[1][0] or 0)
