import imaplib
import re
import ssl
from collections.abc import Callable, Iterator

import pytest

from tests.clients.imap import done, lines, literals, set_literal, sign_in
from tests.clients.people import Person
from tests.clients.processes import accepting, imap_processes
from tests.clients.samples import MIXED, PLAIN, numbered
from tests.serve.running import Running

Open = Callable[[Person], imaplib.IMAP4]


@pytest.fixture
def log_in(server: Running, tls: ssl.SSLContext) -> Iterator[Open]:
    """Return what opens sessions over implicit TLS."""
    opened: list[imaplib.IMAP4] = []

    def new_session(person: Person) -> imaplib.IMAP4:
        client = sign_in(server, tls, person)
        opened.append(client)
        return client

    yield new_session
    for client in opened:
        client.logout()


@pytest.fixture
def client(log_in: Open, person: Person) -> imaplib.IMAP4:
    return log_in(person)


def append(client: imaplib.IMAP4, *messages: bytes) -> list[int]:
    """Append messages to INBOX; return their UIDs."""
    uids = []
    for message in messages:
        client.append("INBOX", "", "", message)
        [told] = client.response("APPENDUID")[1]
        uids.append(int(told.split()[1]))
    return uids


def test_mailboxes_of_a_new_account_are_listed_with_their_use(client: imaplib.IMAP4) -> None:
    listed = b"\n".join(lines(client.list()))
    assert b'"/" INBOX' in listed
    for name in (b"Archive", b"Drafts", b"Junk", b"Sent", b"Trash"):
        assert re.search(rb"\(.*\\%b.*\) \"/\" \"?%b" % (name, name), listed), name


def test_session_begins_with_starttls(server: Running, tls: ssl.SSLContext, person: Person) -> None:
    with imaplib.IMAP4("localhost", server.ports["IMAP"], timeout=30) as client:
        assert "STARTTLS" in client.capabilities
        client.starttls(tls)
        assert "STARTTLS" not in client.capabilities
        assert "AUTH=PLAIN" in client.capabilities
        client.login(person.address, person.password)
        assert done(client.select()) == [b"0"]


def test_password_in_the_clear_is_refused(server: Running, person: Person) -> None:
    with imaplib.IMAP4("localhost", server.ports["IMAP"], timeout=30) as client:
        assert "LOGINDISABLED" in client.capabilities
        with pytest.raises(imaplib.IMAP4.error, match="PRIVACYREQUIRED"):
            client.login(person.address, person.password)


def test_certificate_is_valid_for_the_servers_name_only(
    server: Running, tls: ssl.SSLContext
) -> None:
    untold = ssl.create_default_context()
    with pytest.raises(ssl.SSLCertVerificationError):
        imaplib.IMAP4_SSL("localhost", server.ports["IMAPS"], ssl_context=untold, timeout=30)


def test_authenticate_plain_signs_in(server: Running, tls: ssl.SSLContext, person: Person) -> None:
    message = f"\0{person.address}\0{person.password}".encode()
    with imaplib.IMAP4_SSL("localhost", server.ports["IMAPS"], ssl_context=tls) as client:
        done(client.authenticate("PLAIN", lambda _challenge: message))
        assert done(client.select()) == [b"0"]


def test_wrong_password_is_refused_and_the_right_one_still_taken(
    server: Running, tls: ssl.SSLContext, person: Person
) -> None:
    with imaplib.IMAP4_SSL("localhost", server.ports["IMAPS"], ssl_context=tls) as client:
        with pytest.raises(imaplib.IMAP4.error, match="AUTHENTICATIONFAILED"):
            client.login(person.address, "wrong password")
        done(client.login(person.address, person.password))


