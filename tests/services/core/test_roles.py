"""Roles: what each gives and where, whom it does not reach, and who has one."""

import pytest

from groupware.core import audit, directory, roles
from groupware.core.errors import AlreadyExists, Invalid, NotAllowed, NotFound
from groupware.core.models import Account, AdminRole, Domain
from groupware.core.roles import Permission
from tests.services.store import create

pytestmark = pytest.mark.django_db

EVERYTHING = set(Permission)
INSIDE = EVERYTHING - {Permission.INSTALL}
HELP = {Permission.LOOK, Permission.HELP}


@pytest.fixture
def other(db: None) -> Domain:
    """Return a second domain."""
    return directory.create_domain("other.test")


def given(account: Account, domain: Domain) -> set[Permission]:
    """Return what an account may do in a domain."""
    found = set()
    for permission in Permission:
        try:
            roles.check(account.pk, permission, domain)
        except (NotAllowed, NotFound):
            continue
        found.add(permission)
    return found


@pytest.mark.parametrize(
    ("role", "place", "in_own", "in_other"),
    [
        ("global", "", EVERYTHING, EVERYTHING),
        ("domain", "example.test", INSIDE, set()),
        ("domain", "other.test", set(), INSIDE),
        ("help-desk", "", HELP, HELP),
        ("help-desk", "example.test", HELP, set()),
        (None, "", set(), set()),
    ],
)
def test_a_role_gives_what_it_says_where_it_says(  # noqa: PLR0917
    role: str | None,
    place: str,
    in_own: set[Permission],
    in_other: set[Permission],
    domain: Domain,
    other: Domain,
    ann: Account,
) -> None:
    if role is not None:
        roles.grant_role("ann@example.test", role, place)
    assert given(ann, domain) == in_own
    assert given(ann, other) == in_other


def test_a_domain_that_is_not_reached_is_not_known_to_be_there(ann: Account, other: Domain) -> None:
    roles.grant_role("ann@example.test", "domain", "example.test")
    with pytest.raises(NotFound, match=r"There is no domain other\.test"):
        roles.check(ann.pk, Permission.LOOK, other)


def test_without_a_role_nothing_is_allowed(ann: Account, domain: Domain) -> None:
    with pytest.raises(NotAllowed, match="for administrators"):
        roles.check(ann.pk, Permission.LOOK, domain)


def test_another_name_of_a_domain_is_the_domain(ann: Account) -> None:
    alias = directory.create_domain("example.net", alias_of="example.test")
    roles.grant_role("ann@example.test", "domain", "example.test")
    assert Permission.MANAGE in given(ann, alias)
    with pytest.raises(Invalid, match=r"use example\.test"):
        roles.grant_role("ann@example.test", "help-desk", "example.net")


def test_roles_of_several_domains_add_up(ann: Account, domain: Domain, other: Domain) -> None:
    roles.grant_role("ann@example.test", "domain", "example.test")
    roles.grant_role("ann@example.test", "help-desk", "other.test")
    assert given(ann, domain) == INSIDE
    assert given(ann, other) == HELP


def test_a_role_that_was_taken_away_is_gone_at_once(ann: Account, domain: Domain) -> None:
    roles.grant_role("ann@example.test", "domain", "example.test")
    roles.revoke_role("ann@example.test", "domain", "example.test")
    assert given(ann, domain) == set()
    with pytest.raises(NotFound, match="does not have this role"):
        roles.revoke_role("ann@example.test", "domain", "example.test")


