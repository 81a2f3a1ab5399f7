import pytest

from groupware.core import rights
from groupware.core.directory import (
    add_member,
    create_domain,
    create_group,
    delete_group,
    remove_member,
    rename_account,
)
from groupware.core.errors import Invalid, NotFound
from groupware.core.events import MailboxListChanged
from groupware.core.holdings import find_owner, list_owners
from groupware.core.models import Account, Domain, Grant
from groupware.core.rights import (
    ALL,
    Rights,
    change_grant,
    effective_rights,
    find_grantee,
    grant,
    list_grants,
    on_calendar,
    parse_rights,
    revoke,
    with_obsolete,
)
from mail.services.mailboxes import delete_mailbox
from tests.services.store import collection_of, create, state_of
from tests.services.threads import SECONDS, threads

pytestmark = pytest.mark.django_db


def held(account: Account, owner: Account, name: str = "") -> str:
    """Return what an account may do with a mailbox of another, or with the whole account."""
    collection_id = collection_of(owner, name).pk if name else None
    return str(effective_rights(account.pk, owner.pk, collection_id))


@pytest.mark.parametrize(
    ("text", "expected"),
    [("lrs", "lrs"), ("srl", "lrs"), ("read", "lrs"), ("write", "lrswipkxte"), ("ALL", rights.LETTERS),
     ("cd", "kxte"), ("l, r+s", "lrs"), ("free-busy", "free-busy"), ("read send-as", "lrs send-as"),
     ("manage private l", "l private manage"), ("ll ll", "l")],
)  # fmt: skip
def test_rights_are_read_into_one_form(text: str, expected: str) -> None:
    assert str(parse_rights(text)) == expected


@pytest.mark.parametrize(
    "text", ["", " , ", "z", "lrz", "viewer", "free_busy", "\0", "l" * 10_000 + "!"]
)
def test_what_is_no_right_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        parse_rights(text)


@pytest.mark.parametrize(
    ("letters", "told"),
    [
        ("", ""),
        ("lrs", "lrs"),
        ("lrswipkxtea", "lrswipkxtecda"),
        ("lrk", "lrkc"),
        ("lrea", "lreda"),
        ("lrx", "lrxd"),
    ],
)
def test_rights_are_told_with_the_obsolete_letters_that_they_make(letters: str, told: str) -> None:
    assert with_obsolete(letters) == told


def test_owner_has_every_right(ann: Account) -> None:
    assert effective_rights(ann.pk, ann.pk) == ALL
    assert "a" in effective_rights(ann.pk, ann.pk, collection_of(ann).pk)
    with pytest.raises(Invalid):
        grant(ann, None, ann, parse_rights("all"))


def test_nobody_else_has_any(ann: Account, ben: Account) -> None:
    assert not effective_rights(ben.pk, ann.pk, collection_of(ann).pk)
    assert held(ben, ann) == ""


def test_grant_on_a_mailbox_is_for_that_one(ann: Account, ben: Account) -> None:
    grant(ann, collection_of(ann, "Sent"), ben, parse_rights("read"))
    assert held(ben, ann, "Sent") == "lrs"
    assert held(ben, ann, "INBOX") == ""
    assert held(ben, ann) == ""


def test_grant_on_an_account_is_for_all_of_it(ann: Account, ben: Account) -> None:
    grant(ann, None, ben, parse_rights("lr send-as"))
    grant(ann, collection_of(ann, "Sent"), ben, parse_rights("w"))
    assert held(ben, ann) == held(ben, ann, "INBOX") == "lr send-as"
    assert held(ben, ann, "Sent") == "lrw send-as"


def test_collection_of_another_owner_gives_nothing(ann: Account, ben: Account) -> None:
    cai = create("cai@example.test")
    grant(ann, collection_of(ann), cai, parse_rights("all"))
    assert not effective_rights(cai.pk, ben.pk, collection_of(ann).pk)


def test_new_grant_replaces_the_old_one(ann: Account, ben: Account) -> None:
    grant(ann, None, ben, parse_rights("all manage"))
    grant(ann, None, ben, parse_rights("l"))
    assert held(ben, ann) == "l"
    assert Grant.objects.count() == 1


def test_revoked_grant_is_gone_at_once(ann: Account, ben: Account) -> None:
    sent = collection_of(ann, "Sent")
    grant(ann, sent, ben, parse_rights("read"))
    with pytest.raises(NotFound):
        revoke(ann, None, ben)
    revoke(ann, sent, ben)
    assert held(ben, ann, "Sent") == ""
    with pytest.raises(NotFound):
        revoke(ann, sent, ben)


