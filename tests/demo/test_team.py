import itertools
import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pytest_django.fixtures import Settings

from groupware.core import auth, doctor
from groupware.core.clock import epoch
from groupware.core.directory import create_domain, get_account
from groupware.core.errors import AuthenticationFailed, Busy, Invalid, NotAllowed
from groupware.core.models import Account, AccountKind, Domain, OutboxRow
from groupware.core.rights import effective_rights
from groupware.demo import create_demo_team
from groupware.demo.compose import Composed
from groupware.demo.filing import Filer
from groupware.demo.letters import read_letters
from groupware.demo.passwords import keep_passwords, read_passwords
from groupware.demo.people import read_people
from groupware.serve.banner import DEMO_PASSWORDS
from mail.flagrows import list_flags
from mail.flags import ANSWERED, DRAFT, FLAGGED, SEEN
from mail.models import Message
from mail.queries import list_mailboxes, list_subscriptions
from mail.services.delivery import resolve_recipient
from mail.services.listpolicies import describe_list
from mail.services.lists import check_post
from mail.services.messages import PreparedMessage

pytestmark = pytest.mark.django_db


@pytest.fixture
def passwords(settings: Settings) -> Iterator[Path]:
    """Yield where the passwords lie, in the data directory of the tests."""
    path: Path = settings.GROUPWARE_DATA / DEMO_PASSWORDS
    yield path
    path.unlink(missing_ok=True)


@pytest.fixture
def team(passwords: Path) -> dict[str, Account]:
    """Create the team; return its accounts by local part."""
    assert create_demo_team()
    return {account.login.partition("@")[0]: account for account in Account.objects.all()}


def rows(**conditions: Any) -> list[tuple[str, str, str, int, str]]:
    """Return (login, mailbox, Message-ID, flags, keywords) of the messages that match."""
    found = Message.objects.filter(**conditions).values_list(
        "account__login",
        "collection__name",
        "blob__messagecontent__message_id",
        "keywords",
        "collection_id",
        "uid",
    )
    return [
        (login, name, message_id, list_flags(collection_id, [(uid, uid)])[0][1], keywords)
        for login, name, message_id, keywords, collection_id, uid in found
    ]


def test_five_people_a_shared_mailbox_and_a_room(team: dict[str, Account]) -> None:
    kinds = Counter(account.kind for account in team.values())
    assert kinds == {AccountKind.PERSON: 5, AccountKind.SHARED: 1, AccountKind.ROOM: 1}
    assert [name for name, account in team.items() if account.is_superuser] == ["jonas"]
    assert all(account.name for account in team.values())


def test_group_and_aliases_lead_to_the_team(team: dict[str, Account]) -> None:
    people = {account.pk for account in team.values() if account.kind == AccountKind.PERSON}
    assert set(resolve_recipient("team@example.test").account_ids) == people
    for alias, name in (("info", "office"), ("orders", "office"), ("postmaster", "jonas")):
        assert resolve_recipient(f"{alias}@example.test").account_ids == (team[name].pk,)


def test_groups_can_be_written_to_and_say_by_whom(team: dict[str, Account]) -> None:
    everybody, sales = describe_list("team@example.test"), describe_list("sales@example.test")
    assert (everybody.post, everybody.owners) == ("domain", ["jonas@example.test"])
    assert (sales.post, sales.senders) == ("anyone", ["lea@example.test", "marta@example.test"])
    check_post("team@example.test", "yuki@example.test")
    check_post("sales@example.test", "customer@outside.test")
    with pytest.raises(NotAllowed):
        check_post("team@example.test", "customer@outside.test")


def test_the_shared_mailbox_is_granted(team: dict[str, Account]) -> None:
    office = team["office"].pk
    assert {"r", "s", "i", "t", "send-as"} <= _rights(team["lea"].pk, office)
    assert _rights(team["yuki"].pk, office) == {"l", "r", "s"}
    assert "free-busy" in _rights(team["yuki"].pk, team["loft"].pk)


