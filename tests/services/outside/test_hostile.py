"""Servers elsewhere that mean no good: bounded time and memory, a clear word, nothing let slip."""

import time
from collections.abc import Callable

import pytest
from pytest_django.fixtures import Settings as Configured

from groupware.core import limits
from groupware.core.clock import epoch
from groupware.core.errors import GroupwareError
from groupware.core.models import Account
from mail.models import OutsideMailbox, OutsideMessage
from mail.outside.servers import LoginRefused
from mail.services import fanout
from mail.services.outside import accounts, rounds, senders
from mail.services.outside.servers import Login
from tests.conftest import SetLimit
from tests.services.outside.fetched import add, bytes_of, fetch, info_of, letter
from tests.services.outside.hostile import Peer, Talk, faking

pytestmark = pytest.mark.django_db

SELECTED = b"* %d EXISTS\r\n* OK [UIDVALIDITY 7] here\r\n"


def imap_box(*messages: bytes) -> Callable[[bytes], bytes]:
    """Return the answers of an IMAP server whose INBOX has these messages, by UID from 1 on."""

    def answer(command: bytes) -> bytes:
        words = command.upper().split()
        if words[0] in {b"SELECT", b"EXAMINE"}:
            return SELECTED % len(messages)
        if words[0] == b"FETCH":
            return b"".join(
                b"* %d FETCH (UID %d RFC822.SIZE %d)\r\n" % (n, n, len(data))
                for n, data in enumerate(messages, 1)
            )
        if words[:2] == [b"UID", b"FETCH"]:
            numbers = [int(word) for word in words[2].split(b",")]
            return b"".join(
                b"* %d FETCH (UID %d FLAGS () BODY[] {%d}\r\n%b)\r\n"
                % (n, n, len(messages[n - 1]), messages[n - 1])
                for n in numbers
            )
        return b""

    return answer


def refusal(account: Account, protocol: str, talk: Talk, tls: str = "none") -> str:
    """Return the word with which a fetch from a server ends, which must take no long time."""
    begun = time.monotonic()
    with faking(talk) as fake:
        key = add(account, protocol, fake.port, tls=tls)
        with pytest.raises(GroupwareError) as caught:
            fetch(key)
    assert time.monotonic() - begun < 10
    assert info_of(key).outcome == caught.value.message[:500]
    accounts.remove_outside(account.pk, "old")
    return caught.value.message


def saying(said: bytes) -> Talk:
    """Return an IMAP server that says one thing to each command."""
    return lambda peer: peer.imap(lambda _: said)


def pour(piece: bytes, begin: bytes = b"") -> Talk:
    """Return a server that says one thing for ever."""

    def talk(peer: Peer) -> None:
        peer.say(begin)
        while True:
            peer.say(piece)

    return talk


def test_a_greeting_without_an_end_is_left(ann: Account) -> None:
    for protocol in ("imap", "pop3"):
        refusal(ann, protocol, pour(b"x" * 65_536))
        refusal(ann, protocol, pour(b"* OK x\r\n" * 999))
        assert "sends more" in refusal(ann, "imap", pour(b"* 1 EXISTS\r\n" * 999, b"* OK x\r\n"))


def test_an_answer_without_an_end_is_left(ann: Account) -> None:
    def imap(command: bytes) -> bytes:
        return b"* 1 EXPUNGE\r\n" * 1_000_000 if b"EXAMINE" in command else b""

    assert "sends more" in refusal(ann, "imap", lambda peer: peer.imap(imap))

    def pop3(line: bytes) -> bytes:
        return b"+OK\r\n" + b"1 1\r\n" * 300_000 if line == b"LIST" else b"+OK\r\n"

    assert "holds more than" in refusal(ann, "pop3", lambda peer: peer.pop3(pop3))


def test_a_literal_larger_than_was_said_is_not_read(ann: Account) -> None:
    answers = imap_box(letter(1), letter(2), letter(3))

    def answer(command: bytes) -> bytes:
        if command.startswith(b"UID FETCH") and b"2" in command.split()[2].split(b","):
            return b"!* 2 FETCH (UID 2 BODY[] {99999999999}\r\n"
        return answers(command)

    with faking(lambda peer: peer.imap(answer)) as fake:
        key = add(ann, "imap", fake.port)
        assert fetch(key) == (2, 0, 1), "one after the other, the others are not to blame"
        assert fetch(key) == (0, 0, 0)
    assert bytes_of(ann) == [letter(1), letter(3)]
    assert info_of(key).problems == ("127.0.0.1 sends more than was asked for.",)