def test_group_gives_its_members_rights_also_through_groups(ann: Account, ben: Account) -> None:
    for name in ("team", "all"):
        create_group(f"{name}@example.test")
    grant(ann, None, find_grantee("all@example.test"), parse_rights("read"))
    grant(ann, None, find_grantee("team@example.test"), parse_rights("i free-busy"))
    assert held(ben, ann) == ""
    add_member("team@example.test", "ben@example.test")
    assert held(ben, ann) == "i free-busy"
    add_member("all@example.test", "team@example.test")
    assert held(ben, ann) == "lrsi free-busy"
    remove_member("team@example.test", "ben@example.test")
    assert held(ben, ann) == ""


def test_deleted_group_gives_nothing_any_more(ann: Account, ben: Account) -> None:
    create_group("team@example.test")
    add_member("team@example.test", "ben@example.test")
    grant(ann, None, find_grantee("team@example.test"), parse_rights("read"))
    delete_group("team@example.test")
    assert held(ben, ann) == ""
    assert not Grant.objects.exists()


def test_domain_gives_everybody_in_it_rights(ann: Account, ben: Account) -> None:
    create_domain("other.test")
    outsider = create("cai@other.test")
    grant(ann, None, find_grantee("@example.test"), parse_rights("free-busy"))
    assert held(ben, ann) == "free-busy"
    assert held(outsider, ann) == ""
    rename_account("ben@example.test", "ben@other.test")
    assert held(ben, ann) == ""


def test_rights_from_several_grants_are_added_up(
    ann: Account, ben: Account, domain: Domain
) -> None:
    create_group("team@example.test")
    add_member("team@example.test", "ben@example.test")
    grant(ann, collection_of(ann), ben, parse_rights("s"))
    grant(ann, None, find_grantee("team@example.test"), parse_rights("r"))
    grant(ann, None, domain, parse_rights("l private"))
    assert held(ben, ann, "INBOX") == "lrs private"


def test_grant_goes_with_its_mailbox(ann: Account, ben: Account) -> None:
    grant(ann, collection_of(ann, "Sent"), ben, parse_rights("read"))
    delete_mailbox(ann.pk, "Sent")
    assert not Grant.objects.exists()


def test_grants_are_listed_with_what_they_give(ann: Account, ben: Account, domain: Domain) -> None:
    inbox = collection_of(ann)
    grant(ann, None, ben, parse_rights("read"))
    grant(ann, inbox, domain, parse_rights("l send-as"))
    found = [
        (held.grantee_account or held.grantee_domain, str(rights.rights_of(held)))
        for held in list_grants(ann.pk)
    ]
    assert found == [(ben, "lrs"), (domain, "l send-as")]
    assert [held.collection_id for held in list_grants(ann.pk, collection_id=inbox.pk)] == [
        inbox.pk
    ]
    assert list_grants(ben.pk) == []


@pytest.mark.parametrize("text", ["ben@example.test", " BEN@Example.TEST ", "ben@example.test."])
def test_grantee_is_an_account_in_any_form(ann: Account, ben: Account, text: str) -> None:
    assert find_grantee(text) == ben


def test_grantee_is_a_group_or_a_domain(domain: Domain) -> None:
    group = create_group("team@example.test")
    create_domain("alias.test", alias_of="example.test")
    assert find_grantee("TEAM@example.test") == group
    for text in ("example.test", "@Example.test", "alias.test", "@alias.test"):
        assert find_grantee(text) == domain


@pytest.mark.parametrize(
    "text", ["", "ben", "@", "nobody@example.test", "@nowhere.test", "nowhere.test", "a b@c"]
)
def test_grantee_that_is_nobody_is_refused(domain: Domain, text: str) -> None:
    with pytest.raises((Invalid, NotFound)):
        find_grantee(text)


def test_rights_know_what_they_hold() -> None:
    held = Rights("lrs", ("send-as",))
    assert "l" in held
    assert "send-as" in held
    assert "lr" not in held
    assert "w" not in held
    assert str(held | Rights("w", ("manage",))) == "lrsw send-as manage"
    assert not rights.NONE


@pytest.mark.django_db(transaction=True)
def test_changes_of_rights_are_published(
    ann: Account, ben: Account, published: list[object]
) -> None:
    published.clear()
    grant(ann, None, ben, parse_rights("read"))
    revoke(ann, None, ben)
    assert published == [MailboxListChanged(ann.pk)] * 2


