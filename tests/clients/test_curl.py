import ssl
import subprocess
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import pytest

from groupware.core.tls import ensure_certificate, own_certificate_files
from tests.clients.inbox import wait_for_mail
from tests.clients.people import Person
from tests.clients.samples import MIXED, PLAIN, numbered
from tests.serve.running import Running

LOGIN_DENIED = 67
NOT_TRUSTED = 60

Answer = subprocess.CompletedProcess[bytes]
Curl = Callable[..., Answer]
Upload = Callable[..., None]


@pytest.fixture
def curl(server: Running, person: Person) -> Curl:
    """Return what runs curl on a path of the person's account."""

    def run(
        path: str,
        *options: str,
        scheme: str = "imaps",
        trusted: Path = server.trusted,
        password: str = person.password,
    ) -> Answer:
        url = f"{scheme}://localhost:{server.ports[scheme.upper()]}/{path}"
        common = ["--silent", "--show-error", "--max-time", "30", "--cacert", str(trusted)]
        signed = ["--user", f"{person.address}:{password}"]
        return subprocess.run(
            ["curl", *common, *signed, *options, url],
            check=False,
            capture_output=True,
            timeout=60,
        )

    return run


def output(answer: Answer) -> bytes:
    assert answer.returncode == 0, answer.stderr
    return answer.stdout


@pytest.fixture
def upload(curl: Curl, tmp_path: Path) -> Upload:
    """Return what appends messages to a mailbox."""

    def run(mailbox: str, *messages: bytes) -> None:
        file = tmp_path / "message.eml"
        for message in messages:
            file.write_bytes(message)
            output(curl(mailbox, "--upload-file", str(file)))

    return run


def test_mailboxes_are_listed(curl: Curl) -> None:
    listed = output(curl(""))
    assert b'* LIST (\\HasNoChildren) "/" INBOX\r\n' in listed
    assert b"Trash" in listed


def test_message_is_uploaded_and_read_by_uid_and_section(curl: Curl, upload: Upload) -> None:
    upload("INBOX", PLAIN, MIXED)
    assert output(curl("INBOX;UID=1")) == PLAIN
    assert output(curl("INBOX;UID=2")) == MIXED
    assert output(curl("INBOX;UID=2;SECTION=1")) == b"See the attachment."
    assert output(curl("INBOX;UID=2;SECTION=HEADER.FIELDS%20(SUBJECT)")) == (
        b"Subject: Report\r\n\r\n"
    )
    assert output(curl("INBOX;MAILINDEX=2;SECTION=2")) == b"JVBERi0xLjQK"


def test_messages_are_searched_and_flagged(curl: Curl, upload: Upload) -> None:
    upload("INBOX", *map(numbered, range(1, 4)))
    criteria = quote('SUBJECT "Number 2"')
    assert output(curl(f"INBOX?{criteria}")) == b"* SEARCH 2\r\n"
    output(curl("INBOX", "--request", r"STORE 3 +FLAGS.SILENT (\Flagged)"))
    assert output(curl("INBOX?FLAGGED")) == b"* SEARCH 3\r\n"
    assert output(curl("INBOX?ANSWERED")) == b"* SEARCH\r\n"


def test_mailbox_with_another_script_is_made_filled_and_examined(
    curl: Curl, upload: Upload
) -> None:
    name = "Entw&APw-rfe"
    output(curl("", "--request", f'CREATE "{name}"'))
    upload(quote(name), PLAIN)
    status = output(curl("", "--request", f'STATUS "{name}" (MESSAGES UIDNEXT)'))
    assert b"(MESSAGES 1 UIDNEXT 2)" in status
    assert output(curl(f"{quote(name)};UID=1")) == PLAIN


def test_starttls_is_required_and_used(curl: Curl) -> None:
    assert b"INBOX" in output(curl("", "--ssl-reqd", scheme="imap"))


def test_wrong_password_is_told_apart(curl: Curl) -> None:
    assert curl("", password="wrong").returncode == LOGIN_DENIED
    assert curl("").returncode == 0


def test_login_without_tls_is_denied(curl: Curl) -> None:
    assert curl("", scheme="imap").returncode == LOGIN_DENIED


def test_unknown_certificate_is_refused_by_the_client(curl: Curl, tmp_path: Path) -> None:
    ensure_certificate(tmp_path, ["localhost"])
    other = own_certificate_files(tmp_path)[0]
    assert curl("", trusted=other).returncode == NOT_TRUSTED


def test_missing_mailbox_and_message_are_errors(curl: Curl) -> None:
    assert curl("Nowhere;UID=1").returncode != 0
    assert curl("INBOX;UID=99").returncode != 0


@pytest.mark.parametrize("scheme", ["smtps", "smtp"])
def test_message_is_submitted(
    server: Running,
    tls: ssl.SSLContext,
    person: Person,
    second_person: Person,
    tmp_path: Path,
    scheme: str,
) -> None:
    file = tmp_path / "message.eml"
    file.write_bytes(f"From: {person.address}\r\nSubject: By curl\r\n\r\n.\r\nHello\r\n".encode())
    port = server.ports["SUBMISSIONS" if scheme == "smtps" else "SUBMISSION"]
    ended = subprocess.run(
        [
            *("curl", "--silent", "--show-error", "--max-time", "60", "--ssl-reqd"),
            *("--cacert", str(server.trusted), "--user", f"{person.address}:{person.password}"),
            *("--mail-from", person.address, "--mail-rcpt", second_person.address),
            *("--upload-file", str(file), f"{scheme}://localhost:{port}/client"),
        ],
        check=False,
        capture_output=True,
        timeout=120,
    )
    output(ended)
    [message] = wait_for_mail(server, tls, second_person)
    assert (message["Subject"], message.get_payload()) == ("By curl", ".\r\nHello\r\n")
