"""Mail from an IMAP server elsewhere: once each, whole, with its flags and dates."""

from typing import TYPE_CHECKING

import pytest

from groupware.core import limits
from groupware.core.errors import GroupwareError, NotFound, OverQuota
from mail.models import OutsideAccount, OutsideMessage
from mail.outside import imap as outside_imap
from mail.services import mailboxes
from mail.services.outside import accounts, fetching
from mail.services.outside.accounts import Wishes
from tests.conftest import SetLimit
from tests.services.outside.fetched import Elsewhere, fetch, info_of, letter, subjects
from tests.services.store import mailbox, rows_of, uids_of

if TYPE_CHECKING:
    from groupware.core.models import Account

pytestmark = pytest.mark.django_db


def test_each_message_comes_once_and_as_it_is(elsewhere: Elsewhere) -> None:
    sent = [letter(n) for n in range(3)]
    elsewhere.put(*sent)
    key = elsewhere.add()
    assert fetch(key) == (3, 0, 0)
    assert elsewhere.here() == sent
    assert fetch(key) == (0, 0, 0)
    elsewhere.put(letter(3))
    assert fetch(key) == (1, 0, 0)
    assert elsewhere.here() == [*sent, letter(3)]
    assert info_of(key).fetched == 4


def test_bytes_stay_whatever_they_are(elsewhere: Elsewhere) -> None:
    odd = [
        b"Subject: one\r\n\r\n" + b"x" * 20_000 + b"\r\n",
        b"Subject: two\r\n\r\n.\r\n..\r\n\xff\xfe\r\n",
        b"no header at all\r\n",
        b"Subject: four\r\n\r\n" + bytes(range(1, 10)) + b" )\r\n* OK\r\na1 OK {3}\r\n",
    ]
    elsewhere.put(*odd)
    assert fetch(elsewhere.add()) == (4, 0, 0)
    assert elsewhere.here() == odd


def test_flags_and_dates_are_kept(elsewhere: Elsewhere) -> None:
    elsewhere.put(letter(1), flags=r"\Seen \Flagged $Junk work", date="02-Nov-2020 10:00:00 +0330")
    elsewhere.put(letter(2), date="31-Dec-1999 23:59:59 -0800")
    fetch(elsewhere.add())  # a Maildir keeps no zones
    rows = rows_of(
        elsewhere.account, "INBOX", "uid", "flags", "keywords", "internal_date", "internal_zone"
    )
    assert [row[1:] for row in rows] == [
        (5, "$Junk work", 1_604_298_600, 0),
        (0, "", 946_713_599, 0),
    ]


def test_more_keywords_than_a_mailbox_takes_cost_no_message(
    elsewhere: Elsewhere, set_limit: SetLimit
) -> None:
    set_limit(limits.KEYWORDS, 1)
    elsewhere.put(letter(1), flags="one two")
    assert fetch(elsewhere.add()) == (1, 0, 0)
    assert rows_of(elsewhere.account, "INBOX", "uid", "keywords")[0][1] == ""


def test_several_mailboxes_go_where_they_are_to(elsewhere: Elsewhere) -> None:
    mailboxes.create_mailbox(elsewhere.account.pk, "Old/Entwürfe & mehr")
    elsewhere.put(letter(1))
    elsewhere.put(letter(2), mailbox="Work")
    elsewhere.put(letter(3), mailbox='"Entw&APw-rfe &- mehr"')
    wishes = Wishes((("Work", ""), ("Entwürfe & mehr", "Old/Entwürfe & mehr")))
    key = elsewhere.add(wishes=wishes)
    assert fetch(key) == (2, 0, 0)
    assert subjects(elsewhere.here()) == ["Letter 2"]
    assert subjects(elsewhere.here("Old/Entwürfe & mehr")) == ["Letter 3"]
    assert info_of(key).wishes == Wishes(tuple(sorted(wishes.mailboxes)))
    accounts.change_outside(elsewhere.account.pk, "old", Wishes())
    assert fetch(key) == (1, 0, 0)
    accounts.change_outside(elsewhere.account.pk, "old", wishes)
    assert fetch(key) == (0, 0, 0), "what was fetched from a mailbox stays known"


def test_a_mailbox_here_that_is_gone_stops_it_with_a_word(elsewhere: Elsewhere) -> None:
    mailboxes.create_mailbox(elsewhere.account.pk, "Old")
    key = elsewhere.add(wishes=Wishes((("INBOX", "Old"),)))
    elsewhere.put(letter(1))
    mailboxes.rename_mailbox(elsewhere.account.pk, "Old", "Older")
    assert fetch(key) == (1, 0, 0)
    assert info_of(key).wishes.mailboxes == (("INBOX", "Older"),)
    mailboxes.delete_mailbox(elsewhere.account.pk, "Older")
    with pytest.raises(NotFound, match="is gone: say where"):
        fetch(key)
    assert "is gone: say where" in info_of(key).outcome