def test_a_message_without_an_end_is_left(ann: Account) -> None:
    def answer(line: bytes) -> bytes:
        if line in {b"LIST", b"UIDL"}:
            return b"+OK\r\n1 9\r\n.\r\n"
        return b"+OK\r\n" + b"x" * (8 << 20) if line.startswith(b"RETR") else b"+OK\r\n"

    with faking(lambda peer: peer.pop3(answer)) as fake:
        key = add(ann, "pop3", fake.port)
        assert fetch(key) == (0, 0, 1)
    assert info_of(key).problems == ("127.0.0.1 sends more than was asked for.",)


def test_numbers_that_make_no_sense_are_no_fault_of_ours(ann: Account) -> None:
    def huge(command: bytes) -> bytes:
        if b"EXAMINE" in command:
            return SELECTED % 1
        return b"* 1 FETCH (UID 99999999999999999999 RFC822.SIZE 99999999999999999999)\r\n"

    assert "makes no sense" in refusal(ann, "imap", lambda peer: peer.imap(huge))

    def words(line: bytes) -> bytes:
        return b"+OK\r\nx y\r\n.\r\n" if line == b"LIST" else b"+OK\r\n"

    assert "makes no sense" in refusal(ann, "pop3", lambda peer: peer.pop3(words))
    for said in (b"* 3 EXISTS\r\n", b"* 3 EXISTS\r\n* OK [UIDVALIDITY 0] x\r\n"):
        assert "no UIDVALIDITY" in refusal(ann, "imap", saying(said))


def test_a_server_that_drips_is_left(ann: Account, set_limit: SetLimit) -> None:
    set_limit(limits.OUTSIDE_TIMEOUT, 1)

    def drip(peer: Peer) -> None:
        while True:
            peer.say(b"*")
            time.sleep(0.05)

    for protocol in ("imap", "pop3"):
        assert "took too long" in refusal(ann, protocol, drip)


def test_a_server_that_is_silent_is_left(ann: Account, set_limit: SetLimit) -> None:
    set_limit(limits.OUTSIDE_TIMEOUT, 0.2)

    def wait(peer: Peer) -> None:
        peer.hear()

    for protocol in ("imap", "pop3"):
        assert "took too long" in refusal(ann, protocol, wait)


def test_nothing_is_sent_where_tls_is_not_offered(ann: Account) -> None:
    heard: list[bytes] = []

    def imap(command: bytes) -> bytes:
        heard.append(command)
        return b""

    def pop3(line: bytes) -> bytes:
        heard.append(line)
        return b"-ERR no\r\n"

    assert "no STARTTLS" in refusal(ann, "imap", lambda peer: peer.imap(imap), "starttls")
    assert "no STLS" in refusal(ann, "pop3", lambda peer: peer.pop3(pop3), "starttls")
    let_in = b"* PREAUTH welcome"
    assert "before it was asked" in refusal(
        ann, "imap", lambda peer: peer.imap(imap, let_in), "starttls"
    )
    assert not [line for line in heard if b"secret" in line or b"ann" in line]


def test_nothing_is_sent_in_the_clear_but_to_networks_that_are_named(
    ann: Account, settings: Configured
) -> None:
    settings.GROUPWARE_SOURCE_NETWORKS = ()
    assert "no public host" in refusal(ann, "imap", lambda peer: peer.imap(imap_box()))


def test_a_login_that_is_refused_again_and_again_stops(ann: Account, set_limit: SetLimit) -> None:
    set_limit(limits.OUTSIDE_LOGINS, 2)

    def talk(peer: Peer) -> None:
        peer.imap(
            lambda command: (
                b"!TAG NO [AUTHENTICATIONFAILED] wrong\r\n" if command.startswith(b"LOGIN") else b""
            )
        )

    with faking(talk) as fake:
        key = add(ann, "imap", fake.port)
        for _ in range(2):
            with pytest.raises(LoginRefused, match="refuses the login"):
                fetch(key)
        assert info_of(key).state == "stopped"
        assert rounds.fetch_due() == 0
        assert fake.connections == 2
    fanout.work_off(now=epoch() + 60)
    (told,) = bytes_of(ann)
    assert b"Subject: Mail of old cannot be fetched" in told
    assert b"wrong" in told
    accounts.set_password(ann.pk, "old", "another")
    assert info_of(key).state == "active"


