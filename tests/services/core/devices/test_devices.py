"""Devices: what is noted at the door, written a moment later, shown, and forgotten."""

import pytest

from groupware.core import auth, clock, db, devices, flushing, limits
from groupware.core.db.transactions import write_lock
from groupware.core.devices import contacts
from groupware.core.devices.contacts import HOUR
from groupware.core.devices.writing import BATCH, FLUSH_SECONDS, SEEN_SECONDS
from groupware.core.directory import delete_account
from groupware.core.errors import Busy
from groupware.core.models import Account, Collection, Device, DeviceState, Domain, LoginHour
from tests.conftest import SetLimit
from tests.services.contacts.cards import book_of, put
from tests.services.core.devices.people import NETWORK, Time, contact, log_in
from tests.services.store import append, create, mailbox

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("cheap_hashes")]


def test_a_login_is_a_device_once_it_is_written(eve: Account) -> None:
    log_in("Eve@example.test", client="Thunderbird 128.0 Linux")
    assert devices.list_devices(eve.pk) == []
    assert devices.flush() == 1
    [held] = devices.list_devices(eve.pk)
    assert (held.protocol, held.client, held.network) == (
        "imap",
        "Thunderbird 128.0 Linux",
        NETWORK,
    )
    assert (held.credential, held.label, held.behind, held.collections) == (
        "password",
        "",
        None,
        (),
    )
    assert held.first_seen == held.last_seen >= clock.epoch() - 5


def test_a_program_is_the_same_after_an_update_and_from_elsewhere(eve: Account) -> None:
    log_in(eve.login, client="iOS/17.5 (21F79) accountsd/1.0", protocol="dav")
    log_in(
        eve.login, client="iOS/18.0 (22A33) accountsd/1.0", protocol="dav", network="198.51.100.1"
    )
    devices.flush()
    [held] = devices.list_devices(eve.pk)
    assert (held.client, held.network) == ("iOS/18.0 (22A33) accountsd/1.0", "198.51.100.1")


def test_programs_without_a_name_are_told_apart_by_network(eve: Account) -> None:
    log_in(eve.login, "pop3")
    log_in(eve.login, "pop3", network="198.51.100.1")
    log_in(eve.login, "smtp", "[192.0.2.1]")
    devices.flush()
    held = devices.list_devices(eve.pk)
    assert sorted((one.protocol, one.network) for one in held) == [
        ("pop3", NETWORK),
        ("pop3", "198.51.100.1"),
        ("smtp", NETWORK),
    ]


def test_an_app_password_is_one_device_wherever_it_is_and_ends_with_it(eve: Account) -> None:
    phone = auth.create_app_password(eve.pk, "phone", frozenset({"pop3"}))
    log_in(eve.login, "pop3", password=phone)
    log_in(eve.login, "pop3", password=phone, network="198.51.100.1")
    log_in(eve.login, "pop3")
    devices.flush()
    named = {one.label: one.credential for one in devices.list_devices(eve.pk)}
    assert named == {"phone": "app-password", "": "password"}
    last = devices.find_contact(log_in(eve.login, "pop3", password=phone), "pop3", NETWORK)
    auth.revoke_app_password(eve.pk, phone.partition("-")[0])
    last.touch()
    devices.finish()
    assert [one.label for one in devices.list_devices(eve.pk)] == [""]


def test_a_device_that_tells_its_name_later_is_one(eve: Account) -> None:
    nameless = devices.find_contact(log_in(eve.login), "imap", NETWORK)
    devices.flush()
    named = devices.note_client(nameless, "K-9 Mail 6.8")
    assert named is devices.note_client(named, "K-9 Mail 6.9")
    devices.flush()
    [held] = devices.list_devices(eve.pk)
    assert held.client == "K-9 Mail 6.8"


def test_a_device_that_never_tells_its_name_stays_beside_one_that_did(eve: Account) -> None:
    silent = devices.find_contact(log_in(eve.login), "imap", NETWORK)
    devices.flush()
    assert devices.find_contact(log_in(eve.login), "imap", NETWORK) is silent
    devices.note_client(silent, "K-9 Mail 6.8")
    devices.flush()
    assert {held.client for held in devices.list_devices(eve.pk)} == {"", "K-9 Mail 6.8"}


