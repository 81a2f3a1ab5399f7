"""Domains, addresses and groups."""

import pytest
from django.core.management import CommandError
from pytest_django import DjangoAssertNumQueries

from groupware.core import directory
from groupware.core.directory import NewAccount
from tests.commands.running import call, call_json

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def team(db: None) -> None:
    """Create a domain with two people."""
    directory.create_domain("example.org")
    for name in ("ann", "ben"):
        directory.create_account(NewAccount(f"{name}@example.org"))


def refusal(*words: str) -> str:
    with pytest.raises(CommandError) as raised:
        call(*words)
    return str(raised.value)


def test_a_domain_may_be_another_name_of_one() -> None:
    created = call_json("domain", "create", "Bücher.example", "--alias-of", "example.org")
    assert created == {"name": "xn--bcher-kva.example", "alias_of": "example.org"}
    assert "is an alias itself" in refusal(
        "domain", "create", "third.org", "--alias-of", "bücher.example"
    )
    assert call("domain", "list").splitlines() == [
        "DOMAIN                 ALIAS OF     ACCOUNTS  GROUPS  ADDRESSES",
        "example.org            -            2         0       2",
        "xn--bcher-kva.example  example.org  0         0       0",
    ]


def test_a_domain_that_something_lives_in_is_not_deleted() -> None:
    assert "delete those first" in refusal("domain", "delete", "example.org")
    call("domain", "create", "empty.org")
    assert call_json("domain", "delete", "EMPTY.org") == {"deleted": "empty.org"}
    assert [held["name"] for held in call_json("domain", "list")] == ["example.org"]


def test_without_a_domain_the_list_says_how_to_create_one() -> None:
    for name in ("ann", "ben"):
        directory.delete_account(f"{name}@example.org")
    call("domain", "delete", "example.org")
    assert call("domain", "list") == "There is no domain yet: create one with `domain create NAME`."
    assert call_json("domain", "list") == []


def test_an_address_leads_to_accounts_groups_and_outside() -> None:
    call("group", "create", "team@example.org")
    targets = ["ann@example.org", "team@example.org", "someone@outside.net"]
    created = call_json("address", "create", "office@example.org", "--to", *targets)
    assert created == {"address": "office@example.org", "kind": "list", "targets": targets}
    text = call("address", "create", "info@example.org", "--to", "ann@example.org")
    assert text == "Mail to info@example.org now goes to ann@example.org."
    assert call("address", "list").splitlines() == [
        "ADDRESS             KIND     LEADS TO",
        "ann@example.org     primary  ann@example.org",
        "ben@example.org     primary  ben@example.org",
        "info@example.org    alias    ann@example.org",
        "office@example.org  list     ann@example.org, team@example.org, someone@outside.net",
        "team@example.org    list     team@example.org",
    ]


def test_targets_may_be_given_one_by_one() -> None:
    words = ("--to", "ann@example.org", "--to", "ben@example.org")
    created = call_json("address", "create", "both@example.org", *words)
    assert created["targets"] == ["ann@example.org", "ben@example.org"]


def test_a_catch_all_takes_what_has_no_address_of_its_own() -> None:
    created = call_json("address", "create", "@example.org", "--to", "ann@example.org")
    assert (created["address"], created["kind"]) == ("@example.org", "catch-all")
    assert call_json("address", "delete", "@example.org") == {"deleted": "@example.org"}


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (("create", "ann@example.org", "--to", "ben@example.org"), "is taken"),
        (("create", "a@example.org", "--to", "missing@example.org"), "create it first"),
        (("create", "a@nowhere.org", "--to", "ann@example.org"), "`domain create nowhere.org`"),
        (("create", "a@example.org"), "are required: --to"),
        (("delete", "ann@example.org"), "rename or delete the account"),
        (("delete", "missing@example.org"), "There is no address"),
        (("list", "nowhere.org"), "There is no domain"),
    ],
)
def test_an_address_that_cannot_be_is_refused(words: tuple[str, ...], part: str) -> None:
    assert part in refusal("address", *words)
    assert len(call_json("address", "list")) == 2


def test_a_group_has_members_all_or_none() -> None:
    created = call_json("group", "create", "Team@example.org", "--description", "Everybody")
    assert created == {"name": "team@example.org", "description": "Everybody", "members": []}
    assert "There is no account" in refusal(
        "group", "add", "team@example.org", "ann@example.org", "missing@example.org"
    )
    assert call_json("group", "list")[0]["members"] == []
    added = call_json("group", "add", "team@example.org", "ben@example.org", "ann@example.org")
    assert added["members"] == ["ann@example.org", "ben@example.org"]
    assert "is in team@example.org already" in refusal(
        "group", "add", "team@example.org", "ann@example.org"
    )
    assert call("group", "list").splitlines() == [
        "GROUP             DESCRIPTION  MEMBERS",
        "team@example.org  Everybody    ann@example.org, ben@example.org",
    ]
    text = call("group", "remove", "team@example.org", "ann@example.org")
    assert text == "team@example.org now has 1 member: ben@example.org."
    assert "is not in team@example.org" in refusal(
        "group", "remove", "team@example.org", "ben@example.org", "ann@example.org"
    )
    assert call_json("group", "list")[0]["members"] == ["ben@example.org"]


def test_a_group_never_comes_to_hold_itself() -> None:
    for name in ("one", "two"):
        call("group", "create", f"{name}@example.org")
    call("group", "add", "one@example.org", "two@example.org")
    assert "come to hold itself" in refusal("group", "add", "two@example.org", "one@example.org")


def test_listings_take_the_same_queries_however_much_there_is(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    def list_everything() -> None:
        directory.list_domains()
        directory.list_accounts()
        directory.list_addresses()
        directory.list_groups()

    for number in range(3):
        with django_assert_num_queries(4 + 1 + 2 + 2):
            list_everything()
        directory.create_domain(f"domain{number}.org")
        directory.create_account(NewAccount(f"cy@domain{number}.org"))
        directory.create_group(f"team@domain{number}.org")
        directory.add_member(f"team@domain{number}.org", "ann@example.org", "ben@example.org")


def test_a_deleted_group_leaves_its_members() -> None:
    call("group", "create", "team@example.org")
    call("group", "add", "team@example.org", "ann@example.org")
    assert call_json("group", "delete", "TEAM@example.org") == {"deleted": "team@example.org"}
    assert call("group", "list").startswith("There is no group yet")
    assert [held["address"] for held in call_json("account", "list")] == [
        "ann@example.org",
        "ben@example.org",
    ]
    assert "There is no group" in refusal("group", "delete", "team@example.org")