def _rights(account_id: int, owner_id: int) -> set[str]:
    held = effective_rights(account_id, owner_id)
    return {*held.letters, *held.named}


def test_each_password_opens_its_account_and_no_other(
    team: dict[str, Account], passwords: Path
) -> None:
    assert passwords.stat().st_mode & 0o777 == 0o600
    held = [line.split() for line in passwords.read_text().splitlines()]
    assert [login.partition("@")[0] for login, _ in held] == [
        "ada",
        "jonas",
        "lea",
        "marta",
        "yuki",
    ]
    for login, password in held:
        principal = auth.authenticate(login, password, protocol="imap", network="127.0.0.1")
        assert principal.login == login
    with pytest.raises(AuthenticationFailed):
        auth.authenticate(held[0][0], held[1][1], protocol="imap", network="127.0.0.1")


def test_every_message_is_filed_and_each_stored_once(team: dict[str, Account]) -> None:
    written = {letter.id for letter in read_letters()}
    blobs = defaultdict(set)
    for message_id, blob in Message.objects.values_list(
        "blob__messagecontent__message_id", "blob_id"
    ):
        blobs[message_id.strip("<>").partition(".")[0]].add(blob)
    assert blobs.keys() == written
    assert all(len(found) == 1 for found in blobs.values())
    assert len(rows()) > 2 * len(written)


def test_a_sent_copy_shares_its_blob_with_what_arrived(team: dict[str, Account]) -> None:
    sent = Message.objects.filter(account=team["jonas"], collection__name="Sent").order_by("uid")
    copies = Message.objects.filter(blob=sent[0].blob).order_by("account__login")
    assert [copy.account.login.partition("@")[0] for copy in copies] == ["jonas", "marta"]
    own, arrived = copies
    assert (own.prefix_size, arrived.prefix_size > 0) == (0, True)
    assert arrived.size == own.size + arrived.prefix_size
    prefix = bytes(arrived.prefix.data)
    assert prefix.startswith(b"Return-Path: <jonas@example.test>\r\nDelivered-To: marta@")


def test_a_conversation_is_one_thread_in_each_account(team: dict[str, Account]) -> None:
    threads: dict[tuple[int, str], set[int]] = defaultdict(set)
    parents = {letter.id: letter for letter in read_letters()}
    for account_id, message_id, thread_id in Message.objects.values_list(
        "account_id", "blob__messagecontent__message_id", "thread_id"
    ):
        letter = parents[message_id.strip("<>").partition(".")[0]]
        first = list(itertools.chain([letter], letter.ancestors()))[-1]
        threads[account_id, first.id].add(thread_id)
    assert {key: len(found) for key, found in threads.items() if len(found) > 1} == {}
    firsts = Counter(account_id for account_id, _ in threads)
    different = {
        account_id: len(
            {thread for key, found in threads.items() if key[0] == account_id for thread in found}
        )
        for account_id in firsts
    }
    assert different == firsts


def test_flags_are_as_if_people_had_read(team: dict[str, Account]) -> None:
    by_id = {letter.id: letter for letter in read_letters()}
    for login, mailbox, message_id, flags, keywords in rows():
        letter = by_id[message_id.strip("<>").partition(".")[0]]
        name = login.partition("@")[0]
        assert bool(flags & DRAFT) == (mailbox == "Drafts") == letter.draft
        assert bool(flags & FLAGGED) == (name in letter.flagged)
        assert keywords.split() == sorted(letter.keywords.get(name, []))
        if team[name].kind != AccountKind.PERSON:
            assert not flags & SEEN
        elif mailbox in {"Sent", "Drafts"} or flags & ANSWERED:
            assert flags & SEEN
    unread = {
        login for login, mailbox, _, flags, _ in rows() if mailbox == "INBOX" and not flags & SEEN
    }
    assert len(unread) == 7
    assert any(flags & ANSWERED for *_, flags, _ in rows())
    assert any("$Junk" in keywords for *_, keywords in rows(collection__name="Junk"))


