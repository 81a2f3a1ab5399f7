"""Sign-in with an outside identity provider, against Canaille."""

from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import pytest
from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialAccount
from django.http import HttpResponse
from django.test import Client
from pytest_django.fixtures import Settings

from groupware.core import limits
from groupware.core.clock import epoch, monotonic
from groupware.core.directory import create_address, set_active
from groupware.core.models import Account, Address
from groupware.identity.models import OutsideIdentity
from groupware.identity.providers import OidcProvider
from groupware.identity.services import factors
from tests.conftest import SetLimit
from tests.serve.running import wait_for
from tests.services.identity.phones import Phone
from tests.services.identity.provider import (
    EVE,
    PUBLIC_URL,
    STRANGER,
    Person,
    running_canaille,
    visit,
)
from tests.services.store import PASSWORD, create

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.usefixtures("cheap_hashes"),
    pytest.mark.timeout(300),
]
HOME = "/account/"
START, SECURITY, LOGIN = "/account/login/oidc/", "/account/security/", "/account/login/"


@pytest.fixture(scope="module")
def verifying(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OidcProvider]:
    """Return a provider that verified the addresses of its people."""
    with running_canaille(tmp_path_factory.mktemp("verifying"), verifies=True) as provider:
        yield provider


@pytest.fixture(scope="module")
def unverifying(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OidcProvider]:
    """Return a provider that says nothing of that."""
    with running_canaille(tmp_path_factory.mktemp("unverifying"), verifies=False) as provider:
        yield provider


@pytest.fixture
def provider(verifying: OidcProvider, settings: Settings) -> OidcProvider:
    """Let the installation name the provider."""
    settings.GROUPWARE_OIDC = verifying
    settings.GROUPWARE_PUBLIC_URL = PUBLIC_URL
    settings.ALLOWED_HOSTS = ["testserver"]
    return verifying


def go(browser: Client, person: Person, start: str = START) -> HttpResponse:
    """Go to the provider, sign in there, and come back."""
    there = browser.get(start)
    assert there.status_code == 302, there.content.decode()
    return come_back(browser, visit(there["Location"], person))


_last_second = [0]


def come_back(browser: Client, url: str) -> HttpResponse:
    """Take the browser back here; Canaille gives a person no two tokens within one second."""
    wait_for(lambda: epoch() > _last_second[0], "the next second")
    back = browser.get(url.removeprefix(PUBLIC_URL))
    _last_second[0] = epoch()
    assert isinstance(back, HttpResponse)
    return back


def is_signed_in(browser: Client) -> bool:
    return browser.get(SECURITY).status_code == 200


@pytest.mark.usefixtures("provider")
def test_verified_address_signs_in_the_account_that_has_it(eve: Account, browser: Client) -> None:
    assert b"Sign in with Canaille" in browser.get(LOGIN).content
    answer = go(browser, EVE)
    assert (answer.status_code, answer["Location"]) == (302, HOME)
    assert browser.get(SECURITY).context["account"].pk == eve.pk


@pytest.mark.usefixtures("provider")
def test_address_that_leads_to_the_account_is_as_good(ann: Account, browser: Client) -> None:
    create_address(EVE.address, [ann.login])
    go(browser, EVE)
    assert browser.get(SECURITY).context["account"].pk == ann.pk


@pytest.mark.usefixtures("provider")
def test_browser_is_sent_with_proofs_of_its_own(browser: Client) -> None:
    asked = parse_qs(urlsplit(browser.get(START)["Location"]).query)
    assert asked["code_challenge_method"] == ["S256"]
    assert asked["redirect_uri"] == [f"{PUBLIC_URL}/account/login/oidc/callback/"]
    assert {"state", "nonce", "code_challenge"} <= set(asked)
    assert asked["response_type"] == ["code"]


@pytest.mark.usefixtures("provider")
def test_browser_goes_on_to_where_it_wanted(eve: Account, browser: Client) -> None:
    answer = go(browser, EVE, f"{START}?next=/account/security/%3Fx%3D1")
    assert answer["Location"] == "/account/security/?x=1"
    other = Client()
    assert go(other, EVE, f"{START}?next=https://evil.example/")["Location"] == HOME


@pytest.mark.usefixtures("provider")
def test_whom_nobody_here_has_the_address_of_stays_out(eve: Account, browser: Client) -> None:
    answer = go(browser, STRANGER)
    assert answer.status_code == 403
    assert "Nobody here has the address" in answer.content.decode()
    assert not is_signed_in(browser)


def test_address_that_nobody_verified_signs_nobody_in(
    eve: Account,
    browser: Client,
    provider: OidcProvider,
    unverifying: OidcProvider,
    settings: Settings,
) -> None:
    settings.GROUPWARE_OIDC = unverifying
    assert go(browser, EVE).status_code == 403
    assert not is_signed_in(browser)


@pytest.mark.usefixtures("provider")
def test_no_account_and_no_address_is_made(eve: Account, browser: Client) -> None:
    before = Account.objects.count(), Address.objects.count()
    go(browser, EVE)
    go(Client(), STRANGER)
    assert (Account.objects.count(), Address.objects.count()) == before
    assert EmailAddress.objects.count() == SocialAccount.objects.count() == 0


