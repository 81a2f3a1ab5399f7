import imaplib
import ssl
from collections.abc import Iterator

import pytest

from tests.clients.imap import append_exactly, done, sign_in
from tests.clients.imapflow import imapflow
from tests.clients.people import Person
from tests.clients.samples import MIXED, PLAIN, numbered
from tests.clients.told import Told
from tests.serve.running import Running


@pytest.fixture
def other(server: Running, tls: ssl.SSLContext, person: Person) -> Iterator[imaplib.IMAP4]:
    """Another session of the same person, on an INBOX of five messages."""
    with sign_in(server, tls, person) as client:
        for number in range(1, 6):
            append_exactly(client, numbered(number))
        done(client.select())
        yield client


@pytest.fixture
def client(server: Running, person: Person, other: imaplib.IMAP4) -> Iterator[Told]:
    with imapflow(server, person) as session:
        yield session


def uids(messages: list[dict[str, object]]) -> list[object]:
    return [message["uid"] for message in messages]


def test_idle_tells_of_messages_flags_and_removals(client: Told, other: imaplib.IMAP4) -> None:
    assert client.call("mailboxOpen", "INBOX")["exists"] == 5
    idling = client.start("idle")
    append_exactly(other, numbered(6))
    assert client.event("exists") == {"path": "INBOX", "count": 6, "prevCount": 5}
    done(other.store("2", "+FLAGS.SILENT", r"(\Flagged)"))
    told = client.event("flags")
    assert (told["seq"], told["flags"]) == (2, [r"\Flagged"])
    assert told["modseq"] > 0
    done(other.store("3", "+FLAGS.SILENT", r"(\Deleted)"))
    done(other.expunge())
    assert client.event("expunge")["seq"] == 3
    assert client.call("search", {"all": True}, {"uid": True}) == [1, 2, 4, 5, 6]
    client.finish(idling)


def test_condstore_fetches_what_changed_since(client: Told, other: imaplib.IMAP4) -> None:
    opened = client.call("mailboxOpen", "INBOX")
    assert "CONDSTORE" in client.call("enabled")
    known = opened["highestModseq"]
    assert client.call("fetchAll", "1:*", {"flags": True}, {"changedSince": known}) == []
    done(other.store("2,4", "+FLAGS.SILENT", r"(\Seen)"))
    client.call("noop")  # otherwise the same is told as news, behind the answer
    changed = client.call("fetchAll", "1:*", {"flags": True}, {"changedSince": known})
    assert uids(changed) == [2, 4]
    assert all(message["flags"] == [r"\Seen"] for message in changed)
    assert all(message["modseq"] > known for message in changed)
    unchanged = client.call("search", {"modseq": changed[0]["modseq"] + 1}, {"uid": True})
    assert unchanged == []


def test_qresync_tells_at_once_what_happened_meanwhile(
    server: Running, person: Person, other: imaplib.IMAP4
) -> None:
    with imapflow(server, person, qresync=True) as client:
        opened = client.call("mailboxOpen", "INBOX")
        assert "QRESYNC" in client.call("enabled")
    known = {"uidValidity": opened["uidValidity"], "changedSince": opened["highestModseq"]}
    done(other.store("1,4", "+FLAGS.SILENT", r"(\Deleted)"))
    done(other.expunge())
    done(other.uid("STORE", "3", "+FLAGS.SILENT", r"(\Flagged)"))
    with imapflow(server, person, qresync=True) as client:
        assert client.call("mailboxOpen", "INBOX", known)["exists"] == 3
        gone = [client.event("expunge") for _ in range(2)]
        assert [(told["uid"], told["vanished"], told["earlier"]) for told in gone] == [
            (1, True, True),
            (4, True, True),
        ]
        told = client.event("flags")
        assert (told["uid"], told["flags"]) == (3, [r"\Flagged"])
        idling = client.start("idle")
        done(other.uid("STORE", "2", "+FLAGS.SILENT", r"(\Deleted)"))
        done(other.expunge())
        told = client.event("expunge")
        assert (told["uid"], told["vanished"], told["earlier"]) == (2, True, False)
        client.call("noop")
        client.finish(idling)


def test_compressed_session_carries_messages_both_ways(
    server: Running, person: Person, other: imaplib.IMAP4
) -> None:
    large = numbered(6) + b"".join(b"Line %d of many.\r\n" % number for number in range(50_000))
    with imapflow(server, person) as client:
        assert client.call("_deflate"), "the session is not compressed"
        client.call("append", "INBOX", large.decode())
        client.call("mailboxOpen", "INBOX")
        fetched = client.call("fetchOne", "*", {"source": True, "envelope": True})
        assert fetched["source"] == large.decode()
        assert fetched["envelope"]["subject"] == "Number 6"
        idling = client.start("idle")
        append_exactly(other, numbered(7))
        assert client.event("exists")["count"] == 7
        client.call("noop")
        client.finish(idling)


def test_plain_session_carries_messages_too(
    server: Running, person: Person, other: imaplib.IMAP4
) -> None:
    for message in (PLAIN, MIXED):
        append_exactly(other, message)
    with imapflow(server, person, disableCompression=True) as client:
        client.call("mailboxOpen", "INBOX")
        query = {"source": True, "envelope": True, "bodyStructure": True}
        plain, mixed = client.call("fetchAll", "6:7", query)
        assert plain["source"].encode("latin-1") == PLAIN
        assert plain["envelope"]["subject"] == "Grüße aus Köln"
        assert [part["type"] for part in mixed["bodyStructure"]["childNodes"]] == [
            "text/plain",
            "application/pdf",
        ]
        moved = client.call("messageMove", "7", "Archive", {"uid": True})
        assert moved["uidMap"] == {"7": 1}
        assert client.call("status", "Archive", {"messages": True})["messages"] == 1
