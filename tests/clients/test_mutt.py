import contextlib
import shlex
import ssl
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.clients.imap import append_exactly, done, lines, sign_in
from tests.clients.people import Person
from tests.clients.samples import PLAIN, numbered
from tests.clients.tools import find_tool, private
from tests.serve.running import Running, wait_for

CONFIGURATION = """\
set folder = "imaps://localhost:{port}/"
set imap_user = "{address}"
set imap_pass = '{password}'
set spoolfile = "+INBOX"
set record = "+Sent"
set postponed = "+Drafts"
set trash = "+Trash"
set certificate_file = "{trusted}"
set ssl_verify_host = yes
set delete = yes
set quit = yes
set sleep_time = 0
set imap_idle = yes
set mail_check = 1
set timeout = 1
set charset = "utf-8"
set sort = mailbox-order
set pager_stop = yes
unset mark_old
"""


class Screen:
    """A terminal in which mutt runs."""

    def __init__(self, socket: Path) -> None:
        self._command = [find_tool("tmux"), "-S", str(socket), "-f", "/dev/null"]

    def start(self, command: str) -> None:
        """Run a command in it until that ends."""
        self._tmux("new-session", "-d", "-x", "100", "-y", "30", command)

    def stop(self) -> None:
        """End what still runs."""
        with contextlib.suppress(subprocess.CalledProcessError):
            self._tmux("kill-server")

    def press(self, *keys: str) -> None:
        """Type keys, by tmux's names."""
        self._tmux("send-keys", *keys)

    def text(self) -> str:
        """Return what is to be seen; nothing after the command has ended."""
        try:
            return self._tmux("capture-pane", "-p")
        except subprocess.CalledProcessError:
            return ""

    def wait_for(self, *texts: str) -> None:
        """Return when all of the texts are to be seen."""

        def shown() -> bool:
            seen = self.text()
            return all(text in seen for text in texts)

        try:
            wait_for(shown, f"{texts} on the screen")
        except AssertionError as error:
            error.add_note(self.text())
            raise

    def _tmux(self, *arguments: str) -> str:
        return subprocess.run(
            [*self._command, *arguments], check=True, capture_output=True, text=True, timeout=20
        ).stdout


@pytest.fixture
def mutt(server: Running, person: Person, tmp_path: Path) -> Iterator[Callable[[], Screen]]:
    """Return what starts mutt on the person's INBOX."""
    text = CONFIGURATION.format(
        port=server.ports["IMAPS"],
        address=person.address,
        password=person.password,
        trusted=server.trusted,
    )
    file = private(tmp_path / "muttrc", text)
    screen = Screen(tmp_path / "tmux")
    command = ["env", f"HOME={tmp_path}", "LC_ALL=C.UTF-8", find_tool("mutt"), "-n", "-F", file]

    def start() -> Screen:
        screen.start(shlex.join(map(str, command)))
        return screen

    yield start
    screen.stop()


def test_messages_are_read_flagged_and_moved_to_the_trash(
    mutt: Callable[[], Screen], server: Running, tls: ssl.SSLContext, person: Person
) -> None:
    with sign_in(server, tls, person) as client:
        for message in (PLAIN, numbered(2), numbered(3)):
            append_exactly(client, message)
        screen = mutt()
        screen.wait_for("Grüße aus Köln", "Number 2", "Number 3", "Msgs:3 New:3")
        screen.press("Enter")
        screen.wait_for("From: Zoë <zoe@sender.example>", "Grüße.", "The second line.")
        screen.press("q")
        screen.wait_for("Msgs:3 New:2")
        screen.press("2", "Enter", "F")
        screen.wait_for("Flag:1")
        screen.press("3", "Enter", "d")
        screen.wait_for("Del:1")
        screen.press("$")
        screen.wait_for("Msgs:2")
        assert done(client.select(readonly=True)) == [b"2"]
        assert lines(client.fetch("1:*", "(FLAGS)")) == [
            rb"1 (FLAGS (\Seen))",
            rb"2 (FLAGS (\Flagged))",
        ]
        assert done(client.select("Trash", readonly=True)) == [b"1"]
        screen.press("q")
        wait_for(lambda: not screen.text(), "mutt to end")
        assert done(client.select("Sent", readonly=True)) == [b"0"]


def test_new_message_is_shown_by_itself_and_another_mailbox_opened(
    mutt: Callable[[], Screen], server: Running, tls: ssl.SSLContext, person: Person
) -> None:
    with sign_in(server, tls, person) as client:
        append_exactly(client, numbered(1))
        screen = mutt()
        screen.wait_for("Number 1", "Msgs:1")
        append_exactly(client, numbered(2))
        screen.wait_for("Number 2", "Msgs:2")
        done(client.select())
        done(client.copy("2", "Archive"))
        screen.press("c")
        screen.wait_for("Open mailbox")
        screen.press("C-u", "=Archive", "Enter")
        screen.wait_for("Number 2", "Archive [Msgs:1")
        screen.press("q")
        wait_for(lambda: not screen.text(), "mutt to end")