@pytest.mark.usefixtures("provider")
def test_second_factor_is_asked_for_all_the_same(
    eve: Account, browser: Client, phone: Phone, recovery_codes: list[str]
) -> None:
    assert go(browser, EVE)["Location"] == "/account/login/code/"
    assert not is_signed_in(browser)
    browser.post("/account/login/code/", {"code": phone.code()})
    assert is_signed_in(browser)


@pytest.mark.usefixtures("provider")
def test_disabled_account_and_one_that_never_signs_in_stay_out(eve: Account) -> None:
    set_active(eve.login, active=False)
    assert go(Client(), EVE).status_code == 403


@pytest.mark.usefixtures("provider")
def test_room_stays_out(ann: Account, browser: Client) -> None:
    create("eve@example.test", kind="room")
    assert go(browser, EVE).status_code == 403
    assert not is_signed_in(browser)


@pytest.mark.usefixtures("provider")
def test_what_comes_back_to_another_browser_signs_it_in_as_nobody(
    eve: Account, browser: Client
) -> None:
    back = visit(browser.get(START)["Location"], EVE)
    other = Client()
    other.get(START)
    assert come_back(other, back).status_code == 403
    assert not is_signed_in(other)


@pytest.mark.usefixtures("provider")
def test_what_came_back_once_is_taken_once(eve: Account, browser: Client) -> None:
    back = visit(browser.get(START)["Location"], EVE)
    assert come_back(browser, back).status_code == 302
    browser.post("/account/logout/")
    assert come_back(browser, back).status_code == 403
    assert not is_signed_in(browser)


@pytest.mark.usefixtures("provider")
def test_person_links_another_identity_and_unlinks_it(eve: Account, browser: Client) -> None:
    browser.post(LOGIN, {"login": eve.login, "password": PASSWORD})
    page = browser.post(f"{SECURITY}link/")
    assert START.encode() in page.content
    assert go(browser, STRANGER)["Location"] == SECURITY
    assert OutsideIdentity.objects.get().account_id == eve.pk
    other = Client()
    assert go(other, STRANGER)["Location"] == HOME
    assert other.get(SECURITY).context["account"].pk == eve.pk
    browser.post(f"{SECURITY}unlink/")
    assert go(Client(), STRANGER).status_code == 403


@pytest.mark.usefixtures("provider")
def test_identity_of_one_is_not_linked_to_another(ann: Account, eve: Account) -> None:
    for login in (eve.login, "zoe@example.test"):
        if login != eve.login:
            create(login, password=PASSWORD)
        browser = Client()
        browser.post(LOGIN, {"login": login, "password": PASSWORD})
        browser.post(f"{SECURITY}link/")
        answer = go(browser, STRANGER)
    assert answer.status_code == 422
    assert OutsideIdentity.objects.get().account_id == eve.pk


@pytest.mark.usefixtures("provider")
def test_nobody_is_linked_who_did_not_ask_for_it(eve: Account, browser: Client) -> None:
    browser.post(LOGIN, {"login": eve.login, "password": PASSWORD})
    assert go(browser, STRANGER).status_code == 403
    assert OutsideIdentity.objects.count() == 0


def test_wrong_secret_signs_nobody_in(
    eve: Account, browser: Client, provider: OidcProvider, settings: Settings
) -> None:
    settings.GROUPWARE_OIDC = replace(provider, client_secret="another")
    assert go(browser, EVE).status_code == 403
    assert not is_signed_in(browser)


def test_provider_that_calls_itself_otherwise_signs_nobody_in(
    eve: Account, browser: Client, provider: OidcProvider, settings: Settings
) -> None:
    alias = f"{provider.issuer}/.well-known/openid-configuration"
    settings.GROUPWARE_OIDC = replace(provider, issuer=alias)
    assert go(browser, EVE).status_code == 403
    assert not is_signed_in(browser)


def test_provider_that_sends_elsewhere_is_not_followed(
    browser: Client, provider: OidcProvider, settings: Settings
) -> None:
    elsewhere = provider.issuer.replace("127.0.0.1", "localhost")
    settings.GROUPWARE_OIDC = replace(provider, issuer=elsewhere)
    assert browser.get(START).status_code == 403


@pytest.mark.usefixtures("provider")
@pytest.mark.parametrize("query", ["", "?error=access_denied", "?code=x&state=y", "?code=x"])
def test_way_back_without_a_way_there_signs_nobody_in(browser: Client, query: str) -> None:
    answer = browser.get(f"{START}callback/{query}")
    assert answer.status_code == 403
    assert "did not end well" in answer.content.decode()


def test_provider_that_says_nothing_is_waited_for_no_longer_than_the_limit(
    browser: Client,
    provider: OidcProvider,
    settings: Settings,
    set_limit: SetLimit,
    silent_port: int,
) -> None:
    set_limit(limits.OIDC_TIMEOUT, 1)
    settings.GROUPWARE_OIDC = replace(provider, issuer=f"http://127.0.0.1:{silent_port}")
    began = monotonic()
    assert browser.get(START).status_code == 403
    assert 0.5 < monotonic() - began < 10


def test_without_a_provider_there_is_no_way_there(browser: Client, eve: Account) -> None:
    assert browser.get(START).status_code == 404
    assert b"Sign in with" not in browser.get(LOGIN).content
    assert factors.describe(eve.pk).is_on is False
