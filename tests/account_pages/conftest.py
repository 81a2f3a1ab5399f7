"""People who are signed in with a browser."""

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from django.test import Client

    from groupware.core.models import Account
    from tests.account_pages.signing import SignIn


@pytest.fixture(autouse=True)
def cheap_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a password cost a hundredth."""
    from groupware.core.hashers import PasswordHasher

    monkeypatch.setattr(PasswordHasher, "memory_cost", 8)
    monkeypatch.setattr(PasswordHasher, "time_cost", 1)


@pytest.fixture
def ann(db: None) -> "Account":
    """Return Ann, of a domain of her own."""
    from groupware.core.directory import create_domain
    from tests.services.store import PASSWORD, create

    create_domain("example.test")
    return create("ann@example.test", name="Ann", password=PASSWORD)


@pytest.fixture
def ben(ann: "Account") -> "Account":
    """Return Ben, of the same domain."""
    from tests.services.store import PASSWORD, create

    return create("ben@example.test", name="Ben", password=PASSWORD)


@pytest.fixture
def sign_in() -> "SignIn":
    """Sign somebody in as a browser does."""
    from tests.account_pages import signing

    return signing.sign_in


@pytest.fixture
def browser(ann: "Account", sign_in: "SignIn") -> "Client":
    """Return Ann's browser, where she signed in a moment ago."""
    return sign_in(ann)
