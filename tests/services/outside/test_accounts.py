"""Outside accounts: what is taken, whose turn it is, what is told, what is kept secret."""

import ipaddress
from collections.abc import Callable
from typing import Any

import pytest
from pytest_django.fixtures import Settings as Configured

from groupware.core import db, limits, rights
from groupware.core.clock import epoch
from groupware.core.errors import (
    AlreadyExists,
    Busy,
    GroupwareError,
    Invalid,
    LimitExceeded,
    NotFound,
)
from groupware.core.models import Account
from groupware.duties import find_duty
from mail.models import OutsideAccount, OutsideMailbox, OutsideMessage, OutsideSender
from mail.services import fanout
from mail.services.outside import accounts, rounds, senders, storing
from mail.services.outside.accounts import Wishes
from mail.services.outside.servers import Login
from tests.conftest import SetLimit
from tests.services.damage import find
from tests.services.outside.fetched import Elsewhere, add, bytes_of, fetch, info_of, letter
from tests.services.outside.hostile import Peer, faking
from tests.services.store import create

pytestmark = pytest.mark.django_db


def row_of(key: int) -> OutsideAccount:
    return OutsideAccount.objects.get(pk=key)


def test_no_row_has_the_password_and_none_of_another_server_gets_it(ann: Account) -> None:
    key = add(ann, "imap", 143, password="correct horse")
    row = row_of(key)
    assert b"correct horse" not in bytes(row.secret)
    assert "correct horse" not in repr(info_of(key))
    OutsideAccount.objects.filter(pk=key).update(host="evil.test")
    with pytest.raises(GroupwareError, match="set it again"):
        fetch(key)


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"password": ""}, "A password has"),
        ({"password": "a\r\nb"}, "A password has"),
        ({"user": "a\r\nb"}, "user's name"),
        ({"user": ""}, "user's name"),
        ({"tls": "maybe"}, "TLS is one of"),
        ({"name": "x" * 201}, "at most 200"),
        ({"port": 70_000}, "1 to 65535"),
        ({"protocol": "nntp"}, "protocol is one of"),
        ({"wishes": Wishes(after="eat")}, "one of leave"),
        ({"wishes": Wishes(())}, "Name 1 to"),
        ({"wishes": Wishes((("a\r\nb", ""),))}, "printable"),
        ({"wishes": Wishes(delete_days=-1)}, "Neither"),
        ({"wishes": Wishes((("INBOX", "No/Such"),))}, "no such mailbox"),
    ],
)
def test_what_can_be_no_outside_account_is_refused(
    ann: Account, fields: dict[str, Any], why: str
) -> None:
    given: dict[str, Any] = {"protocol": "imap", "port": 143} | fields
    with pytest.raises((Invalid, NotFound), match=why):
        add(ann, **given)
    assert not OutsideAccount.objects.exists()


def test_hosts_are_names_or_addresses(ann: Account) -> None:
    for number, (host, kept) in enumerate(
        [("Mail.Example.ORG.", "mail.example.org"), ("[2001:DB8::1]", "2001:db8::1")]
    ):
        login = Login("imap", host, "ann", "x")
        key = accounts.add_outside(ann.pk, login, Wishes(), f"n{number}")
        assert (row_of(key).host, row_of(key).port) == (kept, 993)
    with pytest.raises(Invalid, match="no name of a server"):
        accounts.add_outside(ann.pk, Login("imap", "a b/c", "ann", "x"), Wishes())


def test_an_account_has_so_many_outside_ones(ann: Account, set_limit: SetLimit) -> None:
    set_limit(limits.OUTSIDE_ACCOUNTS, 1)
    set_limit(limits.OUTSIDE_MAILBOXES, 1)
    with pytest.raises(Invalid, match="Name 1 to 1"):
        add(ann, "imap", 143, Wishes((("a", ""), ("b", ""))))
    add(ann, "imap", 143)
    with pytest.raises(LimitExceeded):
        add(ann, "imap", 143, name="second")
    set_limit(limits.OUTSIDE_ACCOUNTS, 2)
    with pytest.raises(AlreadyExists):
        add(ann, "imap", 143)


