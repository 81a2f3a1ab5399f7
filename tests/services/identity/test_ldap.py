"""Passwords that an LDAP directory keeps, against Debian's slapd."""

import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from groupware.core import auth, limits
from groupware.core.clock import monotonic
from groupware.core.directory import create_domain, set_active
from groupware.core.errors import AuthenticationFailed, Busy, Invalid
from groupware.core.models import Account, LoginThrottle
from groupware.identity import ldap
from groupware.identity.providers import LdapServer
from groupware.identity.services import factors, passwords
from tests.clients.fetched import python_with
from tests.conftest import SetLimit
from tests.services.identity.phones import NETWORK, Phone
from tests.services.identity.slapd import (
    BASE,
    EVES_PASSWORD,
    READER,
    READERS_PASSWORD,
    Slapd,
    running_slapd,
)
from tests.services.store import PASSWORD, create

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.usefixtures("cheap_hashes"),
    pytest.mark.timeout(180),
]
REQUIREMENTS = Path(__file__).parent / "requirements" / "ldap.txt"


@pytest.fixture(scope="module")
def _extra() -> Iterator[None]:
    """Bring in the extra from an environment of its own; what we stand on comes before it."""
    (packages,) = (python_with(REQUIREMENTS).parent.parent / "lib").glob("python*/site-packages")
    sys.path.append(str(packages))
    yield
    sys.path.remove(str(packages))


@pytest.fixture(scope="module")
def slapd(tmp_path_factory: pytest.TempPathFactory, _extra: None) -> Iterator[Slapd]:
    """Return a directory with some people."""
    with running_slapd(tmp_path_factory.mktemp("slapd")) as server:
        yield server


@pytest.fixture
def server(slapd: Slapd) -> LdapServer:
    """Return what an installation says of the directory."""
    return LdapServer(
        url=slapd.url,
        base=BASE,
        filter="(mail=%(user)s)",
        domains=frozenset({"corp.test"}),
        bind_dn=READER,
        bind_password=READERS_PASSWORD,
        ca_file=None,
    )


