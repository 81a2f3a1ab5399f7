"""`manage.py outside`: mail of accounts elsewhere, among them of another of these servers."""

import contextlib
import imaplib
import ipaddress
import json
import ssl
import sys
from collections.abc import Iterator
from io import BytesIO, TextIOWrapper
from pathlib import Path

import pytest
from django.core.management import CommandError
from pytest_django.fixtures import Settings as Configured

from groupware.core import directory
from groupware.core.directory import NewAccount
from mail.models import OutsideAccount
from tests.clients.people import PASSWORD, create_people
from tests.commands.running import Manage, call, call_json
from tests.serve.running import serving
from tests.services.outside.hostile import Fake, faking
from tests.services.outside.maildrop import letters, maildrop

pytestmark = pytest.mark.django_db(transaction=True)

ANN = "ann@example.org"


@pytest.fixture
def fake(transactional_db: None, settings: Configured) -> Iterator[Fake]:
    """Create a domain and a person, and yield a POP3 server with three messages."""
    settings.GROUPWARE_SOURCE_NETWORKS = (ipaddress.ip_network("127.0.0.0/8"),)
    directory.create_domain("example.org")
    directory.create_account(NewAccount(ANN, password="correct horse battery"))
    messages = [(str(n), data) for n, data in enumerate(letters(3))]
    with faking(lambda peer: peer.pop3(maildrop(*messages))) as found:
        yield found


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a password stand in standard input."""
    monkeypatch.setattr(sys, "stdin", TextIOWrapper(BytesIO(b"there & back\n")))


def add(fake: Fake, *words: str) -> str:
    server = ("--host", "127.0.0.1", "--port", str(fake.port), "--tls", "none", "--user", "ann")
    return call("outside", "add", ANN, "pop3", *server, "--password-stdin", *words)


@pytest.mark.usefixtures("typed")
def test_an_outside_account_is_added_fetched_and_removed(fake: Fake) -> None:
    assert add(fake, "--name", "old", "--after", "delete", "--days", "7", "--every", "30m") == (
        f"{ANN} gets the mail of old; `outside fetch` fetches it at once."
    )
    assert call("outside", "test", ANN, "old").endswith("Its mailboxes:\nINBOX")
    assert call("outside", "fetch", ANN, "old") == "Fetched 3 messages of old."
    assert call_json("outside", "fetch", ANN, "old", "--retry") == {
        "name": "old",
        "fetched": 0,
        "known": 0,
        "problems": 0,
    }
    (shown,) = call_json("outside", "list")
    assert call_json("outside", "show", ANN, "old") == shown
    assert (shown["after"], shown["delete_days"], shown["seconds"]) == ("delete", 7, 1800)
    assert shown["mailboxes"] == [{"theirs": "INBOX", "ours": ""}]
    assert (shown["fetched"], shown["state"], shown["outcome"]) == (3, "active", "0 fetched")
    assert "delete after 7 days" in call("outside", "show", ANN, "old")
    assert "old" in call("outside", "list", ANN)
    changed = call_json(
        "outside", "set", ANN, "old", "--after", "leave", "--mailbox", "INBOX=Archive"
    )
    assert changed["mailboxes"] == [{"theirs": "INBOX", "ours": "Archive"}]
    assert call_json("outside", "pause", ANN, "old")["state"] == "paused"
    assert call_json("outside", "resume", ANN, "old")["state"] == "active"
    assert "forgotten" in call("outside", "remove", ANN, "old")
    assert call("outside", "list").startswith("There is no outside account")


@pytest.mark.usefixtures("typed")
def test_what_lets_nobody_in_is_not_added(fake: Fake) -> None:
    fake.close()
    with pytest.raises(CommandError, match="Nothing answers at"):
        add(fake)
    assert not OutsideAccount.objects.exists()


def test_a_password_is_asked_for_or_read(fake: Fake) -> None:
    words = ("outside", "add", ANN, "imap", "--host", "mail.example", "--user", "ann")
    with pytest.raises(CommandError, match="add --password-stdin"):
        call(*words)
    with pytest.raises(CommandError, match="no length of time"):
        call(*words, "--every", "soon")
    with pytest.raises(CommandError, match="There is no outside account old"):
        call("outside", "show", ANN, "old")
    assert fake.connections == 0


@pytest.mark.usefixtures("typed")
def test_a_sender_is_added_listed_and_removed(fake: Fake) -> None:
    words = ("--host", "smtp.old.test", "--password-stdin", "--untested")
    assert "may send as ann@old.test" in call(
        "outside", "sender", "add", ANN, "ann@old.test", *words
    )
    assert call_json("outside", "sender", "list", ANN) == [
        {
            "address": "ann@old.test",
            "host": "smtp.old.test",
            "port": 465,
            "tls": "implicit",
            "user": "ann@old.test",
        }
    ]
    with pytest.raises(CommandError, match="There is no host"):
        call("outside", "sender", "test", ANN, "ann@old.test")
    call("outside", "sender", "remove", ANN, "ann@old.test")
    assert call("outside", "sender", "list", ANN).endswith("sends as no address elsewhere.")
    assert fake.connections == 0


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_another_of_these_servers_is_fetched_from(
    manage: Manage, tmp_path: Path, other_database_url: str
) -> None:
    """Over IMAP and over POP3: the same mail, once."""
    there = {"GROUPWARE_DATABASE_URL": other_database_url}
    variables = {"GROUPWARE_SOURCE_NETWORKS": "127.0.0.0/8"}
    with serving(tmp_path / "there", "imap", "pop3", log="there", **there) as server:
        create_people(server, ["ann@example.test"], **there)
        context = ssl.create_default_context(cafile=str(server.trusted))
        with imaplib.IMAP4_SSL("localhost", server.ports["IMAPS"], ssl_context=context) as imap:
            imap.login("ann@example.test", PASSWORD)
            for letter in letters(30):
                imap.append("INBOX", r"(\Flagged)", '"02-Nov-2020 10:00:00 +0330"', letter)
        manage.text("domain", "create", "example.org")
        manage.text("account", "create", ANN, "--password-stdin", stdin="correct horse battery\n")
        variables["SSL_CERT_FILE"] = str(server.trusted)
        for protocol, tls, port in (("imap", "implicit", "IMAPS"), ("pop3", "starttls", "POP3")):
            words = ["outside", "add", ANN, protocol, "--host", "localhost", "--name", protocol]
            words += ["--user", "ann@example.test", "--port", str(server.ports[port])]
            words += ["--tls", tls, "--password-stdin"]
            code, _, err = manage.run(*words, stdin=f"{PASSWORD}\n", **variables)
            assert (code, err) == (0, "")
            code, out, err = manage.run("outside", "fetch", ANN, protocol, "--json", **variables)
            assert (code, err) == (0, "")
            assert json.loads(out)["fetched"] == 30
    target = tmp_path / "export"
    manage.text("export", ANN, "--to", str(target))
    got = [path.read_bytes() for path in (target / "mail" / "cur").iterdir()]
    assert sorted(got) == sorted(letters(30) * 2)
    flagged = [path.name for path in (target / "mail" / "cur").iterdir() if path.name.endswith("F")]
    assert len(flagged) == 30
    with contextlib.suppress(FileNotFoundError):
        assert PASSWORD.encode() not in (manage.data / "groupware.sqlite3").read_bytes()
