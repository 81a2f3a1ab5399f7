"""Waiting for what somebody is sent."""

import ssl
from email import message_from_bytes
from email.message import Message

from tests.clients.imap import done, literals, sign_in
from tests.clients.people import Person
from tests.serve.running import Running, wait_for


def wait_for_mail(
    server: Running, tls: ssl.SSLContext, person: Person, mailbox: str = "INBOX", *, number: int = 1
) -> list[Message]:
    """Return the messages of a mailbox as soon as there are so many."""
    with sign_in(server, tls, person) as client:

        def is_there() -> bool:
            return int(done(client.select(mailbox, readonly=True))[0]) >= number

        wait_for(is_there, f"mail in {mailbox} of {person.address}")
        found = literals(client.fetch("1:*", "(BODY.PEEK[])"))
    return [message_from_bytes(data) for data in found]
