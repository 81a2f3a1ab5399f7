"""A program that speaks REST, against the application itself."""

import base64
import json
import secrets
from collections.abc import Iterable
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from django.test import Client

from groupware.core import auth, tokens
from groupware.core.clock import now
from groupware.core.models import Account
from groupware.core.principals import TokenGrant

ROOT = "/api/v1"
JSON = "application/json"


class Api:
    """One account's program; `authorization` is what it sends of itself, "" for nothing."""

    def __init__(self, account: Account | None, authorization: str | None = None) -> None:
        self.account = account
        if authorization is None and account is not None:
            authorization = basic(account)
        self.headers = {"Authorization": authorization} if authorization else {}
        self.client = Client(raise_request_exception=False)

    def send(
        self, method: str, path: str, body: Any = None, *, kind: str = JSON, **headers: str
    ) -> Any:
        """Send a request; names of header fields are written with underscores."""
        fields = self.headers | {name.replace("_", "-"): text for name, text in headers.items()}
        data = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body)
        where = path if path.startswith("/api") else ROOT + path
        return self.client.generic(method, where, data, kind, secure=True, headers=fields)

    def get(self, path: str, **headers: str) -> Any:
        return self.send("GET", path, **headers)

    def post(self, path: str, body: Any, **headers: str) -> Any:
        return self.send("POST", path, body, **headers)

    def patch(self, path: str, body: Any, **headers: str) -> Any:
        return self.send("PATCH", path, body, **headers)

    def delete(self, path: str, **headers: str) -> Any:
        return self.send("DELETE", path, **headers)


def basic(account: Account) -> str:
    """Return the Authorization of a new app password."""
    password = auth.create_app_password(account.pk, "program", frozenset({"api"}))
    return "Basic " + base64.b64encode(f"{account.login}:{password}".encode()).decode()


@contextmanager
def token_of(account: Account, scopes: Iterable[str]) -> Any:
    """Let a token speak for an account, as the OAuth server would."""
    text = secrets.token_urlsafe(16)
    grant = TokenGrant(account.pk, text, frozenset(scopes), now() + timedelta(hours=1))
    end = tokens.register_token_verifier(
        lambda token: grant if token == text else None, lambda token_id: token_id == text
    )
    try:
        yield Api(account, f"Bearer {text}")
    finally:
        end()


def problem(response: Any, status: int, slug: str) -> dict[str, Any]:
    """Return the problem that an answer tells, which is one of this kind."""
    told: dict[str, Any] = response.json()
    assert response["Content-Type"] == "application/problem+json"
    assert (response.status_code, told["status"]) == (status, status), told
    assert told["type"] == f"/api/v1/docs/problems#{slug}"
    assert told["detail"]
    return told
