"""Mail as others bring it and as people read it: what no click of the panel does."""

import base64
import imaplib
import smtplib
import ssl
from dataclasses import dataclass, field
from itertools import count

from tests.clients.imap import done, sign_in
from tests.clients.people import Person
from tests.clients.smtp import submitting
from tests.serve.running import Running, wait_for

OUTSIDE = "boss@far.test"


@dataclass
class Post:
    """The ways into a server and out of it."""

    server: Running
    tls: ssl.SSLContext
    variables: dict[str, str]
    _numbers: "count[int]" = field(default_factory=lambda: count(1))

    def letter(self, sender: str, to: str, *, size: int = 0) -> tuple[str, bytes]:
        """Return a Message-ID, and a message that has it."""
        message_id = f"letter-{next(self._numbers)}@{sender.partition('@')[2]}"
        head = f"From: {sender}\r\nTo: {to}\r\nSubject: News\r\nMessage-ID: <{message_id}>\r\n\r\n"
        return message_id, head.encode() + b"all is well\r\n" * (1 + size // 13)

    def hand_over(self, to: str, *, size: int = 0) -> str:
        """Bring a message by LMTP, and return its Message-ID; raises what the server says."""
        message_id, data = self.letter(OUTSIDE, to, size=size)
        with smtplib.LMTP(self.server.host, self.server.ports["LMTP"]) as client:
            client.sendmail(OUTSIDE, [to], data)
        return message_id

    def bring(self, to: str) -> str:
        """Bring a message as another server does, by SMTP."""
        message_id, data = self.letter(OUTSIDE, to)
        with smtplib.SMTP(self.server.host, self.server.ports["SMTP"], timeout=60) as client:
            client.sendmail(OUTSIDE, [to], data)
        return message_id

    def submit(self, person: Person, to: str) -> str:
        """Send a message as a person does, with a mail program."""
        message_id, data = self.letter(person.address, to)
        with submitting(self.server, self.tls, person) as client:
            client.sendmail(person.address, [to], data)
        return message_id

    def reading(self, person: Person) -> imaplib.IMAP4:
        """Return an IMAP session of a person's."""
        return sign_in(self.server, self.tls, person)

    def is_refused(self, person: Person) -> bool:
        """Tell whether IMAP lets somebody in no more."""
        port = self.server.ports["IMAPS"]
        client = imaplib.IMAP4_SSL("localhost", port, ssl_context=self.tls, timeout=60)
        try:
            client.login(person.address, person.password)
        except imaplib.IMAP4.error as error:
            return b"AUTHENTICATIONFAILED" in error.args[0]
        finally:
            client.shutdown()
        return False

    def wait_for(self, person: Person, message_id: str, mailbox: str = "INBOX") -> None:
        """Wait until a person has a message."""
        with self.reading(person) as client:

            def is_there() -> bool:
                done(client.select(f'"{mailbox}"', readonly=True))
                found = done(client.search(None, "HEADER", "Message-ID", f"<{message_id}>"))
                return bool(found[0])

            wait_for(is_there, f"{message_id} in {mailbox} of {person.address}")

    @staticmethod
    def basic(person: Person) -> dict[str, str]:
        """Return the header by which REST knows a person."""
        given = base64.b64encode(f"{person.address}:{person.password}".encode()).decode()
        return {"Authorization": f"Basic {given}"}
