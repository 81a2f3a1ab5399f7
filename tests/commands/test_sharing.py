"""Granting and revoking."""

import pytest
from django.core.management import CommandError

from groupware.core import directory, events
from groupware.core.directory import NewAccount
from groupware.core.events import MailboxListChanged
from groupware.core.rights import effective_rights
from tests.commands.running import call, call_json

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def team(transactional_db: None) -> None:
    """Create two people and a group of one of them."""
    directory.create_domain("example.org")
    for name in ("ann", "ben"):
        directory.create_account(NewAccount(f"{name}@example.org"))
    directory.create_group("team@example.org")
    directory.add_member("team@example.org", "ben@example.org")


def rights_of_ben() -> str:
    ben = directory.get_account("ben@example.org")
    ann = directory.get_account("ann@example.org")
    return str(effective_rights(ben.pk, ann.pk))


@pytest.mark.parametrize(
    ("grantee", "name", "kind"),
    [
        ("BEN@example.org", "ben@example.org", "account"),
        ("team@example.org", "team@example.org", "group"),
        ("example.org", "example.org", "domain"),
        ("@example.org", "example.org", "domain"),
    ],
)
def test_a_grant_holds_until_it_is_revoked(grantee: str, name: str, kind: str) -> None:
    granted = call_json("grant", "ann@example.org", grantee, "read", "private")
    where = {"account": "ann@example.org", "collection": "", "grantee": name, "grantee_kind": kind}
    assert granted == where | {"rights": "lrs", "named_rights": ["private"]}
    assert rights_of_ben() == "lrs private"
    assert call_json("revoke", "ann@example.org", grantee) == where
    assert rights_of_ben() == ""
    with pytest.raises(CommandError, match="has no grant there"):
        call("revoke", "ann@example.org", grantee)


def test_a_second_grant_replaces_the_first() -> None:
    call("grant", "ann@example.org/mail/Sent", "ben@example.org", "all")
    text = call("grant", "ann@example.org/mail/Sent", "ben@example.org", "lr")
    assert text == "ben@example.org now has lr on ann@example.org/mail/Sent."
    (held,) = call_json("account", "show", "ann@example.org")["grants"]
    assert held["rights"] == "lr"


def test_granting_and_revoking_is_told_to_every_session() -> None:
    heard: list[object] = []
    end = events.subscribe(heard.append)
    try:
        for words in (("grant", "read"), ("revoke",)):
            call(words[0], "ann@example.org", "ben@example.org", *words[1:])
            assert heard.pop() == MailboxListChanged(directory.get_account("ann@example.org").pk)
    finally:
        end()


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (("ann@example.org", "ben@example.org", "fly"), "'fly' is no right"),
        (("ann@example.org", "ann@example.org", "read"), "owns it and has every right"),
        (("ann@example.org", "missing@example.org", "read"), "There is no account"),
        (("ann@example.org", "nowhere.org", "read"), "There is no domain"),
        (("ann@example.org", "ben", "read"), "neither an address nor a domain"),
        (("ann@example.org/mail/Nowhere", "ben@example.org", "read"), "`account show"),
        (("ann@example.org/files/x", "ben@example.org", "read"), "names no collection"),
        (("ann@example.org", "ben@example.org"), "are required: RIGHTS"),
    ],
)
def test_a_grant_that_cannot_be_is_refused(words: tuple[str, ...], part: str) -> None:
    with pytest.raises(CommandError) as raised:
        call("grant", *words)
    assert part in str(raised.value)
    assert rights_of_ben() == ""


def test_an_alias_is_named_but_not_granted_to() -> None:
    directory.create_address("office@example.org", ["ben@example.org"])
    with pytest.raises(CommandError, match=r"it is an alias of ben@example\.org, write that"):
        call("grant", "ann@example.org", "office@example.org", "read")


@pytest.mark.parametrize("kind", ["calendars/Calendar", "addressbooks/Contacts"])
@pytest.mark.parametrize(
    ("words", "letters", "named"),
    [
        (["read"], "lrs", []),
        (["free-busy"], "", ["free-busy"]),
        (["write", "private"], "lrswipkxte", ["private"]),
        (["write", "private", "manage"], "lrswipkxte", ["private", "manage"]),
    ],
)
def test_calendars_and_address_books_are_granted_by_words(
    kind: str, words: list[str], letters: str, named: list[str]
) -> None:
    target = f"ann@example.org/{kind}"
    answer = call_json("grant", target, "team@example.org", *words)
    assert (answer["rights"], answer["named_rights"]) == (letters, named)
    assert answer["collection"] == target
    call("revoke", target, "team@example.org")


def test_a_delegate_is_of_an_account() -> None:
    answer = call_json("grant", "ann@example.org", "ben@example.org", "delegate-write")
    assert (answer["rights"], answer["named_rights"]) == ("", ["delegate-write"])
    assert rights_of_ben() == "delegate-write"
    with pytest.raises(CommandError, match="name the account"):
        call("grant", "ann@example.org/calendars/Calendar", "ben@example.org", "delegate-read")
