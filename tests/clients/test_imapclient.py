import datetime
import ssl
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from imapclient import SEEN, IMAPClient, exceptions

from tests.clients.people import Person
from tests.clients.processes import accepting, imap_processes
from tests.clients.samples import MIXED, PLAIN, numbered
from tests.serve.running import Running

Open = Callable[[Person], Any]


@pytest.fixture
def log_in(server: Running, tls: ssl.SSLContext) -> Iterator[Open]:
    """Return what opens sessions over implicit TLS."""
    opened: list[Any] = []

    def new_session(person: Person) -> Any:
        client = IMAPClient(
            "localhost", server.ports["IMAPS"], use_uid=True, ssl_context=tls, timeout=30
        )
        opened.append(client)
        client.login(person.address, person.password)
        return client

    yield new_session
    for client in opened:
        client.logout()


@pytest.fixture
def client(log_in: Open, person: Person) -> Any:
    return log_in(person)


def bodies(client: Any, uids: Any) -> list[bytes]:
    fetched = client.fetch(uids, ["BODY.PEEK[]"])
    return [fetched[uid][b"BODY[]"] for uid in sorted(fetched)]


def test_special_mailboxes_are_found_by_their_use(client: Any) -> None:
    for use in (rb"\Archive", rb"\Drafts", rb"\Junk", rb"\Sent", rb"\Trash"):
        assert client.find_special_folder(use) == use[1:].decode()
    assert client.namespace().personal == (("", "/"),)


def test_session_begins_with_starttls(server: Running, tls: ssl.SSLContext, person: Person) -> None:
    with IMAPClient("localhost", server.ports["IMAP"], ssl=False, timeout=30) as client:
        with pytest.raises(exceptions.LoginError, match="TLS"):
            client.login(person.address, person.password)
        client.starttls(tls)
        client.plain_login(person.address, person.password)
        assert client.select_folder("INBOX")[b"EXISTS"] == 0


def test_mailboxes_keep_their_names_in_any_script(client: Any) -> None:
    names = ["Entwürfe", "Entwürfe/日本語", "R&D", "Ящик/письма", "a 'quoted' \"name\""]
    for name in names:
        client.create_folder(name)
    listed = {name for _, _, name in client.list_folders()}
    assert set(names) <= listed
    client.rename_folder("Entwürfe", "Brouillons été")
    client.delete_folder("R&D")
    listed = {name for _, _, name in client.list_folders()}
    assert {"Brouillons été", "Brouillons été/日本語"} <= listed
    assert not {"R&D", "Entwürfe", "Entwürfe/日本語"} & listed
    client.subscribe_folder("Brouillons été/日本語")
    assert "Brouillons été/日本語" in {name for _, _, name in client.list_sub_folders()}
    with pytest.raises(exceptions.IMAPClientError, match="TRYCREATE"):
        client.append("R&D", PLAIN)


def test_message_is_read_as_envelope_and_structure(client: Any) -> None:
    sent = datetime.datetime(2026, 3, 2, 9, 30, tzinfo=datetime.UTC)
    client.append("INBOX", PLAIN, [SEEN], sent)
    client.append("INBOX", MIXED)
    assert client.select_folder("INBOX")[b"EXISTS"] == 2
    wanted = ["ENVELOPE", "BODYSTRUCTURE", "FLAGS", "INTERNALDATE", "RFC822.SIZE"]
    plain, mixed = client.fetch(client.search(), wanted).values()
    assert plain[b"ENVELOPE"].subject == b"=?utf-8?q?Gr=C3=BC=C3=9Fe_aus_K=C3=B6ln?="
    assert str(plain[b"ENVELOPE"].to[0]) == "team@example.test"
    assert plain[b"ENVELOPE"].message_id == b"<one@sender.example>"
    assert plain[b"FLAGS"] == (SEEN,)
    assert plain[b"RFC822.SIZE"] == len(PLAIN)
    assert plain[b"INTERNALDATE"].astimezone(datetime.UTC) == sent
    structure = mixed[b"BODYSTRUCTURE"]
    assert structure.is_multipart
    parts, subtype = structure[0], structure[1]
    assert subtype == b"mixed"
    assert [part[:2] for part in parts] == [(b"text", b"plain"), (b"application", b"pdf")]
    assert parts[1][8] == (b"attachment", (b"filename", b"report.pdf"))


def test_sections_and_partials_are_read_alone(client: Any) -> None:
    client.append("INBOX", MIXED)
    client.select_folder("INBOX")
    [uid] = client.search()
    wanted = ["BODY.PEEK[1]", "BODY.PEEK[2]<4.4>", "BODY.PEEK[HEADER.FIELDS (SUBJECT TO)]"]
    read = client.fetch([uid], wanted)[uid]
    assert read[b"BODY[1]"] == b"See the attachment."
    assert read[b"BODY[2]<4>"] == b"JVBERi0xLjQK"[4:8]
    assert read[b"BODY[HEADER.FIELDS (SUBJECT TO)]"] == (
        b"To: team@example.test\r\nSubject: Report\r\n\r\n"
    )