def test_mailboxes_are_created_renamed_and_deleted(client: imaplib.IMAP4) -> None:
    # RFC 3501 §5.1.3: Entwürfe, 日本語 and R&D in modified UTF-7.
    names = ['"Entw&APw-rfe/&ZeVnLIqe-"', '"R&-D"']
    for name in names:
        done(client.create(name))
    done(client.subscribe(names[0]))
    assert b"Entw&APw-rfe/&ZeVnLIqe-" in b"\n".join(lines(client.lsub()))
    done(client.unsubscribe(names[0]))
    assert b"Entw&APw-rfe/&ZeVnLIqe-" not in b"\n".join(lines(client.lsub()))
    done(client.rename('"Entw&APw-rfe"', '"2026/Entw&APw-rfe"'))
    listed = b"\n".join(lines(client.list('""', '"2026/*"')))
    assert b"2026/Entw&APw-rfe/&ZeVnLIqe-" in listed
    done(client.delete('"2026/Entw&APw-rfe/&ZeVnLIqe-"'))
    assert b"&ZeVnLIqe-" not in b"\n".join(lines(client.list()))
    assert client.select('"Entw&APw-rfe"')[0] == "NO"
    assert client.create('"R&-D"')[0] == "NO"


def test_message_comes_back_whole_and_in_parts(client: imaplib.IMAP4) -> None:
    date = imaplib.Internaldate2tuple(b'INTERNALDATE "02-Mar-2026 09:30:00 +0100"')
    assert date is not None
    done(client.append("INBOX", r"(\Flagged $Work)", date, MIXED))
    assert done(client.select("INBOX")) == [b"1"]
    assert literals(client.fetch("1", "(BODY.PEEK[])")) == [MIXED]
    header, _, text = MIXED.partition(b"\r\n\r\n")
    assert literals(client.fetch("1", "(BODY.PEEK[HEADER] BODY.PEEK[TEXT])")) == [
        header + b"\r\n\r\n",
        text,
    ]
    assert literals(client.fetch("1", "(BODY.PEEK[1] BODY.PEEK[2] BODY.PEEK[2.MIME])")) == [
        b"See the attachment.",
        b"JVBERi0xLjQK",
        MIXED[MIXED.index(b"Content-Type: application/pdf") : MIXED.index(b"JVBE")],
    ]
    assert literals(client.fetch("1", "(BODY.PEEK[]<10.20>)")) == [MIXED[10:30]]
    assert literals(client.fetch("1", "(BODY.PEEK[HEADER.FIELDS (SUBJECT)])")) == [
        b"Subject: Report\r\n\r\n"
    ]
    [told] = lines(client.fetch("1", "(FLAGS INTERNALDATE RFC822.SIZE BODYSTRUCTURE)"))
    assert b"RFC822.SIZE %d" % len(MIXED) in told
    assert imaplib.Internaldate2tuple(told) == date
    assert set(imaplib.ParseFlags(told)) == {rb"\Flagged", b"$Work"}
    assert b'"report.pdf"' in told


def test_reading_a_body_sets_seen_and_peeking_does_not(client: imaplib.IMAP4) -> None:
    append(client, PLAIN)
    done(client.select())
    done(client.fetch("1", "(BODY.PEEK[])"))
    assert done(client.search(None, "UNSEEN")) == [b"1"]
    assert literals(client.fetch("1", "(RFC822)")) == [PLAIN]
    assert done(client.search(None, "UNSEEN")) == [b""]
    done(client.select(readonly=True))
    assert client.store("1", "-FLAGS", r"\Seen")[0] == "NO"


def test_flags_are_stored_and_deleted_messages_expunged(client: imaplib.IMAP4) -> None:
    append(client, *map(numbered, range(1, 5)))
    done(client.select())
    done(client.store("2:3", "+FLAGS", r"(\Deleted)"))
    done(client.store("1", "FLAGS", r"(\Answered $Forwarded)"))
    [told] = lines(client.fetch("1", "(FLAGS)"))
    assert set(imaplib.ParseFlags(told)) == {rb"\Answered", b"$Forwarded"}
    assert done(client.expunge()) == [b"2", b"2"]
    bodies = literals(client.fetch("1:*", "(BODY.PEEK[])"))
    assert bodies == [numbered(1), numbered(4)]
    done(client.store("1", "+FLAGS.SILENT", r"(\Deleted)"))
    done(client.close())
    assert done(client.select()) == [b"1"]


