"""smtplib as the tests use it."""

import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager

from tests.clients.people import Person
from tests.serve.running import Running


@contextmanager
def submitting(server: Running, tls: ssl.SSLContext, person: Person) -> Iterator[smtplib.SMTP]:
    """Yield a session of submission, over implicit TLS, that is logged in."""
    port = server.ports["SUBMISSIONS"]
    with smtplib.SMTP_SSL("localhost", port, context=tls, timeout=60) as client:
        client.login(person.address, person.password)
        yield client
