"""Authlib gets tokens from the running server; imaplib, smtplib and poplib sign in with them."""

import imaplib
import json
import poplib
import smtplib
import ssl
import subprocess
import sys
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from groupware.environment import BASE_DIR
from tests.clients.fetched import python_with
from tests.clients.people import Person, create_people
from tests.serve.running import Running, environment, serving

pytestmark = pytest.mark.timeout(600)

HERE = Path(__file__).parent
ADDRESS = "olive@example.test"
REDIRECT = "http://127.0.0.1/answer"
SCOPES = ("imap", "pop3", "smtp", "dav", "profile", "mail:read")


@pytest.fixture(scope="module")
def python() -> Path:
    """Return the Python of an environment that holds Authlib."""
    return python_with(HERE / "requirements" / "authlib.txt")


@pytest.fixture(scope="module")
def served(
    python: Path, tmp_path_factory: pytest.TempPathFactory, module_database_url: str
) -> Iterator[tuple[Running, str]]:
    """Yield a server with one person, and its database."""
    data = tmp_path_factory.mktemp("oauth") / "data"
    variables = {"GROUPWARE_DATABASE_URL": module_database_url, "GROUPWARE_LOG_LEVEL": "WARNING"}
    with serving(data, "imap", "pop3", "smtp", "web", **variables) as running:
        create_people(running, [ADDRESS], GROUPWARE_DATABASE_URL=module_database_url)
        yield running, module_database_url
    assert "Traceback" not in running.output.read_text()


class Program:
    """The program, as it is told what to do."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def say(self, **said: Any) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(said) + "\n")
        self._process.stdin.flush()

    def do(self, step: str, **fields: Any) -> Any:
        self.say(do=step, **{"with": fields})
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, f"the program failed at {step}"
        return json.loads(line)


def manage(served: tuple[Running, str], *words: str) -> Any:
    running, database_url = served
    done = subprocess.run(
        [sys.executable, str(BASE_DIR / "manage.py"), *words, "--json"],
        env=environment(running.data, running.ports, GROUPWARE_DATABASE_URL=database_url),
        stdout=subprocess.PIPE,
        check=True,
    )
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def client_id(served: tuple[Running, str]) -> str:
    scopes = [word for scope in SCOPES for word in ("--scope", scope)]
    made = manage(served, "oauth", "create", "Mail of Olive", "--redirect-uri", REDIRECT, *scopes)
    return str(made["client_id"])


@pytest.fixture
def program(served: tuple[Running, str], python: Path, client_id: str) -> Iterator[Program]:
    running, _ = served
    with subprocess.Popen(
        [str(python), str(HERE / "program.py")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        program = Program(process)
        program.say(
            server=f"https://127.0.0.1:{running.ports['HTTPS']}",
            trusted=str(running.trusted),
            client_id=client_id,
            scope=" ".join(SCOPES),
            redirect_uri="http://127.0.0.1:50123/answer",
            login=ADDRESS,
            password=Person(ADDRESS).password,
        )
        yield program
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(timeout=60) == 0


def bearer(token: str) -> bytes:
    return f"n,a={ADDRESS},\x01auth=Bearer {token}\x01\x01".encode()


def xoauth2(token: str) -> bytes:
    return f"user={ADDRESS}\x01auth=Bearer {token}\x01\x01".encode()


class Clients:
    """Clients of the standard library that sign in with a token; their sockets are closed."""

    def __init__(self, running: Running, stack: ExitStack) -> None:
        self._ports = running.ports
        self._tls = ssl.create_default_context(cafile=str(running.trusted))
        self._stack = stack

    def imap(self, token: str) -> imaplib.IMAP4:
        port = self._ports["IMAPS"]
        client = imaplib.IMAP4_SSL("localhost", port, ssl_context=self._tls, timeout=60)
        self._stack.callback(client.shutdown)
        client.authenticate("OAUTHBEARER", lambda _challenge: bearer(token))
        client.select("INBOX")
        return client

    def pop3(self, token: str) -> poplib.POP3:
        port = self._ports["POP3S"]
        client = poplib.POP3_SSL("localhost", port, context=self._tls, timeout=60)
        self._stack.callback(client.close)
        ask: Callable[[str], bytes] = client._shortcmd  # type: ignore[attr-defined]
        told = ask(f"AUTH XOAUTH2 {b64encode(xoauth2(token)).decode()}")
        if not told.startswith(b"+OK"):  # why it is refused, which is to be answered
            ask("")
        return client

    def smtp(self, token: str) -> smtplib.SMTP:
        port = self._ports["SUBMISSIONS"]
        client = smtplib.SMTP_SSL("localhost", port, context=self._tls, timeout=60)
        self._stack.callback(client.close)
        client.ehlo("program.example")
        said = [xoauth2(token).decode()]
        client.auth("XOAUTH2", lambda _challenge=None: said.pop() if said else "")
        return client


@pytest.fixture
def clients(served: tuple[Running, str]) -> Iterator[Clients]:
    with ExitStack() as stack:
        yield Clients(served[0], stack)


def letter() -> EmailMessage:
    message = EmailMessage()
    message["From"] = message["To"] = ADDRESS
    message["Subject"] = "By a token"
    message.set_content("Hello.")
    return message


def test_token_opens_every_protocol_and_ends_them_when_it_is_revoked(
    program: Program, clients: Clients
) -> None:
    done = program.do("sign_in")
    assert "Mail of Olive asks for access to your account" in done["page"]
    assert set(done["token"]["scope"].split()) == set(SCOPES)
    token = done["token"]["access_token"]
    imap, pop3, smtp = clients.imap(token), clients.pop3(token), clients.smtp(token)
    smtp.send_message(letter())
    assert imap.noop()[0] == "OK"
    assert pop3.stat()[0] >= 0
    asked = (("PROPFIND", "/dav/", 207), ("GET", "/api/v1/mailboxes", 200))
    for method, path, expected in asked:
        status, _, text = program.do("ask", method=method, path=path)
        assert status == expected, text

    assert program.do("revoke") == 200
    with pytest.raises(imaplib.IMAP4.abort, match="revoked"):
        imap.uid("FETCH", "1:*", "(FLAGS)")
    with pytest.raises(poplib.error_proto, match="revoked"):
        pop3.stat()
    with pytest.raises(smtplib.SMTPSenderRefused, match="revoked"):
        smtp.send_message(letter())
    for method, path, _ in asked:
        status, challenge, _ = program.do("ask", method=method, path=path)
        assert (status, challenge[:6]) == (401, "Bearer")
    with pytest.raises(imaplib.IMAP4.error):
        clients.imap(token)
    with pytest.raises(poplib.error_proto):
        clients.pop3(token)
    with pytest.raises(smtplib.SMTPAuthenticationError):
        clients.smtp(token)


def test_renewed_token_goes_on_where_the_old_one_ends(program: Program, clients: Clients) -> None:
    before = clients.imap(program.do("sign_in")["token"]["access_token"])
    new = program.do("renew")["access_token"]
    with pytest.raises(imaplib.IMAP4.abort, match="revoked"):
        before.noop()
    assert clients.imap(new).noop()[0] == "OK"


def test_administrator_takes_back_what_a_person_allowed(
    served: tuple[Running, str], program: Program, clients: Clients, client_id: str
) -> None:
    imap = clients.imap(program.do("sign_in")["token"]["access_token"])
    assert client_id in {held["client_id"] for held in manage(served, "oauth", "tokens", ADDRESS)}
    manage(served, "oauth", "revoke", ADDRESS, client_id)
    with pytest.raises(imaplib.IMAP4.abort, match="revoked"):
        imap.noop()
