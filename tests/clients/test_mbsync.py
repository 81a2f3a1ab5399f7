"""Two Maildirs on one mailbox, all three changed at random: they converge and lose nothing."""

import random
import ssl
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest

from tests.clients.imap import sign_in
from tests.clients.lmtp import deliver_all
from tests.clients.maildir import LocalMailbox, Mailbox, Mbsync, RemoteMailbox, letter
from tests.clients.people import Person
from tests.serve.running import Running

MESSAGES = 1000
ROUNDS = 20
FLAGS = "FRS"


class World:
    """The three mailboxes, and what must be in all of them once everybody has synced."""

    def __init__(self, mailboxes: list[Mailbox], seed: int) -> None:
        self.mailboxes = mailboxes
        self.expected = {key: set(flags) for key, flags in mailboxes[0].contents().items()}
        self.random = random.Random(seed)

    def change(self, mailbox: Mailbox, keys: list[str]) -> None:
        """Remove the first of the messages, flag the others, and add one or two."""
        mailbox.remove(keys[0])
        del self.expected[keys[0]]
        for key in keys[1:]:
            flags = set(self.random.sample(FLAGS, self.random.randint(0, len(FLAGS))))
            mailbox.set_flags(key, "".join(sorted(flags)))
            self.expected[key] = flags
        for _ in range(self.random.randint(1, 2)):
            key, message = letter(self.random)
            mailbox.add(message)
            self.expected[key] = set()

    def shares(self) -> list[list[str]]:
        """Return messages for each mailbox to change, none of them in two shares."""
        counts = [self.random.randint(2, 6) for _ in self.mailboxes]
        keys = iter(self.random.sample(sorted(self.expected), sum(counts)))
        return [[next(keys) for _ in range(count)] for count in counts]

    def check(self) -> None:
        """Compare what is there with what must be there."""
        for mailbox in self.mailboxes:
            found = {key: set(flags) for key, flags in mailbox.contents().items()}
            assert found == self.expected, mailbox


@pytest.fixture
def remote(server: Running, tls: ssl.SSLContext, person: Person) -> Iterator[RemoteMailbox]:
    generator = random.Random(1)
    messages = [letter(generator)[1] for _ in range(MESSAGES)]
    deliver_all(server.ports["LMTP"], messages, [person.address])
    with sign_in(server, tls, person) as client:
        yield RemoteMailbox(client)


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_two_maildirs_and_the_server_converge_and_lose_nothing(
    server: Running, person: Person, remote: RemoteMailbox, tmp_path: Path
) -> None:
    seed = random.randrange(1 << 32)
    print(f"The seed of this run is {seed}.")  # noqa: T201 - shown where the test failed
    programs = [Mbsync(tmp_path / name, server, person) for name in ("first", "second")]
    for program in programs:
        program.sync()
    world = World([remote, *(LocalMailbox(program.maildir) for program in programs)], seed)
    world.check()
    assert len(world.expected) == MESSAGES
    with ThreadPoolExecutor(1) as pool:
        for _ in range(ROUNDS):
            on_server, *local = world.shares()
            for mailbox, keys in zip(world.mailboxes[1:], local, strict=True):
                world.change(mailbox, keys)
            first, second = world.random.sample(programs, 2)
            # The server's own changes come while the first Maildir is being synced.
            changing = pool.submit(partial(world.change, remote, on_server))
            first.sync()
            changing.result()
            for program in (second, first):
                program.sync()
            world.check()
