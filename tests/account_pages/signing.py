"""How a browser signs in."""

from collections.abc import Callable

from django.test import Client

from groupware.core.models import Account
from tests.services.store import PASSWORD

SignIn = Callable[[Account], Client]


def sign_in(account: Account) -> Client:
    """Return a browser where somebody signed in a moment ago."""
    browser = Client()
    browser.post("/account/login/", {"login": account.login, "password": PASSWORD})
    return browser
