"""An application that gets tokens from the server in this process, step by step."""

import re
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qs, urlsplit

from django.http import HttpResponse
from django.test import Client

from groupware.core import auth
from groupware.core.errors import AuthenticationFailed
from groupware.core.models import Account
from groupware.oauth.services.applications import NewApplication, create_application

REDIRECT = "https://app.example/answer"
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"  # RFC 7636, appendix B
SCOPES = frozenset({"imap", "pop3", "smtp", "dav", "mail:read", "profile"})


def challenge_of(verifier: str) -> str:
    return urlsafe_b64encode(sha256(verifier.encode()).digest()).rstrip(b"=").decode()


@dataclass
class App:
    """A registered application, and the browser of somebody whom it asks."""

    browser: Client
    client_id: str
    secret: str = ""
    asked: dict[str, str] = field(default_factory=dict)

    @classmethod
    def register(cls, browser: Client, **fields: Any) -> "App":
        new = {"name": "Sample mail", "redirect_uris": (REDIRECT,), "scopes": SCOPES, **fields}
        made = create_application(NewApplication(**new))
        return cls(browser, made.client_id, made.client_secret)

    def ask(self, **changes: str | None) -> Any:
        """Bring the browser to the page where the person is asked; None leaves a field out."""
        asked = {
            "response_type": "code", "client_id": self.client_id, "redirect_uri": REDIRECT,
            "scope": "imap profile", "state": "xyz", "code_challenge": challenge_of(VERIFIER),
            "code_challenge_method": "S256", **changes,
        }  # fmt: skip
        self.asked = {name: value for name, value in asked.items() if value is not None}
        return self.browser.get("/oauth/authorize/", self.asked, secure=True)

    def answer(
        self, page: Any, changes: Mapping[str, str] | None = None, *, allow: bool = True
    ) -> Any:
        """Send the form of the page, as a browser does."""
        fields = dict(re.findall(r'name="(\w+)" value="([^"]*)"', page.content.decode()))
        fields.pop("allow", None)
        chosen = {"allow": "True"} if allow else {}
        return self.browser.post(
            "/oauth/authorize/", {**fields, **chosen, **(changes or {})}, secure=True
        )

    def get_code(self, **changes: str | None) -> str:
        return answer_of(self.answer(self.ask(**changes)))["code"]

    def post(self, path: str, **fields: str) -> Any:
        """Speak to the server as the application, without the browser's session."""
        if self.secret and "client_secret" not in fields:
            fields["client_secret"] = self.secret
        return Client().post(path, {"client_id": self.client_id, **fields}, secure=True)

    def exchange(self, code: str, /, **changes: str) -> Any:
        fields = {"code": code, "redirect_uri": REDIRECT, "code_verifier": VERIFIER}
        return self.post(
            "/oauth/token/", **{"grant_type": "authorization_code", **fields, **changes}
        )

    def renew(self, refresh_token: str, **changes: str) -> Any:
        fields = {"grant_type": "refresh_token", "refresh_token": refresh_token, **changes}
        return self.post("/oauth/token/", **fields)

    def revoke(self, token: str, **changes: str) -> Any:
        return self.post("/oauth/revoke/", token=token, **changes)

    def get_tokens(self, **changes: str | None) -> dict[str, Any]:
        """Do all of it: the person allows, the application gets its tokens."""
        response = self.exchange(self.get_code(**changes))
        assert response.status_code == 200, response.content
        tokens: dict[str, Any] = response.json()
        return tokens


def signed_in(account: Account, **options: Any) -> Client:
    """Return the browser of somebody who has signed in."""
    browser = Client(**options)
    browser.force_login(account)
    return browser


def answer_of(response: HttpResponse) -> dict[str, str]:
    """Return what a redirect to the application says."""
    assert response.status_code == 302, response.content
    location = response["Location"]
    assert location.startswith(REDIRECT + "?"), location
    return {name: value for name, [value] in parse_qs(urlsplit(location).query).items()}


def open_session(token: str, protocol: str = "imap") -> auth.Principal:
    return auth.authenticate_token(token, protocol=protocol, network="192.0.2.1")


def is_refused(token: str, protocol: str = "imap") -> bool:
    try:
        open_session(token, protocol)
    except AuthenticationFailed:
        return True
    return False


def error_of(response: Any, status: int = 400) -> str:
    assert response.status_code == status, response.content
    return str(response.json()["error"])
