"""Programs and browsers that speak REST for a person, and what the server keeps of it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import structlog
from django.apps import apps
from django.test import Client

from groupware.core.models import Account
from groupware.core.scopes import SCOPES
from tests.api.speaking import Api, token_of
from tests.services.store import PASSWORD

LOGIN, CODE = "/account/login/", "/account/login/code/"


@contextmanager
def token(account: Account) -> Iterator[Api]:
    """Return a program whose token has every scope."""
    with token_of(account, list(SCOPES)) as program:
        yield program


def browser(account: Account, code: str = "") -> Api:
    """Return a browser that has signed in just now."""
    api = Api(account, "")
    api.client = sign_in(account, code)
    return api


def sign_in(account: Account, code: str = "") -> Client:
    """Return what a person has signed in with, by both factors where there is a code."""
    client = Client(raise_request_exception=False)
    client.post(LOGIN, {"login": account.login, "password": PASSWORD}, secure=True)
    if code:
        client.post(CODE, {"code": code}, secure=True)
    return client


def everything_kept() -> bytes:
    """Return all that lies in the database, as text and as octets."""
    kept = []
    for model in apps.get_models():
        for row in model._default_manager.values():
            kept += [
                bytes(value) if isinstance(value, bytes | memoryview) else str(value).encode()
                for value in row.values()
            ]
    return b"\n".join(kept)


@contextmanager
def logged() -> Iterator[list[Any]]:
    """Return what is logged in the block."""
    with structlog.testing.capture_logs() as lines:
        yield lines
