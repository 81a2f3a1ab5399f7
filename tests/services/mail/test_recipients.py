"""What an address leads to."""

import pytest
from pytest_django import DjangoAssertNumQueries

from groupware.core.directory import (
    add_member,
    create_address,
    create_domain,
    create_group,
    rename_account,
    set_active,
    set_quota,
)
from groupware.core.errors import NotFound, OverQuota
from groupware.core.models import Account, AddressTarget, Domain
from mail.services.delivery import Recipient, resolve_recipient
from tests.services.store import append, create, state_of

pytestmark = pytest.mark.django_db


def accounts(address: str) -> list[str]:
    """Return the logins of the accounts that an address leads to, in order."""
    found = Account.objects.in_bulk(resolve_recipient(address).account_ids)
    return [found[key].login.partition("@")[0] for key in resolve_recipient(address).account_ids]


def leads_nowhere(address: str) -> bool:
    try:
        resolve_recipient(address)
    except NotFound:
        return True
    return False


@pytest.mark.parametrize(
    "address", ["ann@example.test", "ANN@Example.TEST", " ann@example.test.", "ann@alias.test"]
)
def test_account_is_found_under_every_form_of_its_address(ann: Account, address: str) -> None:
    create_domain("alias.test", alias_of="example.test")
    assert resolve_recipient(address) == Recipient(address, (ann.pk,))


@pytest.mark.parametrize(
    "address",
    ["", "ann", "@", "@example.test", "nobody@example.test", "ann@elsewhere.test", "a b@example.test",
     "ann@example.test@example.test", "a\0nn@example.test", "a\udce9@example.test", "ann@exa mple.test"],
)  # fmt: skip
def test_address_that_nobody_has_is_not_found(ann: Account, address: str) -> None:
    assert leads_nowhere(address)


def test_alias_list_and_former_address_lead_to_their_accounts(ann: Account, ben: Account) -> None:
    create_address("annie@example.test", ["ann@example.test"])
    create_address("both@example.test", ["ben@example.test", "annie@example.test"])
    rename_account("ann@example.test", "anna@example.test")
    assert accounts("annie@example.test") == accounts("ann@example.test") == ["anna"]
    assert accounts("both@example.test") == ["ben", "anna"]


def test_group_leads_to_its_members_also_through_groups(ann: Account, ben: Account) -> None:
    for name in ("team", "board"):
        create_group(f"{name}@example.test")
    add_member("board@example.test", "ann@example.test")
    add_member("team@example.test", "board@example.test")
    add_member("team@example.test", "ben@example.test")
    add_member("team@example.test", "ann@example.test")
    assert sorted(accounts("team@example.test")) == ["ann", "ben"]


def test_empty_group_leads_to_nobody(domain: Domain) -> None:
    create_group("team@example.test")
    assert leads_nowhere("team@example.test")


def test_detail_is_cut_off_unless_it_is_an_address_itself(ann: Account, ben: Account) -> None:
    assert resolve_recipient("ann+lists@example.test") == Recipient(
        "ann+lists@example.test", (ann.pk,), "lists"
    )
    assert resolve_recipient("ann+a+b@example.test").detail == "a+b"
    create_address("ann+vip@example.test", ["ben@example.test"])
    found = resolve_recipient("ann+vip@example.test")
    assert (found.account_ids, found.detail) == ((ben.pk,), "")
    assert leads_nowhere("+lists@example.test")


def test_catch_all_takes_what_nobody_has(ann: Account, ben: Account) -> None:
    create_address("@example.test", ["ben@example.test"])
    assert accounts("anything@example.test") == ["ben"]
    assert accounts("any+thing@example.test") == ["ben"]
    assert accounts("ann+lists@example.test") == ["ann"]
    create_domain("alias.test", alias_of="example.test")
    assert accounts("anything@alias.test") == ["ben"]


def test_disabled_account_still_receives(ann: Account) -> None:
    set_active("ann@example.test", active=False)
    assert accounts("ann@example.test") == ["ann"]


@pytest.mark.parametrize("kind", ["shared", "room", "equipment"])
def test_everything_that_has_an_address_receives(domain: Domain, kind: str) -> None:
    create("info@example.test", kind=kind)
    assert accounts("info@example.test") == ["info"]


def test_loops_end(ann: Account) -> None:
    create_address("one@example.test", ["ann@example.test"])
    two = create_address("two@example.test", ["one@example.test"])
    one = AddressTarget.objects.get(address__local_part="one").address
    AddressTarget.objects.create(address=one, forward_to="two@example.test")
    assert accounts("one@example.test") == accounts("two@example.test") == ["ann"]
    AddressTarget.objects.filter(address=one).delete()
    AddressTarget.objects.create(address=one, forward_to="two@example.test")
    assert two.targets.count() == 1
    assert leads_nowhere("one@example.test")


def test_chain_of_aliases_is_followed(ann: Account) -> None:
    create_address("a0@example.test", ["ann@example.test"])
    for number in range(10):
        create_address(f"a{number + 1}@example.test", [f"a{number}@example.test"])
    assert accounts("a10@example.test") == ["ann"]


def test_forward_outside_is_told_apart(ann: Account) -> None:
    create_address("out@example.test", ["someone@outside.test"])
    create_address("mixed@example.test", ["ann@example.test", "out@example.test"])
    assert resolve_recipient("out@example.test").outside == ("someone@outside.test",)
    mixed = resolve_recipient("mixed@example.test")
    assert (mixed.account_ids, mixed.outside) == ((ann.pk,), ("someone@outside.test",))


def test_recipients_that_are_all_full_are_refused_before_the_data(
    ann: Account, ben: Account
) -> None:
    create_address("both@example.test", ["ann@example.test", "ben@example.test"])
    append(ann)
    set_quota(ann.login, state_of(ann).bytes_used)
    with pytest.raises(OverQuota):
        resolve_recipient("ann@example.test")
    assert accounts("both@example.test") == ["ann", "ben"]
    set_quota(ann.login, state_of(ann).bytes_used + 1)
    assert accounts("ann@example.test") == ["ann"]
    append(ben)
    set_quota(ann.login, 1)
    set_quota(ben.login, 1)
    with pytest.raises(OverQuota):
        resolve_recipient("both@example.test")


def test_own_address_is_resolved_with_three_narrow_queries(
    ann: Account, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(3):
        found = resolve_recipient("Ann@Example.TEST")
    assert found == Recipient("Ann@Example.TEST", (ann.pk,))


def test_members_of_nested_groups_are_each_found_once(ann: Account, ben: Account) -> None:
    create_group("inner@example.test")
    create_group("outer@example.test")
    add_member("inner@example.test", "ann@example.test", "ben@example.test")
    add_member("outer@example.test", "ben@example.test", "inner@example.test")
    create_address("all@example.test", ["outer@example.test", "ann@example.test"])
    found = resolve_recipient("all@example.test")
    assert sorted(found.account_ids) == sorted((ann.pk, ben.pk))
    assert found.outside == ()


def test_aliases_that_lead_to_each_other_and_away_end(ann: Account) -> None:
    first = create_address("first@example.test", ["away@outside.test"])
    second = create_address("second@example.test", ["ann@example.test", "first@example.test"])
    first.targets.all().delete()
    AddressTarget.objects.create(address=first, forward_to="second@example.test")
    AddressTarget.objects.create(address=second, forward_to="away@outside.example")
    found = resolve_recipient("first@example.test")
    assert (found.account_ids, found.outside) == ((ann.pk,), ("away@outside.example",))
