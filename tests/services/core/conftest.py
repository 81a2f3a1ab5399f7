"""Passwords that cost little, for tests that prove many of them."""

import pytest


@pytest.fixture
def cheap_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let Argon2 take the least that it can."""
    from groupware.core.hashers import PasswordHasher

    monkeypatch.setattr(PasswordHasher, "memory_cost", 8)
    monkeypatch.setattr(PasswordHasher, "time_cost", 1)