def test_a_new_uidvalidity_brings_nothing_twice(elsewhere: Elsewhere) -> None:
    elsewhere.put(*[letter(n) for n in range(5)])
    key = elsewhere.add()
    assert fetch(key) == (5, 0, 0)
    before = OutsideMessage.objects.get(uid=1).uid_validity
    elsewhere.dovecot.number_anew(elsewhere.user)
    elsewhere.put(letter(9))
    assert fetch(key) == (1, 5, 0)
    assert fetch(key) == (0, 0, 0)
    assert sorted(subjects(elsewhere.here())) == [*(f"Letter {n}" for n in range(5)), "Letter 9"]
    held = OutsideMessage.objects.filter(outside_id=key)
    assert (held.count(), held.filter(uid_validity=before).count()) == (6, 0)


def test_a_message_that_was_moved_there_is_the_same(elsewhere: Elsewhere) -> None:
    elsewhere.put(letter(1), letter(2))
    elsewhere.put(letter(3), mailbox="Work")
    key = elsewhere.add(wishes=Wishes((("INBOX", ""), ("Work", ""))))
    assert fetch(key) == (3, 0, 0)
    with elsewhere.dovecot.session(elsewhere.user) as session:
        assert session.uid("MOVE", "1", "Work")[0] == "OK"
    assert fetch(key) == (0, 1, 0)


def test_nothing_is_seen_or_gone_there_unless_it_is_wanted(elsewhere: Elsewhere) -> None:
    elsewhere.put(letter(1), letter(2))
    fetch(elsewhere.add())
    assert elsewhere.dovecot.flags_of(elsewhere.user) == [(1, ""), (2, "")]


def test_what_was_fetched_is_seen_there_where_that_is_wanted(elsewhere: Elsewhere) -> None:
    elsewhere.put(letter(1), letter(2))
    key = elsewhere.add(wishes=Wishes(after="seen"))
    fetch(key)
    assert elsewhere.dovecot.flags_of(elsewhere.user) == [(1, r"\Seen"), (2, r"\Seen")]
    with elsewhere.dovecot.session(elsewhere.user) as session:
        session.uid("STORE", "1", "-FLAGS", r"(\Seen)")
    fetch(key)
    assert elsewhere.dovecot.flags_of(elsewhere.user)[0] == (1, ""), "once is enough"


def test_what_was_fetched_goes_there_after_its_days(elsewhere: Elsewhere) -> None:
    elsewhere.put(letter(1))
    key = elsewhere.add(wishes=Wishes(after="delete", delete_days=3))
    fetch(key)
    elsewhere.put(letter(2))
    with elsewhere.dovecot.session(elsewhere.user) as session:
        session.uid("STORE", "1:2", "+FLAGS", r"(\Flagged)")
    OutsideMessage.objects.filter(uid=1).update(fetched_at=1)
    fetch(key)
    assert [uid for uid, _ in elsewhere.dovecot.flags_of(elsewhere.user)] == [2]
    assert subjects(elsewhere.here()) == ["Letter 1", "Letter 2"]


@pytest.mark.parametrize("has_uidplus", [True, False])
def test_what_others_marked_is_not_deleted_with_it(
    elsewhere: Elsewhere, monkeypatch: pytest.MonkeyPatch, *, has_uidplus: bool
) -> None:
    elsewhere.put(letter(1))
    key = elsewhere.add(wishes=Wishes(after="delete"))
    if not has_uidplus:
        monkeypatch.setattr(outside_imap, "UIDPLUS", b"NO-SUCH-THING")
    fetch(key)
    assert elsewhere.dovecot.flags_of(elsewhere.user) == []
    elsewhere.put(letter(2), letter(3))
    accounts.change_outside(elsewhere.account.pk, "old", Wishes())
    fetch(key)
    with elsewhere.dovecot.session(elsewhere.user) as session:
        session.uid("STORE", "2", "+FLAGS", r"(\Deleted)")
    OutsideMessage.objects.filter(uid=2).update(done=2)
    accounts.change_outside(elsewhere.account.pk, "old", Wishes(after="delete"))
    fetch(key)
    left = [(2, r"\Deleted")] if has_uidplus else [(2, r"\Deleted"), (3, r"\Deleted")]
    assert elsewhere.dovecot.flags_of(elsewhere.user) == left


def test_what_is_too_large_is_told_and_left(elsewhere: Elsewhere, set_limit: SetLimit) -> None:
    set_limit(limits.MESSAGE_SIZE, 4_000)
    elsewhere.put(letter(1), letter(2, size=5_000), letter(3))
    key = elsewhere.add(wishes=Wishes(after="delete"))
    assert fetch(key) == (2, 0, 1)
    assert info_of(key).problems == ("it is larger than 4000 octets",)
    assert [uid for uid, _ in elsewhere.dovecot.flags_of(elsewhere.user)] == [2]
    set_limit(limits.MESSAGE_SIZE, 1 << 20)
    accounts.retry_problems(elsewhere.account.pk, "old")
    assert fetch(key) == (1, 0, 0)
    assert max(map(len, elsewhere.here())) == 5_000
    assert elsewhere.dovecot.flags_of(elsewhere.user) == []


