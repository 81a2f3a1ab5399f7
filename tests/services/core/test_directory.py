"""Domains, addresses and groups."""

import pytest

from groupware.core.directory import (
    add_member,
    create_address,
    create_domain,
    create_group,
    delete_address,
    delete_domain,
    delete_group,
    get_domain,
    get_group,
    remove_member,
)
from groupware.core.errors import AlreadyExists, Invalid, NotFound
from groupware.core.models import Account, Address, AddressKind, Domain, Group, GroupMember

pytestmark = pytest.mark.django_db


def targets(address: Address) -> list[str]:
    """Return what an address leads to."""
    return sorted(
        str(target.account or target.group or target.forward_to) for target in address.targets.all()
    )


@pytest.mark.parametrize(
    ("text", "name"),
    [("Example.Org.", "example.org"), (" mail.example.org ", "mail.example.org"),
     ("BÜCHER.test", "xn--bcher-kva.test"), ("xn--BCHER-kva.test", "xn--bcher-kva.test"), ("localhost", "localhost")],
)  # fmt: skip
def test_domain_has_one_form(db: None, text: str, name: str) -> None:
    assert create_domain(text).name == name
    assert get_domain(text).name == name
    with pytest.raises(AlreadyExists):
        create_domain(name)


@pytest.mark.parametrize(
    "name", ["", ".", "a..b", "-a.test", "a-.test", "a b", "a_b", "x" * 64, "a." * 130, "é" * 80, "a@b", "\ud800"]
)  # fmt: skip
def test_impossible_domains_are_refused(db: None, name: str) -> None:
    with pytest.raises(Invalid):
        create_domain(name)


def test_alias_of_a_domain_leads_to_a_domain_that_is_none(domain: Domain) -> None:
    alias = create_domain("alias.test", alias_of="Example.Test")
    assert alias.alias_of == domain
    with pytest.raises(Invalid):
        create_domain("further.test", alias_of="alias.test")
    with pytest.raises(NotFound):
        create_domain("other.test", alias_of="nowhere.test")


def test_domain_goes_when_nothing_lives_in_it(ann: Account) -> None:
    create_domain("alias.test", alias_of="example.test")
    with pytest.raises(Invalid):
        delete_domain("example.test")
    delete_domain("alias.test")
    create_domain("empty.test")
    create_group("team@empty.test")
    with pytest.raises(Invalid):
        delete_domain("empty.test")
    delete_group("team@empty.test")
    delete_domain("empty.test")
    with pytest.raises(NotFound):
        delete_domain("empty.test")


def test_kind_of_an_address_follows_from_what_it_is(ann: Account, ben: Account) -> None:
    both = ["ann@example.test", "ben@example.test"]
    assert create_address("one@example.test", both[:1]).kind == AddressKind.ALIAS
    assert create_address("both@example.test", both).kind == AddressKind.LIST
    assert create_address("@example.test", both).kind == AddressKind.CATCH_ALL


def test_address_leads_to_accounts_groups_addresses_and_outside(ann: Account) -> None:
    create_group("team@example.test")
    create_address("alias@example.test", ["ann@example.test"])
    made = create_address(
        "All@Example.Test",
        ["ANN@example.test", "team@example.test", "alias@example.test", "X@Outside.Test"],
    )
    assert str(made) == "all@example.test"
    assert targets(made) == [
        "alias@example.test", "ann@example.test", "team@example.test", "x@outside.test",
    ]  # fmt: skip


def test_target_that_is_named_twice_is_one(ann: Account) -> None:
    made = create_address(
        "a@example.test", ["ann@example.test", "ANN@example.test", "x@y.test", "x@y.test"]
    )
    assert targets(made) == ["ann@example.test", "x@y.test"]


@pytest.mark.parametrize("leads_to", [[], ["nobody@example.test"], ["not an address"], ["@x.test"]])
def test_address_that_would_lead_nowhere_is_refused(ann: Account, leads_to: list[str]) -> None:
    with pytest.raises((Invalid, NotFound)):
        create_address("a@example.test", leads_to)
    assert not Address.objects.filter(local_part="a").exists()


@pytest.mark.parametrize("name", ["ann@example.test", "team@example.test", "@example.test"])
def test_address_that_is_taken_is_refused(ann: Account, name: str) -> None:
    create_group("team@example.test")
    create_address("@example.test", ["ann@example.test"])
    with pytest.raises(AlreadyExists):
        create_address(name, ["ann@example.test"])


def test_addresses_are_in_domains_that_are_no_aliases(ann: Account) -> None:
    create_domain("alias.test", alias_of="example.test")
    with pytest.raises(Invalid):
        create_address("a@alias.test", ["ann@example.test"])
    assert targets(create_address("a@example.test", ["ann@alias.test"])) == ["ann@alias.test"]


def test_deleted_address_is_free_again(ann: Account) -> None:
    create_address("@example.test", ["ann@example.test"])
    delete_address("@EXAMPLE.test")
    create_address("@example.test", ["ann@example.test"])
    with pytest.raises(NotFound):
        delete_address("nobody@example.test")


def test_primary_address_goes_only_with_its_account(ann: Account) -> None:
    with pytest.raises(Invalid):
        delete_address("ann@example.test")


def test_group_is_written_to_under_its_name(domain: Domain) -> None:
    group = create_group("Team@Example.Test", description="Everybody")
    address = Address.objects.get(local_part="team")
    assert (group.name, targets(address), address.kind) == (
        "team@example.test",
        ["team@example.test"],
        AddressKind.LIST,
    )
    with pytest.raises(AlreadyExists):
        create_group("team@example.test")


def test_members_come_and_go_all_or_none(ann: Account, ben: Account) -> None:
    group = create_group("team@example.test")
    with pytest.raises(NotFound):
        add_member("team@example.test", "ann@example.test", "nobody@example.test")
    assert group.members.count() == 0
    add_member("team@example.test", "ANN@example.test", "ben@example.test")
    with pytest.raises(AlreadyExists):
        add_member("team@example.test", "ann@example.test")
    with pytest.raises(NotFound):
        remove_member("team@example.test", "ann@example.test", "team@example.test")
    assert group.members.count() == 2
    remove_member("team@example.test", "ann@example.test", "ben@example.test")
    assert group.members.count() == 0


def test_group_never_comes_to_hold_itself(domain: Domain) -> None:
    for name in ("a", "b", "c"):
        create_group(f"{name}@example.test")
    add_member("a@example.test", "b@example.test")
    add_member("b@example.test", "c@example.test")
    for holder, member in (("a", "a"), ("b", "a"), ("c", "a")):
        with pytest.raises(Invalid):
            add_member(f"{holder}@example.test", f"{member}@example.test")
    add_member("a@example.test", "c@example.test")
    assert GroupMember.objects.count() == 3


def test_deleted_group_takes_the_addresses_that_lead_only_to_it(ann: Account) -> None:
    for name in ("team", "all"):
        create_group(f"{name}@example.test")
    add_member("all@example.test", "team@example.test")
    add_member("team@example.test", "ann@example.test")
    create_address("crew@example.test", ["team@example.test"])
    mixed = create_address("mixed@example.test", ["team@example.test", "ann@example.test"])
    delete_group("TEAM@example.test")
    assert not Group.objects.filter(name="team@example.test").exists()
    assert not Address.objects.filter(local_part__in=["team", "crew"]).exists()
    assert targets(mixed) == ["ann@example.test"]
    assert get_group("all@example.test").members.count() == 0
    with pytest.raises(NotFound):
        delete_group("team@example.test")
