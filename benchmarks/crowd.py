"""Many sessions on a few accounts for a while, and whether they agree afterwards.

    .venv/bin/python -m benchmarks.crowd [--accounts 20] [--sessions 200] [--seconds 120]

Each session is a client of the delta law (tests/delta): it believes only what it is told. Those of
an account append, flag, copy, move, expunge, fetch, search and idle at the same time, in two
mailboxes. In the end each must know what a fresh session sees, the server must have told no
failure of its own, and `doctor` must find nothing. Prints commands a second and what the server
held of memory on the way; exits with 1 where anything is wrong.
"""

import argparse
import json
import random
import subprocess
import sys
import tempfile
import time
import traceback
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from benchmarks.idle import memory
from groupware.environment import BASE_DIR
from tests.clients.people import DOMAIN, PASSWORD, create_people
from tests.delta.law import catch_up, check_law, read_fresh
from tests.delta.sockets import MAILBOXES, SocketLine, random_command
from tests.serve.running import Running, environment, serving

SAMPLES = 8
VARIABLES = {"GROUPWARE_ALLOW_PLAINTEXT": "1", "GROUPWARE_LOG_LEVEL": "WARNING"}


class Household:
    """The sessions of one account; every third speaks QRESYNC, the others CONDSTORE or neither."""

    def __init__(self, port: int, login: str, sessions: int, seed: int) -> None:
        self._source = random.Random(seed)
        self._token = seed * 1_000_000
        self.commands = 0
        self._lines = [
            self._connect(port, login, condstore=number % 3 > 0, qresync=number % 3 == 2)
            for number in range(sessions)
        ]
        self._witness = self._connect(port, login, condstore=True)
        for line in self._lines:
            line.do("SELECT", "INBOX")

    def _connect(
        self, port: int, login: str, *, condstore: bool, qresync: bool = False
    ) -> SocketLine:
        line = SocketLine(port, condstore=condstore, qresync=qresync)
        line.log_in(login, json.dumps(PASSWORD)[1:-1])  # escaped as IMAP escapes
        return line

    def live(self, until: float) -> None:
        """Let some of the sessions speak at once, again and again."""
        while time.monotonic() < until:
            racing = self._source.sample(self._lines, min(4, len(self._lines)))
            for line in racing:
                line.end_idle()
                self._token += 1
                line.send(line.client.start(random_command(line, self._source, self._token)))
            for line in racing:
                line.wait_for_replies()
                if line.client.qresync:  # VANISHED speaks of UIDs only
                    line.run(line.client.ask_unknown())
            self.commands += len(racing)
            line = self._source.choice(self._lines)
            if self._source.random() < 0.2:
                line.end_idle()
                line.do("SELECT", self._source.choice(MAILBOXES))
            elif self._source.random() < 0.3 and not line.client.is_idling:
                line.idle()

    def check(self) -> None:
        """Hold each session to the law; raises `Violation` or AssertionError."""
        for line in self._lines:
            assert catch_up(line), "a session has ended"
            mailbox = line.client.mailbox
            assert mailbox is not None
            check_law(line, read_fresh(self._witness, mailbox.name))

    def close(self) -> None:
        """Go away."""
        for line in (*self._lines, self._witness):
            line.close()


def live_together(running: Running, households: list[Household], seconds: float) -> list[int]:
    """Let all live for so long; return the server's own memory at equal times."""
    until = time.monotonic() + seconds
    samples = []
    with ThreadPoolExecutor(len(households)) as pool:
        lives = [pool.submit(household.live, until) for household in households]
        for left in range(SAMPLES - 1, -1, -1):
            time.sleep(max(0.0, until - left * seconds / SAMPLES - time.monotonic()))
            samples.append(memory(running.process.pid, "Pss_Anon"))
        for life in lives:
            life.result()
    return samples


def doctor(running: Running) -> str:
    """Return what `doctor` says; raises CalledProcessError where it finds a fault."""
    command = [sys.executable, str(BASE_DIR / "manage.py"), "doctor"]
    variables = environment(running.data, running.ports, **VARIABLES)
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=variables)
    return done.stdout.strip().splitlines()[-1]


def run(accounts: int, sessions: int, seconds: float) -> None:
    """Measure and print; raises where the law is broken."""
    with (
        tempfile.TemporaryDirectory(dir="/var/tmp") as scratch,
        serving(Path(scratch) / "data", "imap", "worker", "beat", **VARIABLES) as running,
    ):
        logins = [f"u{number}@{DOMAIN}" for number in range(accounts)]
        create_people(running, logins)
        households = [
            Household(running.ports["IMAP"], login, sessions // accounts, number)
            for number, login in enumerate(logins)
        ]
        samples = live_together(running, households, seconds)
        for household in households:
            household.check()
            household.close()
        output = running.output.read_text()
        assert "Traceback" not in output, output[-5000:]
        commands = sum(household.commands for household in households)
        told = ", ".join(str(sample >> 20) for sample in samples)
        print(f"{sessions} sessions on {accounts} accounts, {seconds:.0f} s: {commands} commands")
        print(f"All sessions agree. Memory on the way: {told} MiB. {doctor(running)}")


def main() -> int:
    """Run as asked."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.crowd", description=__doc__)
    parser.add_argument("--accounts", type=int, default=20)
    parser.add_argument("--sessions", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=120)
    options = parser.parse_args()
    try:
        run(options.accounts, options.sessions, options.seconds)
    except (AssertionError, subprocess.CalledProcessError):
        traceback.print_exc()
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