@pytest.mark.django_db(transaction=True)
def test_two_grants_at_once_leave_one(ann: Account, ben: Account) -> None:
    with threads(4) as start:
        granting = [start(lambda: grant(ann, None, ben, parse_rights("read"))) for _ in range(4)]
        assert {str(future.result(SECONDS)) for future in granting} == {"lrs"}
    assert Grant.objects.count() == 1


def test_grants_change_by_what_they_are(ann: Account, ben: Account) -> None:
    inbox = collection_of(ann)
    grant(ann, inbox, ben, parse_rights("lr send-as"))
    changed = change_grant(ann, inbox, ben, lambda held: held | parse_rights("w"))
    assert str(changed) == held(ben, ann, "INBOX") == "lrw send-as"
    change_grant(ann, inbox, ben, lambda held: rights.make_rights("", held.named))
    assert held(ben, ann, "INBOX") == "send-as"
    change_grant(ann, inbox, ben, lambda _: rights.NONE)
    assert list_grants(ann.pk) == []
    with pytest.raises(Invalid):
        change_grant(ann, inbox, ann, lambda held: held)


def test_a_grant_counts_as_a_change_that_processes_poll(ann: Account, ben: Account) -> None:
    counted = [state_of(ann).next_modseq]
    grant(ann, None, ben, parse_rights("lr"))
    counted.append(state_of(ann).next_modseq)
    revoke(ann, None, ben)
    counted.append(state_of(ann).next_modseq)
    assert counted == sorted(set(counted))


@pytest.mark.django_db(transaction=True)
def test_members_are_told_that_a_group_gives_or_takes(
    ann: Account, ben: Account, published: list[object]
) -> None:
    for name in ("inner@example.test", "outer@example.test"):
        create_group(name)
    told = {MailboxListChanged(ann.pk), MailboxListChanged(ben.pk)}

    def heard() -> set[MailboxListChanged]:
        found = {event for event in published if isinstance(event, MailboxListChanged)}
        published.clear()
        return found

    published.clear()
    add_member("inner@example.test", "ann@example.test", "ben@example.test")
    assert heard() == told
    add_member("outer@example.test", "inner@example.test")
    assert heard() == told
    remove_member("inner@example.test", "ben@example.test")
    assert heard() == {MailboxListChanged(ben.pk)}
    remove_member("outer@example.test", "inner@example.test")
    assert heard() == {MailboxListChanged(ann.pk)}
    delete_group("inner@example.test")
    assert heard() == {MailboxListChanged(ann.pk)}


def test_nothing_is_granted_on_or_to_what_was_deleted_since_it_was_read(
    ann: Account, ben: Account
) -> None:
    sent = collection_of(ann, "Sent")
    delete_mailbox(ann.pk, "Sent")
    with pytest.raises(NotFound, match="Sent was deleted"):
        grant(ann, sent, ben, parse_rights("read"))
    group = create_group("team@example.test")
    delete_group("team@example.test")
    with pytest.raises(NotFound, match=r"team@example\.test was deleted"):
        grant(ann, None, group, parse_rights("read"))
    assert not list_grants(ann.pk)


def test_a_delegate_is_one_of_a_whole_account(ann: Account, ben: Account) -> None:
    with pytest.raises(Invalid, match="name the account"):
        grant(ann, collection_of(ann), ben, parse_rights("delegate-read"))
    grant(ann, None, ben, parse_rights("delegate-write free-busy"))
    assert held(ben, ann, "INBOX") == "free-busy delegate-write"
    assert str(on_calendar(effective_rights(ben.pk, ann.pk))) == (
        "lrswipkxte free-busy delegate-write"
    )
    assert on_calendar(parse_rights("l private")) == parse_rights("l private")


def test_owners_are_told_with_all_that_is_granted(ann: Account, ben: Account) -> None:
    cai = create("cai@example.test")
    inbox = collection_of(ann)
    grant(ann, None, ben, parse_rights("free-busy"))
    grant(ann, inbox, find_grantee("@example.test"), parse_rights("read private"))
    grant(cai, None, ann, parse_rights("read"))
    (owner,) = list_owners(ben.pk)
    assert owner == find_owner(ben.pk, ann.pk)
    assert (owner.login, str(owner.rights)) == (ann.login, "free-busy")
    assert str(owner.rights_on(inbox.pk)) == "lrs free-busy private"
    assert str(owner.rights_on(0)) == "free-busy"
    assert find_owner(ben.pk, cai.pk) is None