def test_each_has_its_turn_and_its_pause(
    elsewhere: Elsewhere, set_limit: SetLimit, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_limit(limits.OUTSIDE_INTERVAL, 100)
    elsewhere.put(letter(1))
    first = elsewhere.add(name="first")
    second = elsewhere.add(name="second", wishes=Wishes(seconds=500))
    paused = elsewhere.add(name="paused")
    accounts.pause_outside(elsewhere.account.pk, "paused")
    now = epoch()
    assert rounds.fetch_due() == 2
    assert [
        row_of(key).next_at - now in range(s, s + 20) for key, s in ((first, 100), (second, 500))
    ]
    assert row_of(paused).last_at == 0
    assert rounds.fetch_due() == 0
    accounts.resume_outside(elsewhere.account.pk, "paused")
    assert rounds.fetch_due() == 1


def test_the_worker_fetches_what_is_due_and_goes_on_after_one_that_fails(
    elsewhere: Elsewhere,
) -> None:
    elsewhere.put(letter(1))
    broken = elsewhere.add(name="broken", tls="starttls")
    OutsideAccount.objects.update(next_at=1)
    key = elsewhere.add()
    find_duty("outside").do()
    assert elsewhere.here() == [letter(1)]
    assert "by TLS" in info_of(broken).outcome
    assert info_of(key).outcome == "1 fetched"


def test_what_fails_waits_ever_longer(ann: Account, set_limit: SetLimit) -> None:
    set_limit(limits.OUTSIDE_INTERVAL, 60)
    with faking(lambda peer: peer.say(b"junk\r\n")) as fake:
        key = add(ann, "pop3", fake.port)
        pauses = []
        for _ in range(11):
            OutsideAccount.objects.update(next_at=0)
            before = epoch()
            assert rounds.fetch_due() == 0
            pauses.append(round((row_of(key).next_at - before) / 60))
    assert pauses == [1, 2, 4, 8, 16, 32, 64, 128, 256, 360, 360]


def test_a_person_is_told_once_of_what_fails_for_a_day(ann: Account) -> None:
    with faking(lambda peer: peer.say(b"junk\r\n")) as fake:
        key = add(ann, "pop3", fake.port)
        for _ in range(3):
            with pytest.raises(GroupwareError):
                fetch(key)
        assert bytes_of(ann) == []
        OutsideAccount.objects.update(failed_since=epoch() - 90_000)
        for _ in range(3):
            with pytest.raises(GroupwareError):
                fetch(key)
    fanout.work_off(now=epoch() + 60)
    (told,) = bytes_of(ann)
    assert b"It is tried again by itself" in told
    assert b"Auto-Submitted: auto-generated" in told


def test_nobody_fetches_what_is_being_fetched(elsewhere: Elsewhere) -> None:
    elsewhere.put(letter(1))
    key = elsewhere.add()
    OutsideAccount.objects.update(leased_until=epoch() + 100)
    assert rounds.fetch_due() == 0
    with pytest.raises(Busy, match="being fetched"):
        fetch(key)
    OutsideAccount.objects.update(leased_until=epoch() - 1)
    assert fetch(key) == (1, 0, 0)
    assert row_of(key).leased_until == 0


def test_two_fetches_at_once_bring_nothing_twice(
    elsewhere: Elsewhere, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A lease that ran out, in the worst case at each batch."""
    elsewhere.put(*[letter(n) for n in range(6)])
    key = elsewhere.add()
    real: Callable[..., None] = storing.store
    others: list[tuple[int, int, int]] = []

    def beside(*args: Any) -> None:
        if not others:
            others.append((0, 0, 0))
            OutsideAccount.objects.update(leased_until=0)
            others.append(fetch(key))
        real(*args)

    monkeypatch.setattr(storing, "store", beside)
    assert fetch(key) == (0, 0, 0)
    assert others[1] == (6, 0, 0)
    assert elsewhere.here() == [letter(n) for n in range(6)]


def test_a_connection_goes_to_public_hosts_or_networks_that_are_named(
    elsewhere: Elsewhere, settings: Configured, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = elsewhere.add()
    settings.GROUPWARE_SOURCE_NETWORKS = ()
    with pytest.raises(GroupwareError, match="no public host"):
        fetch(key)
    from groupware.core import dialing

    monkeypatch.setattr(dialing, "is_allowed", lambda _: True)
    with pytest.raises(GroupwareError, match="Without TLS nothing is sent"):
        fetch(key)
    settings.GROUPWARE_SOURCE_NETWORKS = (ipaddress.ip_network("127.0.0.1/32"),)
    assert fetch(key) == (0, 0, 0)


def test_doctor_names_what_cannot_be_read_and_what_goes_nowhere(
    elsewhere: Elsewhere,
) -> None:
    from mail.services import mailboxes

    mailboxes.create_mailbox(elsewhere.account.pk, "Old")
    elsewhere.put(letter(1))
    fetch(elsewhere.add(wishes=Wishes((("INBOX", "Old"),))))
    add_sender(elsewhere.account)
    assert find() == []
    mailboxes.delete_mailbox(elsewhere.account.pk, "Old")
    OutsideMessage.objects.update(digest=b"x")
    with db.write_transaction():
        OutsideAccount.objects.update(secret=b"y")
        OutsideSender.objects.update(secret=b"y")
    assert sorted(fault.check for fault in find()) == [
        "outside-digest", "outside-secret", "outside-secret", "outside-target",
    ]  # fmt: skip
    OutsideMailbox.objects.all().delete()


def add_sender(account: Account, address: str = "ann@old.test", port: int = 25) -> int:
    login = Login("smtp", "127.0.0.1", "ann", "secret", port, "none")
    return senders.add_sender(account.pk, address, login)


def test_a_sender_is_of_its_account_and_of_no_domain_here(
    ann: Account, ben: Account, set_limit: SetLimit
) -> None:
    key = add_sender(ann, "Ann@Old.test")
    assert senders.sender_for(ann.pk, "ann@OLD.test") == key
    assert senders.sender_for(ben.pk, "ann@old.test") is None
    assert senders.sender_for(ann.pk, "no address") is None
    with pytest.raises(Invalid, match="grant send-as"):
        add_sender(ann, "ben@example.test")
    with pytest.raises(AlreadyExists):
        add_sender(ann)
    set_limit(limits.OUTSIDE_ACCOUNTS, 1)
    with pytest.raises(LimitExceeded):
        add_sender(ann, "other@old.test")
    assert senders.read_sender(senders.get_sender(ann.pk, "ann@old.test")).password == "secret"
    senders.set_sender_password(ann.pk, "ann@old.test", "other")
    assert senders.read_sender(senders.get_sender(ann.pk, "ann@old.test")).password == "other"
    senders.remove_sender(ann.pk, "ann@old.test")
    with pytest.raises(NotFound):
        senders.remove_sender(ann.pk, "ann@old.test")


def test_a_server_is_asked_whether_it_takes_mail(ann: Account) -> None:
    def talk(peer: Peer) -> None:
        peer.say(b"220 hello\r\n")
        while True:
            line = peer.hear()
            if line.lower().startswith(b"ehlo"):
                peer.say(b"250-hello\r\n250 AUTH PLAIN\r\n")
            elif line.startswith(b"AUTH"):
                good = line.endswith(b"AGFubgBzZWNyZXQ=")
                peer.say(b"235 in\r\n" if good else b"535 5.7.8 wrong\r\n")
            else:
                peer.say(b"221 bye\r\n")

    with faking(talk) as fake:
        add_sender(ann, port=fake.port)
        senders.check_sender(ann.pk, "ann@old.test")
        senders.set_sender_password(ann.pk, "ann@old.test", "other")
        with pytest.raises(GroupwareError, match=r"refuses the login: 5\.7\.8 wrong"):
            senders.check_sender(ann.pk, "ann@old.test")


def test_who_looks_after_a_shared_account_is_told_of_it(ann: Account) -> None:
    shared = create("info@example.test", kind="shared")
    rights.grant(shared, None, rights.find_grantee(ann.login), rights.parse_rights("manage"))
    with faking(lambda peer: peer.say(b"junk\r\n")) as fake:
        key = add(shared, "pop3", fake.port)
        OutsideAccount.objects.update(failed_since=1)
        with pytest.raises(GroupwareError):
            fetch(key)
    fanout.work_off(now=epoch() + 60)
    assert bytes_of(shared) == []
    (told,) = bytes_of(ann)
    assert b"The mail of info@example.test at old" in told


def test_an_account_goes_with_its_outside_ones(elsewhere: Elsewhere) -> None:
    from groupware.core.directory import delete_account
    from mail.services import mailboxes

    mailboxes.create_mailbox(elsewhere.account.pk, "Old")
    elsewhere.put(letter(1))
    fetch(elsewhere.add(wishes=Wishes((("INBOX", "Old"),))))
    add_sender(elsewhere.account)
    delete_account(elsewhere.account.login)
    assert not OutsideAccount.objects.exists()
    assert not OutsideMessage.objects.exists()
    assert not OutsideSender.objects.exists()