@pytest.mark.parametrize(
    ("protocol", "said"),
    [
        ("imap", b"!TAG NO [UNAVAILABLE] later\r\n"),
        ("imap", b"!TAG NO [INUSE] later\r\n"),
        ("pop3", b"-ERR [IN-USE] locked\r\n"),
        ("pop3", b"-ERR [SYS/TEMP] no\r\n"),
        ("pop3", b"-ERR maildrop is locked\r\n"),
    ],
)
def test_a_login_that_is_refused_for_another_reason_is_tried_again(
    ann: Account, set_limit: SetLimit, protocol: str, said: bytes
) -> None:
    set_limit(limits.OUTSIDE_LOGINS, 1)

    def talk(peer: Peer) -> None:
        if protocol == "imap":
            peer.imap(lambda command: said if command.startswith(b"LOGIN") else b"")
        else:
            peer.pop3(lambda line: said if line.startswith(b"PASS") else b"+OK\r\n")

    with faking(talk) as fake:
        key = add(ann, protocol, fake.port)
        with pytest.raises(GroupwareError):
            fetch(key)
        assert info_of(key).state == "active"
    assert bytes_of(ann) == []


def test_what_a_server_says_reaches_people_as_text(ann: Account) -> None:
    evil = b"!TAG NO \x1b[2J\x07" + b"y" * 5_000 + b"\r\n"
    message = refusal(
        ann,
        "imap",
        lambda peer: peer.imap(lambda command: evil if command.startswith(b"LOGIN") else b""),
    )
    assert message.isprintable()
    assert len(message) < 300


def test_a_uid_that_was_not_asked_for_is_not_taken(ann: Account) -> None:
    answers = imap_box(letter(1))

    def answer(command: bytes) -> bytes:
        if command.startswith(b"UID FETCH"):
            return b"* 9 FETCH (UID 9 FLAGS () BODY[] {2}\r\nxx)\r\n"
        return answers(command)

    with faking(lambda peer: peer.imap(answer)) as fake:
        assert fetch(add(ann, "imap", fake.port)) == (0, 0, 0)
    assert OutsideMessage.objects.count() == 0


def test_a_reply_of_smtp_without_an_end_is_left(ann: Account) -> None:
    with faking(pour(b"250-x\r\n" * 999, b"220 hello\r\n")) as fake:
        login = Login("smtp", "127.0.0.1", "ann", "x", fake.port, "none")
        senders.add_sender(ann.pk, "ann@old.test", login)
        with pytest.raises(GroupwareError, match="sends more"):
            senders.check_sender(ann.pk, "ann@old.test")


def test_a_new_message_costs_one_listing_however_many_there_are(ann: Account) -> None:
    box = imap_box(*[letter(n) for n in range(2_000)])
    asked: list[bytes] = []

    def answer(command: bytes) -> bytes:
        asked.append(command)
        if command.startswith(b"FETCH"):
            first, last = map(int, command.split()[1].split(b":"))
            rows = box(command).splitlines(keepends=True)
            return b"".join(rows[first - 1 : last])
        return box(command)

    with faking(lambda peer: peer.imap(answer)) as fake:
        key = add(ann, "imap", fake.port)
        mailbox = OutsideMailbox.objects.get()
        OutsideMessage.objects.create(
            outside_id=key,
            mailbox=mailbox,
            uid_validity=7,
            uid=1_998,
            digest=b"x" * 32,
            size=1,
            fetched_at=1,
        )
        assert fetch(key) == (2, 0, 0)
    assert [command for command in asked if b"FETCH" in command] == [
        b"FETCH 1501:2000 (UID RFC822.SIZE)",
        b"UID FETCH 1999,2000 (UID FLAGS INTERNALDATE BODY.PEEK[])",
    ]
