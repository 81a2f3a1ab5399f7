"""People, and what a test has to itself. Models are imported inside fixtures only."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from groupware.core.models import Account, Domain


@pytest.fixture
def own_data(settings: Any, tmp_path: Path) -> Path:
    """Give the test a data directory, and with it blobs, locks and sockets, of its own."""
    settings.GROUPWARE_DATA = tmp_path
    return tmp_path


@pytest.fixture
def domain(db: None) -> "Domain":
    """Return the domain example.test."""
    from groupware.core.directory import create_domain

    return create_domain("example.test")


@pytest.fixture
def ann(domain: "Domain") -> "Account":
    """Return a person with the usual mailboxes."""
    from tests.services.store import create

    return create("ann@example.test")


@pytest.fixture
def ben(domain: "Domain") -> "Account":
    """Return another person."""
    from tests.services.store import create

    return create("ben@example.test")


@pytest.fixture
def published() -> Iterator[list[object]]:
    """Return the events that this process publishes, as they come."""
    from groupware.core import events

    heard: list[object] = []
    end = events.subscribe(heard.append)
    yield heard
    end()
