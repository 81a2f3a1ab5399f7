"""Two installations with domains of their own, which know each other by a DNS of the test's alone.

They send each other mail over TLS, signed and with SPF and DMARC passing; who forges them fails.
"""

import contextlib
import email
import imaplib
import json
import smtplib
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message
from pathlib import Path

import pytest

from groupware.environment import BASE_DIR
from tests.clients.people import PASSWORD, create_people
from tests.mailflow.dns import Dns, serving_dns
from tests.serve.running import Running, environment, serving, wait_for

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

LETTER = (
    "From: {sender}\r\nTo: {recipient}\r\nSubject: {subject}\r\nMessage-ID: <{subject}@test>\r\n"
    "\r\nGrüße vom anderen Ufer.\r\n"
)
FORGER = "127.0.0.9"


@dataclass(frozen=True)
class Site:
    """One of the two, with a person who writes and reads there."""

    domain: str
    running: Running

    @property
    def person(self) -> str:
        return f"ann@{self.domain}"

    def submit(self, recipient: str, subject: str) -> None:
        """Send as a mail program does, over implicit TLS."""
        message = LETTER.format(sender=self.person, recipient=recipient, subject=subject)
        host, port = self.running.host, self.running.ports["SUBMISSIONS"]
        with smtplib.SMTP_SSL(host, port, timeout=30, context=_trusting()) as client:
            client.login(self.person, PASSWORD)
            client.sendmail(self.person, [recipient], message.encode())

    def find(self, subject: str, mailbox: str = "INBOX") -> Message | None:
        """Return a message that has come."""
        host, port = self.running.host, self.running.ports["IMAPS"]
        with imaplib.IMAP4_SSL(host, port, ssl_context=_trusting()) as client:
            client.login(self.person, PASSWORD)
            client.select(mailbox)
            _, [found] = client.search(None, "HEADER", "Message-ID", f"<{subject}@test>")
            if not found:
                return None
            _, fetched = client.fetch(found.split()[0].decode(), "(BODY.PEEK[])")
            part = fetched[0]
            assert isinstance(part, tuple)
            return email.message_from_bytes(part[1])

    def follow(self, subject: str) -> list[tuple[str, str]]:
        """Return the steps of a message here, and who is said to have sent it."""
        answer = subprocess.run(
            [sys.executable, str(BASE_DIR / "manage.py"), "trace", f"{subject}@test", "--json"],
            check=True,
            capture_output=True,
            env=environment(self.running.data, {}),
        )
        return [(found["step"], found["sender"]) for found in json.loads(answer.stdout)]

    def wait(self, subject: str, mailbox: str = "INBOX") -> Message:
        """Return a message when it has come."""
        wait_for(lambda: self.find(subject, mailbox), f"{subject} in {mailbox}")
        found = self.find(subject, mailbox)
        assert found is not None
        return found