def test_two_that_tell_their_names_later_leave_no_nameless_one(eve: Account) -> None:
    first, second = (devices.find_contact(log_in(eve.login), "imap", NETWORK) for _ in range(2))
    devices.flush()
    devices.note_client(first, "K-9 Mail 6.8")
    devices.note_client(second, "Thunderbird 128")
    devices.flush()
    clients = {held.client for held in devices.list_devices(eve.pk)}
    assert clients == {"K-9 Mail 6.8", "Thunderbird 128"}


def test_a_name_told_while_the_device_is_written_is_the_only_one(eve: Account) -> None:
    nameless = devices.find_contact(log_in(eve.login), "imap", NETWORK)
    taken = contacts.take_dirty(10)
    devices.note_client(nameless, "K-9 Mail 6.8")
    contacts.put_back(taken)
    devices.flush()
    assert [held.client for held in devices.list_devices(eve.pk)] == ["K-9 Mail 6.8"]


def test_a_name_keeps_no_more_than_can_be_shown(eve: Account) -> None:
    log_in(eve.login, client="a\0b\n\ud800 " + "x" * 1_000)
    devices.flush()
    [held] = devices.list_devices(eve.pk)
    assert held.client == ("a b " + "x" * 1_000)[: contacts.MAX_CLIENT]


def test_being_seen_again_is_written_now_and_then(eve: Account, time: Time) -> None:
    held = contact(eve, "mutt")
    devices.flush()
    time.now += SEEN_SECONDS - 1
    held.touch()
    assert devices.flush() == 0
    time.now += 1
    held.touch()
    assert devices.flush() == 1
    [entry] = devices.list_devices(eve.pk)
    assert (entry.first_seen, entry.last_seen) == (time.now - SEEN_SECONDS, time.now)
    time.now += 1
    held.touch()
    devices.finish()
    assert devices.list_devices(eve.pk)[0].last_seen == time.now


def test_behind_is_what_came_and_went_since_it_was_told(eve: Account) -> None:
    held, other = contact(eve, "mutt"), contact(eve, "aerc")
    inbox = mailbox(eve)
    held.tell(inbox.collection_id, inbox.highest_modseq)
    append(eve)
    append(eve)
    now = mailbox(eve)
    other.tell(inbox.collection_id, now.highest_modseq)
    devices.flush()
    behind = {one.client: one.behind for one in devices.list_devices(eve.pk)}
    assert behind == {"mutt": devices.Behind(2), "aerc": devices.Behind(0)}
    held.tell(inbox.collection_id, now.highest_modseq)
    devices.flush()
    assert {one.behind for one in devices.list_devices(eve.pk)} == {devices.Behind(0)}


def test_what_was_told_by_the_id_of_a_collection_is_of_ones_own_alone(
    eve: Account, ann: Account
) -> None:
    held = contact(eve, "curl", "api")
    book, foreign = (Collection.objects.get(pk=book_of(one)) for one in (eve, ann))
    held.tell(book.object_id, book.highest_modseq)
    held.tell(foreign.object_id, foreign.highest_modseq)
    held.tell("gone", 5)
    put(eve, book.pk, "a")
    devices.flush()
    [entry] = devices.list_devices(eve.pk)
    assert [(one.name, one.behind.number) for one in entry.collections] == [
        (f"addressbooks/{book.name}", 1)
    ]
    assert DeviceState.objects.count() == 1


def test_counting_ends_at_a_bound(eve: Account, set_limit: SetLimit) -> None:
    set_limit(limits.DEVICE_BEHIND, 3)
    far, near = contact(eve, "mutt"), contact(eve, "aerc")
    inbox = mailbox(eve)
    far.tell(inbox.collection_id, inbox.highest_modseq)
    for _ in range(5):
        append(eve)
    near.tell(inbox.collection_id, mailbox(eve).highest_modseq)
    append(eve)
    devices.flush()
    behind = {one.client: one.behind for one in devices.list_devices(eve.pk)}
    assert behind == {"mutt": devices.Behind(3, is_least=True), "aerc": devices.Behind(1)}


