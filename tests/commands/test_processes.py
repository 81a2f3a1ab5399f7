"""What an admin's shell sees: exit codes, streams, prompts, two commands at once."""

import contextlib
import fcntl
import os
import subprocess
import sys
import termios
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from groupware.environment import BASE_DIR
from tests.commands.running import WAIT_SECONDS, Manage
from tests.serve.running import environment


@pytest.fixture
def team(manage: Manage) -> Manage:
    """Return `manage.py` where example.org is."""
    manage.text("domain", "create", "example.org")
    return manage


def test_a_new_admin_sets_a_team_up(team: Manage) -> None:
    created = team.json("account", "create", "ann@example.org", "--admin")
    assert len(created["generated_password"]) >= 16
    words = ("--password-stdin", "--name", "Zoë")
    text = team.text("account", "create", "zoe@example.org", *words, stdin="a long password\n")
    assert text == "Created zoe@example.org (person), quota unlimited.\n"
    team.text("account", "create", "office@example.org", "--kind", "shared")
    team.text("grant", "office@example.org/mail/INBOX", "example.org", "write")
    shown = team.json("account", "show", "office@example.org")
    assert [(held["grantee"], held["rights"]) for held in shown["grants"]] == [
        ("example.org", "lrswipkxte")
    ]
    assert "Zoë" in team.text("account", "list")
    assert team.refusal("account", "create", "zoe@example.org", "--json") == (
        "The address zoe@example.org is taken."
    )


def test_of_two_processes_that_create_the_same_account_one_succeeds(team: Manage) -> None:
    words = ("account", "create", "ann@example.org", "--password-stdin", "--json")
    with team.start(*words) as one, team.start(*words) as other:
        ended = {}
        for process, password in ((one, "the first password"), (other, "the second password")):
            assert process.stdin is not None
            process.stdin.write(password + "\n")
            process.stdin.flush()
        for process in (one, other):
            out, err = process.communicate(timeout=WAIT_SECONDS)
            ended[process.returncode] = (out, err)
    assert sorted(ended) == [0, 1], ended
    assert ended[0][1] == ended[1][0] == ""
    (line,) = ended[1][1].splitlines()
    assert "is taken" in line or "came first at the same moment" in line
    assert len(team.json("account", "list")) == 1


def test_an_argument_that_is_no_text_is_one_line(team: Manage) -> None:
    line = team.refusal("account", "create", "ann@example.org", "--name", "\udcff")
    assert "encoding of your terminal" in line


@dataclass
class Terminal:
    """A command with a terminal of its own."""

    process: subprocess.Popen[bytes]
    master: int
    seen: str = ""

    def expect(self, text: str) -> None:
        """Read until the text has come; an end of the process without it fails the test."""
        while text not in self.seen:
            try:
                self.seen += os.read(self.master, 1000).decode()
            except OSError:  # Linux's way to tell the end of a terminal
                raise AssertionError(f"{text!r} never came: {self.seen!r}") from None

    def type(self, line: str) -> None:
        """Type a line; what came before is not looked at again."""
        self.seen = ""
        os.write(self.master, f"{line}\n".encode())


@contextlib.contextmanager
def terminal(manage: Manage, *words: str) -> Iterator[Terminal]:
    master, slave = os.openpty()
    url = manage.database_url
    with (
        os.fdopen(master, "rb", buffering=0),
        subprocess.Popen(
            [sys.executable, str(BASE_DIR / "manage.py"), *words],
            env=environment(manage.data, {}, GROUPWARE_DATABASE_URL=url),
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),  # noqa: PLW1509 - no threads
        ) as process,
    ):
        os.close(slave)
        try:
            yield Terminal(process, master)
            process.wait(timeout=WAIT_SECONDS)
        finally:
            process.kill()


def test_on_a_terminal_the_password_is_asked_for_twice(team: Manage) -> None:
    with terminal(team, "account", "create", "ann@example.org") as shell:
        shell.expect("Password (empty: one is generated): ")
        shell.type("a long password")
        shell.expect("The same again: ")
        shell.type("another password")
        shell.expect("The two passwords differ: nothing was changed.")
    assert shell.process.returncode == 1
    assert team.json("account", "list") == []
    with terminal(team, "account", "create", "ann@example.org") as shell:
        shell.expect("generated): ")
        shell.type("a long password")
        shell.expect("again: ")
        shell.type("a long password")
        shell.expect("Created ann@example.org")
        assert "password" not in shell.seen.lower()
    assert shell.process.returncode == 0


def test_on_a_terminal_deleting_an_account_wants_a_yes(team: Manage) -> None:
    team.text("account", "create", "ann@example.org")
    for answer, code, left in (("", 1, 1), ("n", 1, 1), ("y", 0, 0)):
        with terminal(team, "account", "delete", "ann@example.org") as shell:
            shell.expect("Delete ann@example.org with 0 items (0), for ever? [y/N] ")
            shell.type(answer)
            shell.expect("was not deleted." if code else "Deleted ann@example.org")
        assert shell.process.returncode == code
        assert len(team.json("account", "list")) == left


def test_ctrl_c_at_a_prompt_ends_without_a_traceback(team: Manage) -> None:
    with terminal(team, "account", "create", "ann@example.org") as shell:
        shell.expect("generated): ")
        os.write(shell.master, b"\x03")
        shell.process.wait(timeout=WAIT_SECONDS)
    assert shell.process.returncode == 130
    assert team.json("account", "list") == []