def test_flags_and_keywords_are_added_set_and_removed(client: Any) -> None:
    client.append("INBOX", PLAIN)
    client.select_folder("INBOX")
    [uid] = client.search()
    assert client.add_flags(uid, [rb"\Flagged", b"$Work"])[uid] == (rb"\Flagged", b"$Work")
    assert client.set_flags(uid, [SEEN])[uid] == (SEEN,)
    client.add_flags(uid, [b"$Work"], silent=True)
    assert set(client.get_flags(uid)[uid]) == {SEEN, b"$Work"}
    assert client.remove_flags(uid, [SEEN])[uid] == (b"$Work",)
    assert client.search(["KEYWORD", "$Work"]) == [uid]


def test_messages_are_copied_moved_and_expunged_by_uid(client: Any) -> None:
    for number in range(1, 5):
        client.append("INBOX", numbered(number))
    client.select_folder("INBOX")
    first, second, third, fourth = client.search()
    client.copy([first, third], "Archive")
    client.move([second], "Trash")
    assert client.search() == [first, third, fourth]
    client.delete_messages([first, third])
    client.uid_expunge([first])
    assert client.search() == [third, fourth]
    client.expunge()
    assert client.search() == [fourth]
    assert client.folder_status("Archive", ["MESSAGES", "UNSEEN", "UIDNEXT"]) == {
        b"MESSAGES": 2,
        b"UNSEEN": 2,
        b"UIDNEXT": 3,
    }
    client.select_folder("Archive", readonly=True)
    assert bodies(client, client.search()) == [numbered(1), numbered(3)]


def test_search_takes_any_script_and_condstore_tells_what_changed(client: Any) -> None:
    for message in (PLAIN, MIXED, numbered(3)):
        client.append("INBOX", message)
    modseq = client.select_folder("INBOX")[b"HIGHESTMODSEQ"]
    first, second, third = client.search()
    assert client.search(["SUBJECT", "grüße AUS"], "UTF-8") == [first]
    assert client.search(["OR", "TEXT", "attachment", "SUBJECT", "number"]) == [second, third]
    since = ["SINCE", datetime.date(2000, 1, 1), "NOT", "SEEN"]
    assert client.search(since) == [first, second, third]
    client.add_flags(third, [SEEN])
    changed = client.fetch([first, second, third], ["FLAGS"], [f"CHANGEDSINCE {modseq}"])
    assert list(changed) == [third]


def wait_for_push(client: Any, kind: bytes) -> tuple[Any, ...]:
    """Return the next response of a kind that the server sends unasked."""
    while True:
        responses = client.idle_check(timeout=20)
        assert responses, f"no {kind.decode()} came"
        for response in responses:
            if response[1] == kind:
                return tuple(response)


def print_latency(kind: str, start: float) -> None:
    """Tell how long after the reply to its maker a change was known to another."""
    print(f"{kind} {(time.monotonic() - start) * 1000:.1f} ms after")  # noqa: T201 - for `pytest -s`


def test_idle_tells_of_a_change_made_in_another_process(
    server: Running,
    log_in: Open,
    person: Person,
) -> None:
    first_pid, second_pid = imap_processes(server)
    with accepting(server, first_pid):
        waiting = log_in(person)
    with accepting(server, second_pid):
        working = log_in(person)
    waiting.select_folder("INBOX")
    working.select_folder("INBOX")
    waiting.idle()
    working.append("INBOX", PLAIN)
    start = time.monotonic()
    assert wait_for_push(waiting, b"EXISTS")[0] == 1
    print_latency("EXISTS", start)
    working.noop()
    [uid] = working.search()
    working.add_flags(uid, [rb"\Flagged"], silent=True)
    start = time.monotonic()
    seq, _, data = wait_for_push(waiting, b"FETCH")
    print_latency("FETCH", start)
    assert seq == 1
    assert dict(zip(data[::2], data[1::2], strict=True))[b"FLAGS"] == (rb"\Flagged",)
    working.delete_messages([uid], silent=True)
    working.expunge()
    assert wait_for_push(waiting, b"EXPUNGE")[0] == 1
    waiting.idle_done()
    assert waiting.search() == []


def test_another_account_is_not_told(log_in: Open, person: Person, second_person: Person) -> None:
    log_in(second_person).append("INBOX", PLAIN)
    client = log_in(person)
    assert client.select_folder("INBOX")[b"EXISTS"] == 0
    with pytest.raises(exceptions.LoginError, match="AUTHENTICATIONFAILED"):
        log_in(Person(person.address, "not the password"))
