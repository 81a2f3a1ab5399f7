from typing import TYPE_CHECKING

import pytest

from groupware.core.errors import NotFound, OverQuota

if TYPE_CHECKING:
    from pytest_django import DjangoAssertNumQueries

    from groupware.core.models import Account, Domain


def test_own_address_is_resolved_with_four_narrow_queries(
    ann: "Account", django_assert_num_queries: "DjangoAssertNumQueries"
) -> None:
    from mail.services.delivery import Recipient, resolve_recipient

    with django_assert_num_queries(4):
        found = resolve_recipient("Ann@Example.TEST")
    assert found == Recipient("Ann@Example.TEST", (ann.pk,))


def test_address_of_an_alias_domain_leads_to_the_same_account(ann: "Account") -> None:
    from groupware.core.directory import create_domain
    from mail.services.delivery import resolve_recipient

    create_domain("example.org", alias_of="example.test")
    assert resolve_recipient("ann@example.org").account_ids == (ann.pk,)


def test_detail_is_cut_off_only_where_the_whole_is_no_address(
    ann: "Account", ben: "Account"
) -> None:
    from groupware.core.directory import create_address
    from mail.services.delivery import resolve_recipient

    create_address("ann+taken@example.test", ["ben@example.test"])
    detailed = resolve_recipient("ann+lists@example.test")
    assert (detailed.account_ids, detailed.detail) == ((ann.pk,), "lists")
    taken = resolve_recipient("ann+taken@example.test")
    assert (taken.account_ids, taken.detail) == ((ben.pk,), "")


def test_catch_all_takes_what_nobody_has(ann: "Account", ben: "Account") -> None:
    from groupware.core.directory import create_address
    from mail.services.delivery import resolve_recipient

    with pytest.raises(NotFound):
        resolve_recipient("nobody@example.test")
    create_address("@example.test", ["ben@example.test"])
    assert resolve_recipient("nobody@example.test").account_ids == (ben.pk,)
    assert resolve_recipient("ann@example.test").account_ids == (ann.pk,)


def test_members_of_nested_groups_are_each_found_once(ann: "Account", ben: "Account") -> None:
    from groupware.core.directory import add_member, create_address, create_group
    from mail.services.delivery import resolve_recipient

    create_group("inner@example.test")
    create_group("outer@example.test")
    add_member("inner@example.test", "ann@example.test", "ben@example.test")
    add_member("outer@example.test", "ben@example.test", "inner@example.test")
    create_address("all@example.test", ["outer@example.test", "ann@example.test"])
    found = resolve_recipient("all@example.test")
    assert sorted(found.account_ids) == sorted((ann.pk, ben.pk))
    assert found.outside == ()


def test_aliases_that_lead_to_each_other_end(ann: "Account") -> None:
    from groupware.core.models import Address, AddressTarget
    from mail.services.delivery import resolve_recipient

    first, second = (
        Address.objects.create(
            domain_id=ann.domain_id, local_part=name, kind="alias", created_at=ann.created_at
        )
        for name in ("first", "second")
    )
    AddressTarget.objects.create(address=first, forward_to="second@example.test")
    AddressTarget.objects.create(address=second, forward_to="first@example.test")
    AddressTarget.objects.create(address=second, account=ann)
    AddressTarget.objects.create(address=second, forward_to="away@outside.example")
    found = resolve_recipient("first@example.test")
    assert (found.account_ids, found.outside) == ((ann.pk,), ("away@outside.example",))


def test_address_whose_accounts_are_all_full_is_refused(ann: "Account", ben: "Account") -> None:
    from groupware.core.directory import create_address, set_quota
    from mail.services.delivery import resolve_recipient
    from tests.services.store import append

    create_address("both@example.test", ["ann@example.test", "ben@example.test"])
    append(ann)
    set_quota("ann@example.test", 1)
    assert len(resolve_recipient("both@example.test").account_ids) == 2
    append(ben)
    set_quota("ben@example.test", 1)
    with pytest.raises(OverQuota):
        resolve_recipient("both@example.test")


def test_domain_that_is_not_here_has_no_recipients(domain: "Domain") -> None:
    from mail.services.delivery import resolve_recipient

    for address in ("ann@elsewhere.example", "no address", "@", "a@b@"):
        with pytest.raises(NotFound):
            resolve_recipient(address)
