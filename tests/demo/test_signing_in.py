"""The team as a person meets it: the printed table, then a mail program over TLS."""

import email
import imaplib
import re
import ssl
import subprocess
from collections.abc import Iterator
from email import policy
from email.message import EmailMessage
from pathlib import Path

import pytest

from groupware.serve.banner import DEMO_PASSWORDS
from tests.serve.running import (
    START_SECONDS,
    Running,
    environment,
    free_ports,
    serve_command,
    serving,
)

pytestmark = pytest.mark.slow

UNSET = {"GROUPWARE_DEMO": "", "GROUPWARE_PROCESSES": "1"}
"""The demo team is created unless somebody says no; `environment` does."""


@pytest.fixture(scope="module")
def first_start(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    data = tmp_path_factory.mktemp("demo") / "data"
    with serving(data, "imap", **UNSET) as server:
        yield server


def printed_passwords(output: str) -> dict[str, str]:
    """Return the passwords of the table by address."""
    return dict(re.findall(r"^ +(\w+@example\.test) (\S+)$", output, re.MULTILINE))


@pytest.fixture
def lea(first_start: Running) -> Iterator[imaplib.IMAP4_SSL]:
    """Yield Léa's session, signed in with what the table printed."""
    passwords = printed_passwords(first_start.output.read_text())
    context = ssl.create_default_context(cafile=str(first_start.trusted))
    with imaplib.IMAP4_SSL(
        "localhost", first_start.ports["IMAPS"], ssl_context=context, timeout=10
    ) as client:
        client.login("lea@example.test", passwords["lea@example.test"])
        yield client


def read(client: imaplib.IMAP4_SSL, number: bytes) -> EmailMessage:
    """Return a message of the selected mailbox."""
    _, answer = client.fetch(number.decode(), "(BODY.PEEK[])")
    assert isinstance(answer[0], tuple)
    message = email.message_from_bytes(answer[0][1], policy=policy.default)
    assert isinstance(message, EmailMessage)
    return message


def test_a_mail_program_reads_every_message(lea: imaplib.IMAP4_SSL) -> None:
    total = 0
    for mailbox in ("INBOX", "Sent", "Drafts", "Junk", "Trash"):
        assert lea.select(mailbox, readonly=True)[0] == "OK"
        for number in lea.search(None, "ALL")[1][0].split():
            message = read(lea, number)
            assert [part.defects for part in message.walk() if part.defects] == []
            assert message["Subject"]
            total += 1
    assert total > 30


def test_a_mail_program_finds_what_is_unread_answered_and_flagged(lea: imaplib.IMAP4_SSL) -> None:
    lea.select("INBOX", readonly=True)
    unread, answered, flagged = (
        lea.search(None, key)[1][0].split() for key in ("UNSEEN", "ANSWERED", "FLAGGED")
    )
    count = len(lea.search(None, "ALL")[1][0].split())
    assert 0 < len(unread) < len(answered) < count
    assert unread[-1] == str(count).encode()
    assert flagged


def test_a_mail_program_shows_the_picture_in_the_newsletter(lea: imaplib.IMAP4_SSL) -> None:
    lea.select("INBOX", readonly=True)
    (number,) = lea.search(None, "HEADER", "List-Id", "news.meteo-tage.example")[1][0].split()
    message = read(lea, number)
    html = message.get_body(("html",))
    assert isinstance(html, EmailMessage)
    (picture,) = (part for part in message.walk() if part.get_content_type() == "image/png")
    assert f'src="cid:{str(picture["Content-ID"])[1:-1]}"' in html.get_content()


def test_a_later_start_prints_the_same_passwords(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with serving(data, "imap", log="first", **UNSET) as server:
        first = printed_passwords(server.output.read_text())
    with serving(data, "imap", log="second", **UNSET) as server:
        second = printed_passwords(server.output.read_text())
    assert len(first) == 5
    assert first == second
    held = (data / DEMO_PASSWORDS).read_text().splitlines()
    assert [" ".join(pair) for pair in first.items()] == held


def test_without_a_demo_team_the_table_says_how_to_begin(tmp_path: Path) -> None:
    with serving(tmp_path / "data", "imap", GROUPWARE_DEMO="0", GROUPWARE_PROCESSES="1") as server:
        output = server.output.read_text()
    assert printed_passwords(output) == {}
    assert "./manage.py account create" in output
    assert not (server.data / DEMO_PASSWORDS).exists()


def test_what_hinders_the_team_is_told_in_one_line(tmp_path: Path) -> None:
    ended = subprocess.run(
        serve_command("imap"),
        env=environment(tmp_path / "data", free_ports(), GROUPWARE_DOMAIN="::1", **UNSET),
        capture_output=True,
        text=True,
        timeout=START_SECONDS,
        check=False,
    )
    assert ended.returncode == 1
    assert "Traceback" not in ended.stderr
    assert ended.stderr.splitlines()[-1] == (
        "The demo team cannot be created: '::1' is not a domain name."
        " GROUPWARE_DEMO=0 starts without it."
    )


def test_a_mail_program_opens_the_shared_mailbox_and_the_room(lea: imaplib.IMAP4_SSL) -> None:
    listed = b"\n".join(line for line in lea.list()[1] if isinstance(line, bytes)).decode()
    shared = dict.fromkeys(re.findall(r'"Shared Folders/(\w+)@example\.test/INBOX"', listed))
    assert list(shared) == ["loft", "office"]
    for name in shared:
        mailbox = f'"Shared Folders/{name}@example.test/INBOX"'
        assert lea.select(mailbox, readonly=name == "loft")[0] == "OK"
        rights = lea.myrights(mailbox)[1][0]
        assert isinstance(rights, bytes)
        assert rights.decode().endswith(" lrs" if name == "loft" else " lrswipkxtecd")
        lea.close()
    office = '"Shared Folders/office@example.test/INBOX"'
    lea.select(office)
    count = int(lea.status(office, "(MESSAGES)")[1][0].split()[-1].rstrip(b")"))
    assert count > 0
    assert read(lea, b"1")["Subject"]
    lea.store("1", "+FLAGS", r"(\Seen)")
    assert b"1" not in lea.search(None, "UNSEEN")[1][0].split()
