"""`manage.py oauth`: applications, and the tokens that people gave them."""

import pytest

from groupware.core import directory
from groupware.core.directory import NewAccount
from groupware.core.models import Account
from groupware.oauth.models import Application
from tests.commands.running import Manage, call, call_json
from tests.services.oauth.flow import App, signed_in

ANN = "ann@example.org"
URI = "https://app.example/answer"


@pytest.fixture
def app(db: None) -> App:
    """Return an application with a token of ann."""
    directory.create_domain("example.org")
    account = directory.create_account(NewAccount(ANN))
    app = App.register(signed_in(account))
    app.get_tokens()
    return app


@pytest.mark.django_db(transaction=True)
def test_what_is_registered_is_listed_and_deleted() -> None:
    words = ("Sample", "--redirect-uri", URI, "--scope", "imap", "--scope", "smtp")
    made = call_json("oauth", "create", *words)
    assert made["client_secret"] is None
    [listed] = call_json("oauth", "list")
    assert listed == {
        "client_id": made["client_id"], "name": "Sample", "kind": "public",
        "redirect_uris": [URI], "scopes": ["imap", "smtp"],
    }  # fmt: skip
    assert made["client_id"] in call("oauth", "list")
    call("oauth", "delete", made["client_id"])
    assert not Application.objects.exists()
    assert "`oauth create`" in call("oauth", "list")


@pytest.mark.django_db(transaction=True)
def test_secret_of_a_confidential_application_is_shown_once() -> None:
    words = ("Sample", "--redirect-uri", URI, "--scope", "imap", "--confidential")
    made = call_json("oauth", "create", *words)
    assert len(made["client_secret"]) >= 43
    assert made["client_secret"] not in call("oauth", "list")
    assert "never shown again" in call("oauth", "create", *words)


@pytest.mark.django_db(transaction=True)
def test_tokens_of_an_account_are_listed_and_taken_back(app: App) -> None:
    [held] = call_json("oauth", "tokens", ANN)
    assert (held["client_id"], held["application"]) == (app.client_id, "Sample mail")
    assert set(held["scopes"]) == {"imap", "profile"}
    assert "Sample mail" in call("oauth", "tokens", ANN)
    call("oauth", "revoke", ANN, app.client_id)
    assert call_json("oauth", "tokens", ANN) == []
    assert "No application" in call("oauth", "tokens", ANN)
    assert Account.objects.get(login=ANN).is_active


def test_what_cannot_be_is_refused_in_one_line(manage: Manage) -> None:
    words = (
        "oauth",
        "create",
        "Sample",
        "--redirect-uri",
        "http://app.example/",
        "--scope",
        "imap",
    )
    assert "no address that answers may go to" in manage.refusal(*words)
    assert "no application nobody" in manage.refusal("oauth", "delete", "nobody")
