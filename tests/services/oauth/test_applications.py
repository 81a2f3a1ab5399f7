"""Applications: what may be registered, and the document that says what the server can do."""

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from groupware.core import limits
from groupware.core.errors import Invalid, LimitExceeded, NotFound
from groupware.core.scopes import SCOPES
from groupware.oauth import queries
from groupware.oauth.services import applications
from groupware.oauth.services.applications import NewApplication, create_application
from tests.conftest import SetLimit

pytestmark = pytest.mark.django_db
URI = "https://app.example/answer"


def new(
    name: str = "Mail", uris: tuple[str, ...] = (URI,), scopes: frozenset[str] = frozenset({"imap"})
) -> NewApplication:
    return NewApplication(name, uris, scopes)


@pytest.mark.parametrize(
    "uri",
    [
        URI, "https://app.example", "https://app.example:8443/a/b?c=d", "http://127.0.0.1/",
        "http://127.0.0.1:7000/x", "http://[::1]/x", "http://localhost/", "http://localhost:9/x",
        "org.example.app:/answer", "com.example-two.app:/a?b=c",
    ],
)  # fmt: skip
def test_addresses_that_answers_may_go_to(uri: str) -> None:
    create_application(new(uris=(uri,)))
    [held] = queries.list_applications()
    assert held.redirect_uris == uri


@pytest.mark.parametrize(
    "uri",
    [
        "", "/answer", "app.example/answer", "http://app.example/answer", "http://127.0.0.2/",
        "https://", "https:///x", "https://app.example/a b", "https://app.example/#x",
        "https://app.example/#", "https://x@app.example/", "https://x:y@app.example/",
        "https://*.example/", "https://app.example:x/", "https://[::1/", "https://büro.example/",
        "javascript:alert(1)", "data:text/html,x", "file:///etc/passwd", "myapp:/answer",
        "org.example.app://host/answer", "urn:ietf:wg:oauth:2.0:oob", "https://app.example/\n",
        "https://app.example;x/", "HTTPS://app.example/",
    ],
)  # fmt: skip
def test_addresses_that_none_may_go_to(uri: str) -> None:
    with pytest.raises(Invalid):
        create_application(new(uris=(uri,)))


def test_number_and_length_of_addresses_are_bounded() -> None:
    most, longest = applications.MAX_URIS, applications.MAX_URI
    uris = tuple(f"{URI}/{number}" for number in range(most))
    create_application(new(uris=uris))
    create_application(new(uris=(URI.ljust(longest, "x"),)))
    for wrong in ((), (*uris, URI), (URI.ljust(longest + 1, "x"),)):
        with pytest.raises(Invalid):
            create_application(new(uris=wrong))


@pytest.mark.parametrize(
    "name", ["", " ", "x" * 101, "a\nb", "a\0b", "\N{RIGHT-TO-LEFT OVERRIDE}x"]
)
def test_names_can_be_read(name: str) -> None:
    with pytest.raises(Invalid):
        create_application(new(name))


@pytest.mark.parametrize("scopes", [frozenset(), frozenset({"imap", "everything"})])
def test_scopes_are_known(scopes: frozenset[str]) -> None:
    with pytest.raises(Invalid):
        create_application(new(scopes=scopes))


def test_number_of_applications_is_bounded(set_limit: SetLimit) -> None:
    set_limit(limits.OAUTH_APPLICATIONS, 1)
    made = create_application(new())
    with pytest.raises(LimitExceeded):
        create_application(new())
    applications.delete_application(made.client_id)
    create_application(new())


def test_public_application_has_no_secret_and_another_has_one() -> None:
    assert create_application(new()).client_secret == ""
    confidential = NewApplication("Web", (URI,), frozenset({"imap"}), is_confidential=True)
    assert len(create_application(confidential).client_secret) >= 43


@pytest.mark.parametrize("client_id", ["nobody", "", "\0"])
def test_application_that_is_not_there_is_not_found(client_id: str) -> None:
    with pytest.raises(NotFound):
        applications.get_application(client_id)
    with pytest.raises(NotFound):
        applications.delete_application(client_id)


def test_metadata_says_where_and_how(client: Client, settings: Settings) -> None:
    """RFC 8414 §3.2: the issuer is the address under which the document was found."""
    settings.GROUPWARE_PUBLIC_URL = "https://mail.example.test"
    told = client.get("/.well-known/oauth-authorization-server").json()
    assert told["issuer"] == "https://mail.example.test"
    assert told["authorization_endpoint"] == "https://mail.example.test/oauth/authorize/"
    assert told["token_endpoint"] == "https://mail.example.test/oauth/token/"
    assert told["revocation_endpoint"] == "https://mail.example.test/oauth/revoke/"
    assert told["code_challenge_methods_supported"] == ["S256"]
    assert told["response_types_supported"] == ["code"]
    assert told["grant_types_supported"] == ["authorization_code", "refresh_token"]
    assert set(told["scopes_supported"]) == set(SCOPES)
    for name in ("authorization", "token", "revocation"):
        path = told[f"{name}_endpoint"].removeprefix("https://mail.example.test")
        assert client.get(path, secure=True).status_code in {302, 405}


@pytest.mark.parametrize(
    ("public_url", "https_port", "issuer"),
    [
        ("http://127.0.0.1:8000", 8443, "https://127.0.0.1:8443"),
        ("http://[::1]:8000", 8443, "https://[::1]:8443"),
        ("https://mail.example.test", 8443, "https://mail.example.test"),
        ("http://mail.example.test", 0, "http://mail.example.test"),
    ],
)
def test_issuer_is_the_address_over_tls(
    client: Client, settings: Settings, public_url: str, https_port: int, issuer: str
) -> None:
    settings.GROUPWARE_PUBLIC_URL = public_url
    settings.GROUPWARE_PORTS = {**settings.GROUPWARE_PORTS, "HTTPS": https_port}
    assert client.get("/.well-known/oauth-authorization-server").json()["issuer"] == issuer
    settings.GROUPWARE_ALLOW_PLAINTEXT = True
    assert client.get("/.well-known/oauth-authorization-server").json()["issuer"] == public_url