def _trusting() -> ssl.SSLContext:
    """Return what trusts the certificate that each has made for itself."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


@contextlib.contextmanager
def site(data: Path, dns: Dns, host: str, domain: str, port: int) -> Iterator[Site]:
    """Run an installation, and put into the DNS what its own command says."""
    variables = {
        "GROUPWARE_HOST": host,
        "GROUPWARE_DOMAIN": domain,
        "GROUPWARE_SMTP_PORT": str(port),
        "GROUPWARE_MX_PORT": str(port),
        "GROUPWARE_DNS_SERVERS": dns.variable,
        "GROUPWARE_PROCESSES": "1",
    }
    with serving(data, "smtp", "imap", "worker", "beat", log=domain, **variables) as running:
        create_people(running, [f"ann@{domain}"], **variables)
        answer = subprocess.run(
            [sys.executable, str(BASE_DIR / "manage.py"), "domain", "dkim", domain, "--json"],
            check=True,
            capture_output=True,
            env=environment(running.data, running.ports, **variables),
        )
        for record in json.loads(answer.stdout)["records"]:
            if record["kind"] == "TXT":
                dns.add_txt(record["name"], record["value"])
            elif record["kind"] not in {"A", "AAAA"}:
                dns.add(record["name"], record["kind"], record["value"])
        dns.add(f"mail.{domain}", "A", host)
        yield Site(domain, running)


@pytest.fixture(scope="module")
def zone() -> Iterator[Dns]:
    with serving_dns() as dns:
        yield dns


@pytest.fixture(scope="module")
def sites(tmp_path_factory: pytest.TempPathFactory, zone: Dns) -> Iterator[tuple[Site, Site]]:
    with socket.socket() as held:
        held.bind(("127.0.0.2", 0))
        port = held.getsockname()[1]
    directory = tmp_path_factory.mktemp("two")
    with (
        site(directory / "one", zone, "127.0.0.2", "one.test", port) as one,
        site(directory / "two", zone, "127.0.0.3", "two.test", port) as two,
    ):
        yield one, two


@pytest.mark.parametrize("forth", [True, False])
def test_they_send_each_other_mail_that_is_known_to_be_theirs(
    sites: tuple[Site, Site], *, forth: bool
) -> None:
    here, there = sites if forth else sites[::-1]
    subject = f"from-{here.domain}"
    here.submit(there.person, subject)
    message = there.wait(subject)
    [told] = message.get_all("Authentication-Results", [])
    words = told.replace("\r\n\t", " ")
    assert words.startswith(f"{there.domain}; dmarc=pass (p=quarantine)")
    assert f"header.from={here.domain}" in words
    assert f"spf=pass  smtp.mailfrom={here.person}" in words
    assert f"dkim=pass  header.d={here.domain}" in words
    [hop, *_] = message.get_all("Received", [])
    assert "with ESMTPS" in hop or "with UTF8SMTPS" in hop
    assert here.wait(subject, "Sent")["Subject"] == subject


def forge(victim: Site, sender: str, data: bytes) -> None:
    """Send from an address that may not speak for the sender."""
    server = victim.running
    with smtplib.SMTP(
        server.host, server.ports["SMTP"], "mail.one.test", 30, source_address=(FORGER, 0)
    ) as client:
        client.sendmail(sender, [victim.person], data)


def test_each_server_tells_its_part_of_the_way(sites: tuple[Site, Site]) -> None:
    one, two = sites
    one.submit(two.person, "traced")
    two.wait("traced")
    sent = [("received", one.person), ("queued", one.person), ("sent", one.person)]
    wait_for(lambda: one.follow("traced") == sent, "what the sender's server knows")
    wait_for(lambda: two.follow("traced") == [("delivered", one.person)], "what the other knows")


def test_a_third_party_that_forges_fails(sites: tuple[Site, Site]) -> None:
    one, two = sites
    forged = LETTER.format(sender=one.person, recipient=two.person, subject="forged").encode()
    # Results that the forger has written himself are not believed.
    forge(two, one.person, b"Authentication-Results: two.test; dmarc=pass; dkim=pass\r\n" + forged)
    message = two.wait("forged", "Junk")
    [told] = message.get_all("Authentication-Results", [])
    assert "dmarc=fail (p=quarantine dis=quarantine)" in told
    assert "spf=fail" in told
    assert "dkim=none" in told
    assert two.find("forged") is None


def test_a_domain_that_wants_it_so_has_forgeries_refused(
    sites: tuple[Site, Site], zone: Dns
) -> None:
    _, two = sites
    zone.add_txt("strict.test", "v=spf1 -all")
    zone.add_txt("_dmarc.strict.test", "v=DMARC1; p=reject")
    forged = LETTER.format(sender="x@strict.test", recipient=two.person, subject="strict")
    with pytest.raises(smtplib.SMTPDataError) as caught:
        forge(two, "x@strict.test", forged.encode())
    assert caught.value.smtp_code == 550
    assert "5.7.1" in str(caught.value.smtp_error)
