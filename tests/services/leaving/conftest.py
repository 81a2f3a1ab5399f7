"""Ann, who leaves, with something of each kind; and Ben, who stays."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from groupware.core.models import Account


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
def team(transactional_db: None, own_data: Path) -> "tuple[Account, Account]":
    """Return ann, who has a message in INBOX, one in Archive, an event and a card; and ben."""
    from groupware.core.directory import create_address, create_domain
    from mail.services.content import prepare_message
    from tests.services.calendar_app.events import event, put
    from tests.services.leaving.belongings import card_of, default_of
    from tests.services.store import append, create, message

    create_domain("example.test")
    ann, ben = create("ann@example.test", password="correct horse"), create("ben@example.test")
    create_address("sales@example.test", ["ann@example.test"])
    append(ann, data=prepare_message(message(subject="Offer")))
    append(ann, "Archive", data=prepare_message(message(subject="Old offer")))
    put(ann, default_of(ann, "calendars"), event("fair"))
    card_of(ann, "olga")
    return ann, ben