def test_mailboxes_below_others_are_made_and_subscribed(team: dict[str, Account]) -> None:
    names = {info.name for info in list_mailboxes(team["jonas"].pk)}
    assert {"Suppliers/Minato", "Machines"} <= names
    assert any(name.startswith("Archive/20") for name in names)
    assert "Suppliers/Minato" in list_subscriptions(team["jonas"].pk)
    for account in team.values():
        assert list_mailboxes(account.pk)[0].items > 0, account.login


def test_internal_dates_are_those_of_the_messages(team: dict[str, Account]) -> None:
    found = Message.objects.values_list(
        "internal_date", "internal_zone", "blob__messagecontent__sent_at", "collection_id"
    ).order_by("collection_id", "uid")
    last: dict[int, int] = {}
    for internal_date, zone, sent_at, collection_id in found:
        assert internal_date == sent_at
        assert epoch() - 60 * 86400 < internal_date <= epoch()
        assert zone % 15 == 0
        assert last.get(collection_id, 0) <= internal_date
        last[collection_id] = internal_date


def test_nothing_waits_to_leave_the_machine(team: dict[str, Account]) -> None:
    assert OutboxRow.objects.count() == 0


def test_doctor_finds_nothing(team: dict[str, Account]) -> None:
    assert [
        found
        for found in doctor.examine(doctor.Examination(deep=True))
        if isinstance(found, doctor.Fault)
    ] == []


def test_a_second_call_does_nothing(team: dict[str, Account], passwords: Path) -> None:
    before = passwords.read_bytes(), len(rows())
    assert not create_demo_team()
    assert (passwords.read_bytes(), len(rows())) == before


def test_where_a_domain_is_nothing_is_created(passwords: Path) -> None:
    create_domain("mine.test")
    assert not create_demo_team()
    assert not Account.objects.exists()
    assert not passwords.exists()


def test_a_domain_that_no_address_can_be_in_is_refused(settings: Settings, passwords: Path) -> None:
    settings.GROUPWARE_DOMAIN = "::1"
    with pytest.raises(Invalid, match="'::1' is not a domain name"):
        create_demo_team()
    assert not Domain.objects.exists()


def test_the_team_has_the_domain_of_the_settings(settings: Settings, passwords: Path) -> None:
    settings.GROUPWARE_DOMAIN = "tern.example.net"
    assert create_demo_team()
    assert get_account("ada@tern.example.net").name == "Ada Lindqvist"
    assert {person.address for person in read_people("tern.example.net").persons()} == set(
        read_passwords(passwords)
    )


def test_a_failure_in_the_middle_leaves_nobody(
    monkeypatch: pytest.MonkeyPatch, passwords: Path
) -> None:
    filed: list[Composed] = []
    original = Filer.file

    def fail_later(self: Filer, composed: Composed, prepared: PreparedMessage) -> None:
        if len(filed) == 50:
            raise Busy("The server is busy.")
        filed.append(composed)
        original(self, composed, prepared)

    monkeypatch.setattr(Filer, "file", fail_later)
    with pytest.raises(Busy):
        create_demo_team()
    assert not Account.objects.exists()
    assert not Domain.objects.exists()
    before = passwords.read_bytes()
    monkeypatch.undo()
    assert create_demo_team()
    assert passwords.read_bytes() == before


def test_what_is_no_password_is_not_kept(tmp_path: Path) -> None:
    path = tmp_path / DEMO_PASSWORDS
    path.write_text("ada@example.test short\n\nnonsense\nlea@example.test long-enough\n")
    kept = keep_passwords(tmp_path, ["ada@example.test", "lea@example.test"])
    assert kept["lea@example.test"] == "long-enough"
    assert len(kept["ada@example.test"]) == 19
    assert read_passwords(path) == kept
    assert json.dumps(kept) == json.dumps(keep_passwords(tmp_path, kept))
