"""People, browsers and authenticators."""

import socket
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.services.identity.phones import Phone

if TYPE_CHECKING:
    from django.test import Client

    from groupware.core.models import Account, Domain


@pytest.fixture(autouse=True)
def _empty_cache() -> Iterator[None]:
    from groupware.core import auth

    auth._cache.clear()
    yield
    auth._cache.clear()


@pytest.fixture
def cheap_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a password cost a hundredth: what counts here is what is done with it."""
    from groupware.core.hashers import PasswordHasher

    monkeypatch.setattr(PasswordHasher, "memory_cost", 8)
    monkeypatch.setattr(PasswordHasher, "time_cost", 1)


@pytest.fixture
def eve(domain: "Domain") -> "Account":
    """Return a person who has a password."""
    from tests.services.store import PASSWORD, create

    return create("eve@example.test", password=PASSWORD)


@pytest.fixture
def phone(monkeypatch: pytest.MonkeyPatch) -> Phone:
    """Return an authenticator whose clock is the server's for codes."""
    from groupware.identity.services import factors

    phone = Phone(1_800_000_000)
    monkeypatch.setattr(factors, "epoch", lambda: phone.moment)
    return phone


@pytest.fixture
def recovery_codes(eve: "Account", phone: Phone) -> list[str]:
    """Give the person a second factor, and return the recovery codes."""
    from groupware.identity.services import factors

    phone.secret = factors.begin_enrolment(eve.pk).secret
    codes = factors.confirm_enrolment(eve.pk, phone.code())
    phone.wait(3)
    eve.refresh_from_db()
    return codes


@pytest.fixture
def browser() -> "Client":
    """Return a browser."""
    from django.test import Client

    return Client()


@pytest.fixture
def silent_port() -> Iterator[int]:
    """Return a port on loopback that takes connections and never says anything."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening.getsockname()[1]
