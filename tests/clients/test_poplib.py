import poplib
import ssl
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.clients.imap import append_exactly, done, sign_in
from tests.clients.people import Person
from tests.clients.pop3 import fetching, manage, new_device, retrieve
from tests.clients.samples import MIXED, PLAIN, numbered
from tests.serve.running import Running

MESSAGES = [PLAIN, MIXED, *map(numbered, range(8))]
SEEN_WITHIN = 0.5
"""Seconds, of which 0.1 are promised: these machines do other things as well. The poll that comes
in the place of a lost notice takes one."""


@pytest.fixture
def filled(server: Running, tls: ssl.SSLContext, person: Person) -> Person:
    """Return somebody with ten messages."""
    with sign_in(server, tls, person) as client:
        for message in MESSAGES:
            append_exactly(client, message)
    return person


def test_every_message_is_retrieved_octet_by_octet(
    server: Running, tls: ssl.SSLContext, filled: Person
) -> None:
    with fetching(server, tls, filled) as client:
        assert client.stat() == (len(MESSAGES), sum(map(len, MESSAGES)))
        assert [retrieve(client, number + 1) for number in range(len(MESSAGES))] == MESSAGES
        assert client.list()[1] == [b"%d %d" % (n, len(m)) for n, m in enumerate(MESSAGES, 1)]
        header = b"".join(line + b"\r\n" for line in client.top(2, 0)[1])
        assert header == MIXED.partition(b"\r\n\r\n")[0] + b"\r\n\r\n"


def test_session_begins_in_clear_and_goes_on_in_tls(
    server: Running, tls: ssl.SSLContext, filled: Person
) -> None:
    client = poplib.POP3("localhost", server.ports["POP3"], timeout=60)
    assert "SASL" not in client.capa()
    with pytest.raises(poplib.error_proto, match="under TLS only"):
        client.user(filled.address)
    client.stls(context=tls)
    assert client.capa()["SASL"] == ["PLAIN", "OAUTHBEARER", "XOAUTH2"]
    client.user(filled.address)
    client.pass_(filled.password)
    assert client.stat()[0] == len(MESSAGES)
    client.quit()


def test_two_devices_at_once_each_get_everything_and_imap_keeps_it(
    server: Running, session_database_url: str, tls: ssl.SSLContext, filled: Person
) -> None:
    words = ("account", "pop3", filled.address, "--dele", "hide")
    manage(server, session_database_url, *words)
    devices = [new_device(server, session_database_url, filled) for _ in range(2)]

    def fetch(device: Person) -> list[bytes]:
        found = []
        with fetching(server, tls, device) as client:
            for number in range(1, client.stat()[0] + 1):
                found.append(retrieve(client, number))
                client.dele(number)
        return found

    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(fetch, devices)) == [MESSAGES, MESSAGES]
    assert [fetch(device) for device in devices] == [[], []]
    with sign_in(server, tls, filled) as client:
        assert done(client.select()) == [b"%d" % len(MESSAGES)]
        append_exactly(client, numbered(99))
    assert [fetch(device) for device in devices] == [[numbered(99)], [numbered(99)]]


def test_unique_ids_are_the_same_in_every_session(
    server: Running, tls: ssl.SSLContext, filled: Person
) -> None:
    with fetching(server, tls, filled) as first, fetching(server, tls, filled) as second:
        told = first.uidl()[1]
        assert second.uidl()[1] == told
        first.dele(1)
    with fetching(server, tls, filled) as third:
        ids = [line.split()[1] for line in told[1:]]
        assert [line.split()[1] for line in third.uidl()[1]] == ids


def test_idling_imap_client_is_told_at_once_what_is_retrieved_and_removed(
    server: Running, tls: ssl.SSLContext, filled: Person
) -> None:
    with sign_in(server, tls, filled) as idling:
        idling.select()
        idling.send(b"i IDLE\r\n")
        assert idling.readline().startswith(b"+")
        with fetching(server, tls, filled) as client:
            retrieve(client, 3)
            since = time.monotonic()
            assert idling.readline() == b"* 3 FETCH (UID 3 FLAGS (\\Seen))\r\n"
            assert time.monotonic() - since < SEEN_WITHIN
            client.dele(4)
            client.quit()
            since = time.monotonic()
            assert idling.readline() == b"* 4 EXPUNGE\r\n"
            assert time.monotonic() - since < SEEN_WITHIN
            client.quit = lambda: b""  # type: ignore[method-assign]
        idling.send(b"DONE\r\n")
        assert idling.readline().startswith(b"i OK")