def test_messages_are_copied_and_moved_by_uid(client: imaplib.IMAP4) -> None:
    uids = append(client, *map(numbered, range(1, 4)))
    done(client.select())
    done(client.uid("COPY", str(uids[0]), "Archive"))
    [copied] = client.response("COPYUID")[1]
    assert copied.split()[1] == str(uids[0]).encode()
    done(client.uid("MOVE", f"{uids[1]}:{uids[2]}", "Archive"))
    assert done(client.search(None, "ALL")) == [b"1"]
    assert done(client.select("Archive")) == [b"3"]
    assert literals(client.fetch("1:*", "(BODY.PEEK[])")) == [*map(numbered, range(1, 4))]
    assert client.uid("COPY", "1:*", "Nowhere")[0] == "NO"


def test_search_finds_by_text_flags_sizes_and_dates(client: imaplib.IMAP4) -> None:
    append(client, PLAIN, MIXED, numbered(3))
    done(client.select())
    done(client.store("2", "+FLAGS", r"(\Flagged)"))
    expected = {
        "ALL": b"1 2 3",
        "FLAGGED": b"2",
        'SUBJECT "report"': b"2",
        'FROM "zoe"': b"1",
        'OR SUBJECT "Number" FLAGGED': b"2 3",
        'NOT TEXT "attachment"': b"1 3",
        'SENTON "2-Mar-2026"': b"1",
        f"LARGER {len(PLAIN)}": b"2",
        'HEADER Message-ID "two@sender"': b"2",
        "2:* UNFLAGGED": b"3",
    }
    for criteria, found in expected.items():
        assert done(client.search(None, criteria)) == [found], criteria
    set_literal(client, "grüße aus köln".encode())
    assert done(client.search("UTF-8", "SUBJECT")) == [b"1"]
    set_literal(client, "GRÜSSE".encode())
    assert done(client.uid("SEARCH", "CHARSET", "UTF-8", "BODY")) == [b"1"]


def test_large_message_comes_back_identical(client: imaplib.IMAP4) -> None:
    line = bytes(range(0x20, 0x7F)) + b"\xc3\xa4\r\n"
    message = numbered(1) + b"".join(b"%d " % number + line for number in range(30_000))
    append(client, message)
    done(client.select())
    assert literals(client.fetch("1", "(BODY.PEEK[])")) == [message]
    middle = len(message) // 2
    assert literals(client.fetch("1", f"(BODY.PEEK[]<{middle}.100000>)")) == [
        message[middle : middle + 100_000]
    ]


def test_sessions_in_two_processes_see_each_others_changes(
    server: Running, log_in: Open, person: Person
) -> None:
    first_pid, second_pid = imap_processes(server)
    with accepting(server, first_pid):
        first = log_in(person)
    with accepting(server, second_pid):
        second = log_in(person)
    append(first, *map(numbered, range(1, 4)))
    for client in (first, second):
        assert done(client.select()) == [b"3"]
    done(first.store("2", "+FLAGS", r"(\Flagged \Deleted)"))
    done(second.noop())
    [told] = second.response("FETCH")[1]
    assert told.startswith(b"2 ")
    assert set(imaplib.ParseFlags(told)) == {rb"\Flagged", rb"\Deleted"}
    done(second.expunge())
    append(second, numbered(4))
    done(first.noop())
    assert first.response("EXPUNGE")[1] == [b"2"]
    assert first.response("EXISTS")[1][-1] == b"3"
    done(first.create("Made"))
    assert b"Made" in b"\n".join(lines(second.list()))
    done(first.select("Made"))
    done(first.create("Gone"))
    done(second.select("Gone"))
    done(first.delete("Gone"))
    assert first.select("Gone")[0] == "NO"


def test_mailbox_names_are_utf8_once_that_is_enabled(
    client: imaplib.IMAP4, log_in: Open, person: Person
) -> None:
    done(client.enable("UTF8=ACCEPT"))
    done(client.create('"Entwürfe & 日本語"'))
    assert '(\\HasNoChildren) "/" "Entwürfe & 日本語"'.encode() in lines(
        client.list('""', '"Entw*"')
    )
    done(client.select('"Entwürfe & 日本語"'))
    listed = lines(log_in(person).list('""', '"Entw*"'))
    assert listed == [b'(\\HasNoChildren) "/" "Entw&APw-rfe &- &ZeVnLIqe-"']
