"""Mail from a POP3 server elsewhere: once each, whole; deleted there when it is wanted, and safe."""

from collections.abc import Callable

import pytest

from groupware.core import limits
from groupware.core.errors import GroupwareError, Invalid
from groupware.core.models import Account
from mail.models import OutsideAccount, OutsideMessage
from mail.services.outside import fetching
from mail.services.outside.accounts import Wishes
from tests.conftest import SetLimit
from tests.services.outside.fetched import (
    Elsewhere,
    add,
    bytes_of,
    fetch,
    info_of,
    letter,
    subjects,
)
from tests.services.outside.hostile import Peer, faking
from tests.services.outside.maildrop import maildrop
from tests.services.store import rows_of

pytestmark = pytest.mark.django_db


def talk(answers: Callable[[bytes], bytes]) -> Callable[[Peer], None]:
    return lambda peer: peer.pop3(answers)


def test_each_message_comes_once_and_as_it_is(elsewhere: Elsewhere) -> None:
    sent = [
        letter(1),
        b"Subject: two\r\n\r\n.\r\n..\r\n.x\r\n",
        b"Subject: three\r\n\r\n" + b"y" * 70_000 + b"\r\n.\r\n" + b"z" * 65_535 + b"\r\n",
    ]
    elsewhere.put(*sent)
    key = elsewhere.add("pop3")
    assert fetch(key) == (3, 0, 0)
    assert elsewhere.here() == sent
    assert fetch(key) == (0, 0, 0)
    elsewhere.put(letter(4))
    assert fetch(key) == (1, 0, 0)
    assert len(elsewhere.dovecot.flags_of(elsewhere.user)) == 4


def test_a_message_has_the_date_at_which_it_arrived_there(elsewhere: Elsewhere) -> None:
    elsewhere.put(letter(1))
    fetch(elsewhere.add("pop3"))
    rows = rows_of(elsewhere.account, "INBOX", "uid", "internal_date", "internal_zone")
    assert rows == [(1, 1_793_610_060, 60)]


def test_unique_ids_that_are_renewed_bring_nothing_twice(elsewhere: Elsewhere) -> None:
    elsewhere.put(*[letter(n) for n in range(4)])
    key = elsewhere.add("pop3")
    assert fetch(key) == (4, 0, 0)
    elsewhere.dovecot.number_anew(elsewhere.user)
    elsewhere.put(letter(9))
    assert fetch(key) == (1, 4, 0)
    assert fetch(key) == (0, 0, 0)


def test_what_was_fetched_is_deleted_there_after_its_days(elsewhere: Elsewhere) -> None:
    elsewhere.put(letter(1), letter(2))
    key = elsewhere.add("pop3", Wishes(after="delete", delete_days=2))
    fetch(key)
    assert len(elsewhere.dovecot.retrieve(elsewhere.user)) == 2
    OutsideMessage.objects.filter(pk=OutsideMessage.objects.earliest("pk").pk).update(fetched_at=1)
    fetch(key)
    assert subjects(elsewhere.dovecot.retrieve(elsewhere.user)) == ["Letter 2"]
    assert subjects(elsewhere.here()) == ["Letter 1", "Letter 2"]


def test_what_was_fetched_is_deleted_there_at_once_where_that_is_wanted(
    elsewhere: Elsewhere,
) -> None:
    elsewhere.put(letter(1), letter(2))
    assert fetch(elsewhere.add("pop3", Wishes(after="delete"))) == (2, 0, 0)
    assert elsewhere.dovecot.retrieve(elsewhere.user) == []
    assert len(elsewhere.here()) == 2