def test_one_device_more_forgets_the_one_unseen_longest(
    eve: Account, time: Time, set_limit: SetLimit
) -> None:
    set_limit(limits.DEVICES, 2)
    for name in ("mutt", "aerc", "pine"):
        time.now += 1
        contact(eve, name)
        devices.flush()
    assert [one.client for one in devices.list_devices(eve.pk)] == ["pine", "aerc"]


def test_who_does_not_come_back_is_forgotten(eve: Account, time: Time, set_limit: SetLimit) -> None:
    set_limit(limits.DEVICES_DAYS, 30)
    held = contact(eve, "mutt")
    held.tell(mailbox(eve).collection_id, 1)
    held.tell(1 << 40, 1)
    devices.flush()
    assert devices.expire() == 1  # what is known of a collection that is gone
    time.now += 30 * 86_400
    assert devices.expire() == 0
    time.now += HOUR
    contact(eve, "aerc")
    devices.flush()
    assert devices.expire() == 2
    assert [one.client for one in devices.list_devices(eve.pk)] == ["aerc"]
    assert LoginHour.objects.count() == 1
    held.touch()
    devices.flush()
    assert devices.list_devices(eve.pk)[0].collections[0].name == "mail/INBOX"


def test_nothing_is_written_of_an_account_that_is_gone(eve: Account, ann: Account) -> None:
    contact(eve, "mutt").tell(mailbox(eve).collection_id, 1)
    contact(ann, "mutt")
    devices.flush()
    contact(eve, "aerc")
    contact(ann, "aerc")
    delete_account(eve.login)
    devices.flush()
    assert set(Device.objects.values_list("account_id", flat=True)) == {ann.pk}


def test_many_devices_are_written_in_several_transactions(domain: Domain) -> None:
    person = create("many@example.test")
    for number in range(BATCH + 1):
        name = "".join(chr(ord("a") + int(digit)) for digit in str(number))
        contact(person, name)
    assert devices.flush() == BATCH + 1
    assert Device.objects.count() == limits.DEVICES.value


@pytest.mark.sqlite
@pytest.mark.django_db(transaction=True)
def test_what_cannot_be_written_now_is_kept(eve: Account, set_limit: SetLimit) -> None:
    contact(eve, "mutt")
    set_limit(limits.LOCK_TIMEOUT, 0.1)
    with write_lock().held(5), pytest.raises(Busy):
        devices.flush()
    assert devices.flush() == 1
    assert [one.succeeded for one in devices.login_counts(None, 0)] == [1]


@pytest.mark.django_db(transaction=True)
def test_a_process_that_serves_writes_by_itself_and_at_its_end(eve: Account) -> None:
    flusher = flushing.Flusher()
    contact(eve, "mutt")
    flusher.close()
    assert [one.client for one in devices.list_devices(eve.pk)] == ["mutt"]
    assert flushing.TURN_SECONDS < FLUSH_SECONDS


def test_queries_go_by_indexes(eve: Account) -> None:
    """No table is read through: what is asked of one account costs by its devices."""
    contact(eve, "mutt").tell(mailbox(eve).collection_id, 1)
    devices.flush()
    append(eve)
    assert devices.list_devices(eve.pk)[0].behind == devices.Behind(1)
    assert _full_scans(eve) == []


def _full_scans(account: Account) -> list[str]:
    found = []
    seen: list[tuple[str, list[object]]] = []
    fetch = db.fetch_rows

    def noting(query: str, params: list[object] = []) -> list[tuple[object, ...]]:  # noqa: B006
        seen.append((query, list(params)))
        return fetch(query, params)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(db, "fetch_rows", noting)
        devices.list_devices(account.pk)
    explain = "EXPLAIN QUERY PLAN " if db.is_sqlite() else "EXPLAIN "
    if not db.is_sqlite():
        db.execute("SET LOCAL enable_seqscan = off")  # small tables are read through otherwise
    for query, params in seen:
        plan = fetch(explain + query, params)
        lines = [str(row[-1]) for row in plan]
        found += [line for line in lines if line.startswith("SCAN ") or "Seq Scan" in line]
    return found
