"""Who may invite, send away and export: as far as the role reaches, and never oneself."""

from collections.abc import Callable

import pytest

from groupware.core import directory, roles
from groupware.core.administration import Administrator, By, administer, leaving
from groupware.core.errors import NotAllowed, NotFound
from groupware.core.leaving import exports
from groupware.core.models import Account, AuditEntry, Departure
from tests.services.store import create

pytestmark = pytest.mark.django_db

Work = Callable[[Administrator, Account], object]
WORKS: dict[str, Work] = {
    "invite": leaving.invite,
    "depart": lambda by, account: leaving.depart(
        by, account, days=3, wants_export=False, successor=None
    ),
    "ask_export": leaving.ask_export,
}


def as_role(role: str, place: str, work: str, target: Account) -> object:
    """Do something to an account as somebody of example.test who has a role."""
    boss = create("boss@example.test")
    roles.grant_role(boss.login, role, place)
    by = By(boss.pk, boss.login, "192.0.2.1")
    return administer(by, lambda him: WORKS[work](him, him.get_account(target.pk)))


@pytest.mark.parametrize("work", WORKS)
def test_who_administers_the_domain_does_it_and_is_named(work: str, ann: Account) -> None:
    as_role("domain", "example.test", work, ann)
    last = AuditEntry.objects.order_by("id").last()
    assert last is not None
    assert (last.actor, last.role, last.target) == ("boss@example.test", "domain", ann.login)


@pytest.mark.parametrize("work", WORKS)
def test_for_others_the_account_is_not_there(work: str, ann: Account) -> None:
    directory.create_domain("other.test")
    with pytest.raises(NotFound):
        as_role("domain", "other.test", work, ann)


def test_the_help_desk_invites_and_sends_nobody_away(ann: Account, ben: Account) -> None:
    assert as_role("help-desk", "example.test", "invite", ann)
    boss = Account.objects.get(login="boss@example.test")
    by = By(boss.pk, boss.login, "192.0.2.1")
    for work in ("depart", "ask_export"):
        with pytest.raises(NotAllowed):
            administer(by, lambda him, work=work: WORKS[work](him, ben))  # type: ignore[misc]
    assert not Departure.objects.exists()


@pytest.mark.parametrize("work", ["invite", "depart"])
def test_nobody_does_it_to_himself(work: str, domain: object) -> None:
    boss = create("boss2@example.test")
    roles.grant_role(boss.login, "global", "")
    by = By(boss.pk, boss.login, "192.0.2.1")
    with pytest.raises(NotAllowed):
        administer(by, lambda him: WORKS[work](him, him.get_account(boss.pk)))


def test_a_successor_is_one_whom_he_administers(ann: Account) -> None:
    directory.create_domain("other.test")
    stranger = create("eve@other.test")
    boss = create("boss@example.test")
    roles.grant_role(boss.login, "domain", "example.test")
    by = By(boss.pk, boss.login, "192.0.2.1")
    with pytest.raises((NotAllowed, NotFound)):
        administer(
            by,
            lambda him: leaving.depart(him, ann, days=3, wants_export=False, successor=stranger),
        )
    assert not Departure.objects.exists()


def test_an_export_is_seen_by_who_administers_its_domain(ann: Account) -> None:
    directory.create_domain("other.test")
    made = exports.ask(ann)
    for place, is_seen in (("example.test", True), ("other.test", False)):
        boss = create(f"boss@{place}")
        roles.grant_role(boss.login, "domain", place)
        by = By(boss.pk, boss.login, "192.0.2.1")
        if is_seen:
            assert administer(by, lambda him: leaving.get_export(him, made.pk)) == made
        else:
            with pytest.raises(NotFound):
                administer(by, lambda him: leaving.get_export(him, made.pk))
