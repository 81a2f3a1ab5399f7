"""A mailbox of 100,000 messages: opening it, coming back to it, and reading all of it.

    .venv/bin/python -m benchmarks.large [--messages 100000]

Prints how long SELECT takes, how long SELECT with QRESYNC after a handful of changes and what it
tells, and what the server's process holds more for `UID FETCH 1:*`. Exits with 1 where SELECT
takes 50 ms or more (the best of five), where QRESYNC tells more than what changed, or where the
process grows by half of what it sends.
"""

import argparse
import re
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.idle import memory
from benchmarks.imap.client import Client
from benchmarks.imap.messages import load_messages
from tests.clients.people import DOMAIN, PASSWORD, create_people
from tests.serve.running import Running, serving

USER = f"ann@{DOMAIN}"
LONGEST_SELECT = 0.050
ROUNDS = 5
SOURCE = 1_000
ALL_OF_IT = b"UID FETCH 1:* (FLAGS INTERNALDATE RFC822.SIZE ENVELOPE BODYSTRUCTURE)"
TOLD = re.compile(rb"^\* (?:\d+ FETCH|VANISHED).*$", re.MULTILINE)


def fill(client: Client, messages: int) -> None:
    """Make the mailbox: a thousand messages, copied until there are enough."""
    for name in (b"source", b"large"):
        client.command(b"CREATE " + name)
    source = load_messages(None, min(SOURCE, messages))
    client.append_pipelined(b"source", source)
    client.command(b"SELECT source")
    for _ in range(messages // len(source)):
        client.command(b"UID COPY 1:* large")


def timed(action: Callable[[], object]) -> float:
    """Return the seconds that something takes."""
    started = time.perf_counter()
    action()
    return time.perf_counter() - started


def number(name: bytes, answer: bytearray) -> bytes:
    """Return the number behind a response code."""
    found = re.search(rb"\[" + name + rb" (\d+)\]", answer)
    assert found is not None, f"no {name!r} in {answer[:300]!r}"
    return found[1]


def select(client: Client) -> list[str]:
    """Open it again and again; return what is wrong."""
    seconds = [timed(lambda: client.command(b"SELECT large")) for _ in range(ROUNDS)]
    best, median = min(seconds), statistics.median(seconds)
    print(f"SELECT: {best * 1e3:.1f} ms at best, {median * 1e3:.1f} ms as the median of {ROUNDS}")
    return ["SELECT took too long"] if best >= LONGEST_SELECT else []


def come_back(running: Running) -> list[str]:
    """Change four messages elsewhere, then open it with what was known; return what is wrong."""
    port = running.ports["IMAP"]
    with Client(port, USER, PASSWORD) as client, Client(port, USER, PASSWORD) as other:
        client.command(b"ENABLE QRESYNC")
        answer = client.command(b"SELECT large")
        known = number(b"UIDVALIDITY", answer) + b" " + number(b"HIGHESTMODSEQ", answer)
        client.command(b"UNSELECT")
        other.command(b"SELECT large")
        other.command(b"STORE 5,500,900 +FLAGS.SILENT (\\Flagged)")
        other.command(b"STORE 700 +FLAGS.SILENT (\\Deleted)")
        other.command(b"EXPUNGE")
        seconds = timed(lambda: client.command(b"SELECT large (QRESYNC (%b))" % known))
        told = len(TOLD.findall(client.answer))
    print(f"SELECT with QRESYNC after four changes: {seconds * 1e3:.1f} ms, {told} responses of it")
    return [] if told == 4 else [f"{told} responses were told, not four"]


def read_all(client: Client, running: Running) -> list[str]:
    """Fetch everything but the bodies; return what is wrong."""
    pid = running.pid_of("imap")
    client.command(b"SELECT large")
    before = memory(pid, "Pss_Anon")
    seconds = timed(lambda: client.command(ALL_OF_IT))
    grown = memory(pid, "Pss_Anon") - before
    sent = len(client.answer)
    print(
        f"UID FETCH 1:*: {seconds:.2f} s for {sent >> 20} MiB;"
        f" the process holds {grown / (1 << 20):.0f} MiB more"
    )
    return ["FETCH took too much memory"] if grown > sent / 2 else []


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.large", description=__doc__)
    parser.add_argument("--messages", type=int, default=100_000)
    options = parser.parse_args()
    settings = {"GROUPWARE_PROCESSES": "1", "GROUPWARE_ALLOW_PLAINTEXT": "1"}
    with (
        tempfile.TemporaryDirectory(dir="/var/tmp") as scratch,
        serving(Path(scratch) / "data", "imap", **settings) as running,
    ):
        create_people(running, [USER])
        with Client(running.ports["IMAP"], USER, PASSWORD) as client:
            fill(client, options.messages)
            wrong = [*select(client), *come_back(running), *read_all(client, running)]
    for fault in wrong:
        print(fault, file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