@pytest.fixture(autouse=True)
def _asked(
    server: LdapServer, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    """Let the directory be asked, as an installation with GROUPWARE_LDAP_URL does."""
    settings.GROUPWARE_LDAP = server
    monkeypatch.setattr(auth, "_verifiers", [ldap.verify])
    ldap.forget_that_it_was_away()
    yield
    ldap.forget_that_it_was_away()


@pytest.fixture
def corps(db: None) -> Account:
    """Return a person of a domain whose passwords the directory keeps, with one here as well."""
    create_domain("corp.test")
    return create("eve@corp.test", password=PASSWORD)


def opens(login: str, password: str, protocol: str = "imap") -> bool:
    try:
        auth.authenticate(login, password, protocol=protocol, network=NETWORK)
    except AuthenticationFailed:
        return False
    return True


def test_password_of_the_directory_opens_and_the_one_kept_here_does_not(corps: Account) -> None:
    assert opens("eve@corp.test", EVES_PASSWORD)
    assert not opens("eve@corp.test", PASSWORD)
    assert not opens("eve@corp.test", "neither of them")


def test_accounts_of_other_domains_have_their_own(corps: Account, eve: Account) -> None:
    assert opens(eve.login, PASSWORD)
    assert not opens(eve.login, EVES_PASSWORD)


def test_directory_makes_and_changes_no_account(corps: Account) -> None:
    before = Account.objects.values().get(pk=corps.pk)
    assert not opens("twin@corp.test", EVES_PASSWORD)
    assert opens("eve@corp.test", EVES_PASSWORD)
    assert Account.objects.values().get(pk=corps.pk) == before
    assert Account.objects.count() == 1


@pytest.mark.parametrize("password", ["", "\0", "\ud800", EVES_PASSWORD + "\0"])
def test_what_is_no_password_opens_nothing(corps: Account, password: str) -> None:
    assert not opens("eve@corp.test", password)


def test_address_of_two_entries_is_nobodys(corps: Account) -> None:
    create("twin@corp.test", password=PASSWORD)
    assert not opens("twin@corp.test", EVES_PASSWORD)
    assert not opens("twin@corp.test", PASSWORD)


def test_address_is_no_part_of_the_filter(corps: Account) -> None:
    create("*@corp.test", password=PASSWORD)
    assert not opens("*@corp.test", EVES_PASSWORD)


def test_disabled_account_stays_out(corps: Account) -> None:
    set_active(corps.login, active=False)
    assert not opens("eve@corp.test", EVES_PASSWORD)


def test_password_is_not_changed_here(corps: Account) -> None:
    with pytest.raises(Invalid, match="change it there"):
        passwords.change(corps.pk, EVES_PASSWORD, "a new password", network=NETWORK)


def test_second_factor_is_asked_for_all_the_same(corps: Account, phone: Phone) -> None:
    phone.secret = factors.begin_enrolment(corps.pk).secret
    factors.confirm_enrolment(corps.pk, phone.code())
    phone.wait()
    assert not opens("eve@corp.test", EVES_PASSWORD)
    browser = Client()
    browser.post("/account/login/", {"login": corps.login, "password": EVES_PASSWORD})
    assert browser.get("/account/security/").status_code == 302
    browser.post("/account/login/code/", {"code": phone.code()})
    page = browser.get("/account/security/")
    assert page.status_code == 200
    assert "directory keeps your password" in page.content.decode()


def test_certificate_is_checked(
    corps: Account, slapd: Slapd, server: LdapServer, settings: Settings
) -> None:
    settings.GROUPWARE_LDAP = replace(server, url=slapd.tls_url, ca_file=slapd.ca)
    assert opens("eve@corp.test", EVES_PASSWORD)
    auth._cache.clear()
    settings.GROUPWARE_LDAP = replace(server, url=slapd.tls_url, ca_file=None)
    with pytest.raises(Busy, match="does not answer"):
        opens("eve@corp.test", EVES_PASSWORD)


def test_wrong_password_of_the_reader_opens_nothing(
    corps: Account, server: LdapServer, settings: Settings
) -> None:
    settings.GROUPWARE_LDAP = replace(server, bind_password="wrong")
    with pytest.raises(Busy):
        opens("eve@corp.test", EVES_PASSWORD)


def test_directory_that_is_away_opens_nothing_and_counts_nothing(
    corps: Account, eve: Account, server: LdapServer, settings: Settings
) -> None:
    settings.GROUPWARE_LDAP = replace(server, url="ldap://localhost:1")
    for password in (EVES_PASSWORD, PASSWORD):
        with pytest.raises(Busy, match="does not answer"):
            opens("eve@corp.test", password)
    assert opens(eve.login, PASSWORD)
    assert not LoginThrottle.objects.exists()


def test_directory_that_did_not_answer_is_left_alone_for_a_moment(
    corps: Account,
    server: LdapServer,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings.GROUPWARE_LDAP = replace(server, url="ldap://localhost:1")
    with pytest.raises(Busy):
        opens("eve@corp.test", EVES_PASSWORD)
    settings.GROUPWARE_LDAP = server
    with pytest.raises(Busy):
        opens("eve@corp.test", EVES_PASSWORD)
    later = monotonic() + ldap.AWAY_SECONDS
    monkeypatch.setattr(ldap, "monotonic", lambda: later)
    assert opens("eve@corp.test", EVES_PASSWORD)


def test_directory_that_says_nothing_is_waited_for_no_longer_than_the_limit(
    corps: Account,
    server: LdapServer,
    settings: Settings,
    set_limit: SetLimit,
    silent_port: int,
) -> None:
    set_limit(limits.LDAP_TIMEOUT, 1)
    settings.GROUPWARE_LDAP = replace(server, url=f"ldap://localhost:{silent_port}")
    began = monotonic()
    with pytest.raises(Busy):
        opens("eve@corp.test", EVES_PASSWORD)
    assert 0.5 < monotonic() - began < 10


def test_plain_connection_elsewhere_starts_tls(server: LdapServer) -> None:
    assert not server.starts_tls
    assert replace(server, url="ldap://ldap.corp.test").starts_tls
    assert not replace(server, url="ldaps://ldap.corp.test").starts_tls
