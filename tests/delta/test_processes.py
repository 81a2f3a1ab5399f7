"""The delta law across processes: three clients on sockets, spread over two servers of one port."""

import random
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from groupware.environment import BASE_DIR
from tests.clients.processes import accepting, imap_processes
from tests.delta.commands import Command
from tests.delta.law import Fresh, catch_up, check_changed_since, check_law, read_fresh
from tests.delta.operations import message_bytes
from tests.delta.sockets import MAILBOXES, SocketLine, random_command
from tests.serve.running import Running, environment, serving, wait_for

LOGIN = "anna@delta.example"
PASSWORD = "a good password"
STEPS = 300


@dataclass
class Clients:
    """Two clients in one process and one in another, and one that is always fresh."""

    lines: list[SocketLine]
    witness: SocketLine
    remembered: dict[str, Fresh] = field(default_factory=dict)

    def check(self, line: SocketLine) -> None:
        """Hold a client to the law, also for what changed since the mailbox was looked at last."""
        assert catch_up(line)
        mailbox = line.client.mailbox
        assert mailbox is not None
        fresh = read_fresh(self.witness, mailbox.name)
        check_law(line, fresh)
        if line.client.condstore and mailbox.name in self.remembered:
            check_changed_since(line, self.remembered[mailbox.name], fresh)
        self.remembered[mailbox.name] = fresh


@contextmanager
def connected(running: Running) -> Iterator[Clients]:
    """Connect to both processes; the last two clients are in one, the first in the other."""
    wait_for(lambda: len(imap_processes(running)) == 2, "both processes")
    first, second = imap_processes(running)
    with ExitStack() as stack:

        def connect(pid: int, *, condstore: bool, qresync: bool = False) -> SocketLine:
            with accepting(running, pid):
                line = SocketLine(running.ports["IMAP"], condstore=condstore, qresync=qresync)
            stack.callback(line.close)
            line.log_in(LOGIN, PASSWORD)
            return line

        lines = [
            connect(first, condstore=True, qresync=True),
            connect(second, condstore=True),
            connect(second, condstore=False),
        ]
        for line in lines:
            line.do("SELECT", "INBOX")
        yield Clients(lines, connect(first, condstore=True))


@pytest.fixture
def clients(tmp_path: Path, fresh_database_url: str) -> Iterator[Clients]:
    variables = {
        "GROUPWARE_DATABASE_URL": fresh_database_url,
        "GROUPWARE_ALLOW_PLAINTEXT": "1",
        "GROUPWARE_LOG_LEVEL": "WARNING",
    }
    with serving(tmp_path / "data", "imap", **variables) as running:
        subprocess.run(
            [sys.executable, "-m", "tests.clients.accounts", PASSWORD, LOGIN],
            check=True,
            cwd=BASE_DIR,
            env=environment(running.data, running.ports, **variables),
        )
        with connected(running) as found:
            yield found
    assert "Traceback" not in running.output.read_text()


@pytest.mark.slow
def test_law_holds_over_two_processes(clients: Clients) -> None:
    source = random.Random(2177)
    for step in range(STEPS):
        racing = source.sample(clients.lines, source.randint(1, 3))
        for line in racing:
            line.end_idle()
            line.send(line.client.start(random_command(line, source, step)))
        for line in racing:
            line.wait_for_replies()
        line = source.choice(clients.lines)
        match source.randrange(6):
            case 0:
                line.end_idle()
                line.do(source.choice(("SELECT", "EXAMINE")), source.choice(MAILBOXES))
            case 1 if not line.client.is_idling:
                line.idle()
            case 2 | 3:
                clients.check(line)
    for line in clients.lines:
        assert not line.client.has_ended
        clients.check(line)


@pytest.mark.slow
def test_who_idles_is_told_of_an_append_in_another_process(clients: Clients) -> None:
    idling, other, third = clients.lines
    idling.idle()
    third.idle()
    for count in range(1, 6):
        other.run(Command("APPEND", "INBOX (\\Flagged)", message_bytes(count)))
        for line in (idling, third):
            line.wait_for_messages(count)
    for line in clients.lines:
        clients.check(line)