def test_it_comes_over_tls(elsewhere: Elsewhere, monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere.put(letter(1))
    key = elsewhere.add("pop3", tls="starttls")
    with pytest.raises(GroupwareError, match="cannot be spoken to by TLS: self-signed"):
        fetch(key)
    monkeypatch.setenv("SSL_CERT_FILE", str(elsewhere.dovecot.trusted))
    assert fetch(key) == (1, 0, 0)
    OutsideAccount.objects.filter(pk=key).update(
        tls="implicit", port=elsewhere.dovecot.ports["POP3S"]
    )
    elsewhere.put(letter(2))
    assert fetch(key) == (1, 0, 0)


def test_a_fetch_whose_time_is_up_goes_on_where_it_was(
    elsewhere: Elsewhere, set_limit: SetLimit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetching, "PAGE", 2)
    elsewhere.put(*[letter(n) for n in range(5)])
    key = elsewhere.add("pop3")
    set_limit(limits.OUTSIDE_ROUND, 0)
    assert fetch(key) == (2, 0, 0)
    set_limit(limits.OUTSIDE_ROUND, 60)
    assert fetch(key) == (3, 0, 0)


def test_a_unique_id_that_is_given_again_hides_no_message(ann: Account) -> None:
    held = [("1", letter(1))]
    with faking(lambda peer: peer.pop3(maildrop(*held))) as fake:
        key = add(ann, "pop3", fake.port, Wishes(after="delete", delete_days=1))
        assert fetch(key) == (1, 0, 0)
        held[:] = [("1", letter(2, size=900))]
        OutsideMessage.objects.update(fetched_at=1)
        assert fetch(key) == (1, 0, 0)
        assert subjects(bytes_of(ann)) == ["Letter 1", "Letter 2"]
        assert OutsideMessage.objects.get().fetched_at > 1, "and is not deleted before its days"


def test_two_messages_of_one_unique_id_are_not_deleted(ann: Account) -> None:
    deleted: list[bytes] = []
    answers = maildrop(("a", letter(1)), ("a", letter(2)), ("b", letter(3)))

    def heard(line: bytes) -> bytes:
        if line.startswith(b"DELE"):
            deleted.append(line)
        return answers(line)

    with faking(talk(heard)) as fake:
        fetch(add(ann, "pop3", fake.port, Wishes(after="delete")))
    assert deleted == [b"DELE 3"]


def test_unique_ids_that_none_should_be_are_told_apart_too(ann: Account) -> None:
    names = ["x" * 300, "x" * 299 + "y", "ü", "\1"]
    messages = [(name, letter(n)) for n, name in enumerate(names)]
    with faking(talk(maildrop(*messages))) as fake:
        key = add(ann, "pop3", fake.port)
        assert fetch(key) == (4, 0, 0)
        assert fetch(key) == (0, 0, 0)


def test_a_server_without_unique_ids_is_refused(ann: Account) -> None:
    answers = maildrop(("a", letter(1)))

    def without(line: bytes) -> bytes:
        return b"-ERR unknown\r\n" if line == b"UIDL" else answers(line)

    with faking(talk(without)) as fake, pytest.raises(GroupwareError, match="no lasting names"):
        fetch(add(ann, "pop3", fake.port))


def test_what_is_not_given_is_told_and_tried_five_times(ann: Account) -> None:
    answers = maildrop(("a", letter(1)), ("b", letter(2)), ("c", letter(3)))
    asked: list[bytes] = []

    def refusing(line: bytes) -> bytes:
        asked.append(line)
        return b"-ERR damaged\r\n" if line == b"RETR 2" else answers(line)

    with faking(talk(refusing)) as fake:
        key = add(ann, "pop3", fake.port, Wishes(after="delete"))
        assert fetch(key) == (2, 0, 1)
        for _ in range(7):
            fetch(key)
    assert asked.count(b"RETR 2") == 5
    assert b"DELE 2" not in asked
    assert info_of(key).problems == ("127.0.0.1 says: -ERR damaged",)


def test_a_connection_that_breaks_off_loses_and_deletes_nothing(ann: Account) -> None:
    answers = maildrop(("a", letter(1)), ("b", letter(2)))
    deleted: list[bytes] = []

    def breaking(peer: Peer) -> None:
        def answer(line: bytes) -> bytes:
            deleted.extend([line] if line.startswith(b"DELE") else [])
            if line == b"RETR 2" and fake.connections == 1:
                peer.say(b"+OK\r\n" + letter(2)[:50])
                raise EOFError
            return answers(line)

        peer.pop3(answer)

    with faking(breaking) as fake:
        key = add(ann, "pop3", fake.port, Wishes(after="delete"))
        with pytest.raises(GroupwareError, match="broke off"):
            fetch(key)
        assert deleted == []
        assert fetch(key)[2] == 0
    assert bytes_of(ann) == [letter(1), letter(2)]


def test_more_messages_than_allowed_are_refused_with_a_word(
    ann: Account, set_limit: SetLimit
) -> None:
    set_limit(limits.OUTSIDE_MESSAGES, 2)
    answers = maildrop(*[(str(n), letter(n)) for n in range(3)])
    with faking(talk(answers)) as fake, pytest.raises(GroupwareError, match="more than 2 messages"):
        fetch(add(ann, "pop3", fake.port))


def test_what_pop3_does_not_know_is_refused(ann: Account) -> None:
    for wishes, why in (
        (Wishes(after="seen"), "nothing of what is seen"),
        (Wishes((("Work", ""),)), "one mailbox"),
    ):
        with pytest.raises(Invalid, match=why):
            add(ann, "pop3", 110, wishes)