def test_a_full_account_takes_what_fits_and_says_so(elsewhere: Elsewhere) -> None:
    from groupware.core.directory import set_quota

    elsewhere.put(*[letter(n, size=1_000) for n in range(5)])
    key = elsewhere.add(wishes=Wishes(after="delete"))
    set_quota(elsewhere.account.login, 2_500)
    with pytest.raises(OverQuota):
        fetch(key)
    assert len(elsewhere.here()) == 2
    assert "full" in info_of(key).outcome
    assert len(elsewhere.dovecot.flags_of(elsewhere.user)) == 5
    set_quota(elsewhere.account.login, 0)
    assert fetch(key) == (3, 0, 0)
    assert [len(data) for data in elsewhere.here()] == [1_000] * 5


def test_many_messages_come_in_batches_and_windows(
    elsewhere: Elsewhere, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outside_imap, "WINDOW", 7)
    monkeypatch.setattr(fetching, "BATCH", 3)
    monkeypatch.setattr(fetching, "BATCH_OCTETS", 2_000)
    sent = [letter(n, size=500 + n) for n in range(31)]
    elsewhere.put(*sent)
    with elsewhere.dovecot.session(elsewhere.user) as session:
        session.uid("STORE", "4,9:12", "+FLAGS", r"(\Deleted)")
        session.expunge()
    left = [data for n, data in enumerate(sent, 1) if n not in {4, 9, 10, 11, 12}]
    key = elsewhere.add()
    assert fetch(key) == (26, 0, 0)
    assert elsewhere.here() == left


def test_a_fetch_whose_time_is_up_goes_on_where_it_was(
    elsewhere: Elsewhere, set_limit: SetLimit, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere.put(*[letter(n) for n in range(4)])
    monkeypatch.setattr(fetching, "BATCH", 1)
    set_limit(limits.OUTSIDE_ROUND, 0)
    key = elsewhere.add()
    assert fetch(key) == (1, 0, 0)
    row = OutsideAccount.objects.get(pk=key)
    assert "more to come" in row.outcome
    assert row.next_at <= row.last_at + 1, "its turn comes again at once"
    set_limit(limits.OUTSIDE_ROUND, 60)
    assert fetch(key) == (3, 0, 0)


@pytest.mark.parametrize(("tls", "port"), [("implicit", "IMAPS"), ("starttls", "IMAP")])
def test_it_comes_over_tls_where_the_certificate_is_true(
    elsewhere: Elsewhere, monkeypatch: pytest.MonkeyPatch, tls: str, port: str
) -> None:
    elsewhere.put(letter(1))
    key = elsewhere.add(tls=tls)
    OutsideAccount.objects.filter(pk=key).update(port=elsewhere.dovecot.ports[port])
    with pytest.raises(GroupwareError, match="cannot be spoken to by TLS: self-signed"):
        fetch(key)
    monkeypatch.setenv("SSL_CERT_FILE", str(elsewhere.dovecot.trusted))
    assert fetch(key) == (1, 0, 0)


def test_a_mailbox_that_is_not_there_is_named(elsewhere: Elsewhere) -> None:
    key = elsewhere.add(wishes=Wishes((("Nowhere", ""),)))
    with pytest.raises(GroupwareError, match="does not open Nowhere"):
        fetch(key)


def test_mailboxes_there_are_listed(elsewhere: Elsewhere) -> None:
    from mail.services.outside import rounds

    elsewhere.put(letter(1), mailbox='"Entw&APw-rfe"')
    elsewhere.put(letter(1), mailbox='"a \\"b\\" c"')
    assert sorted(rounds.check(elsewhere.add())) == ["Entwürfe", "INBOX", 'a "b" c']


def test_what_is_deleted_here_does_not_come_again(elsewhere: Elsewhere) -> None:
    from mail.services.messages import remove_messages

    elsewhere.put(letter(1))
    key = elsewhere.add()
    fetch(key)
    inbox = mailbox(elsewhere.account)
    remove_messages(elsewhere.account.pk, inbox.collection_id, [(1, 1)])
    elsewhere.dovecot.number_anew(elsewhere.user)
    assert fetch(key) == (0, 1, 0)
    assert uids_of(elsewhere.account) == []


def test_a_removed_outside_account_leaves_the_mail(elsewhere: Elsewhere, ann: "Account") -> None:
    elsewhere.put(letter(1))
    fetch(elsewhere.add())
    accounts.remove_outside(ann.pk, "old")
    assert len(elsewhere.here()) == 1
    assert OutsideMessage.objects.count() == OutsideAccount.objects.count() == 0