@pytest.mark.parametrize(
    ("actor", "target", "reached"),
    [
        # (role, place) of who acts and of whom it is done to, and whether that may be.
        (("global", ""), ("global", ""), True),
        (("global", ""), ("domain", "other.test"), True),
        (("domain", "example.test"), None, True),
        (("domain", "example.test"), ("domain", "example.test"), True),
        (("domain", "example.test"), ("help-desk", "example.test"), True),
        (("domain", "example.test"), ("help-desk", ""), False),
        (("domain", "example.test"), ("domain", "other.test"), False),
        (("domain", "example.test"), ("global", ""), False),
        (("help-desk", ""), None, True),
        (("help-desk", ""), ("help-desk", ""), False),
        (("help-desk", "example.test"), ("help-desk", "example.test"), False),
        (("help-desk", ""), ("domain", "example.test"), False),
    ],
)
def test_nobody_reaches_an_account_whose_roles_give_more_than_his(
    actor: tuple[str, str],
    target: tuple[str, str] | None,
    reached: bool,
    ann: Account,
    ben: Account,
    other: Domain,
) -> None:
    roles.grant_role(ann.login, *actor)
    if target is not None:
        roles.grant_role(ben.login, *target)
    reach = roles.find_reach(ann.pk, Permission.HELP)
    ben.refresh_from_db()
    if reached:
        roles.check_over(reach, ben)
    else:
        with pytest.raises(NotAllowed, match="ask a global administrator"):
            roles.check_over(reach, ben)


def test_a_help_desk_that_rules_a_domain_reaches_no_more_of_the_others(
    ann: Account, ben: Account, other: Domain
) -> None:
    roles.grant_role(ann.login, "help-desk")
    roles.grant_role(ann.login, "domain", "other.test")
    roles.grant_role(ben.login, "domain", "example.test")
    with pytest.raises(NotAllowed):
        roles.check_over(roles.find_reach(ann.pk, Permission.HELP), ben)


def test_the_global_role_and_djangos_superuser_are_one(ann: Account) -> None:
    roles.grant_role(ann.login, "global")
    ann.refresh_from_db()
    assert (ann.is_superuser, ann.is_staff) == (True, True)
    roles.revoke_role(ann.login, "global")
    ann.refresh_from_db()
    assert (ann.is_superuser, ann.is_staff) == (False, False)


def test_an_account_made_as_administrator_has_the_global_role(domain: Domain) -> None:
    create("root@example.test", is_admin=True)
    assert roles.list_roles() == [roles.Held("root@example.test", "global", "")]


@pytest.mark.parametrize(
    ("role", "place", "why"),
    [
        ("root", "", "A role is one of global, domain, help-desk"),
        ("global", "example.test", "has no domain"),
        ("domain", "", "Say which domain"),
    ],
)
def test_a_role_that_does_not_fit_its_place_is_refused(
    role: str, place: str, why: str, ann: Account
) -> None:
    with pytest.raises(Invalid, match=why):
        roles.grant_role(ann.login, role, place)
    assert not AdminRole.objects.exists()


@pytest.mark.parametrize(("role", "place"), [("global", ""), ("domain", "example.test")])
def test_a_role_is_held_once(role: str, place: str, ann: Account) -> None:
    roles.grant_role(ann.login, role, place)
    with pytest.raises(AlreadyExists, match="has this role already"):
        roles.grant_role(ann.login, role, place)


@pytest.mark.parametrize("kind", ["shared", "room", "equipment"])
def test_who_never_signs_in_administers_nothing(kind: str, domain: Domain) -> None:
    create("it@example.test", kind=kind)
    with pytest.raises(Invalid, match="only a person"):
        roles.grant_role("it@example.test", "global")


def test_roles_go_with_their_account_and_their_domain(ann: Account, other: Domain) -> None:
    roles.grant_role(ann.login, "domain", "other.test")
    roles.grant_role(ann.login, "domain", "example.test")
    directory.delete_domain("other.test")
    assert [held.domain for held in roles.list_roles()] == ["example.test"]
    directory.delete_account(ann.login)
    assert roles.list_roles() == []


def test_roles_given_and_taken_are_in_the_audit_log(ann: Account) -> None:
    roles.grant_role(ann.login, "domain", "example.test")
    roles.revoke_role(ann.login, "domain", "example.test")
    found = audit.list_entries(audit.AuditFilter(action="role"))
    assert [(entry.action, entry.target, entry.detail) for entry in found] == [
        ("role.revoke", ann.login, {"role": "domain", "domain": "example.test"}),
        ("role.grant", ann.login, {"role": "domain", "domain": "example.test"}),
    ]
