"""People, and settings that a test has to itself. Models are imported inside fixtures only."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from groupware.core.models import Account, Domain

SetLimit = Callable[[str, float], None]


@pytest.fixture
def set_limit(settings: Any) -> SetLimit:
    """Return what sets a limit of `groupware.core.limits` for the rest of the test."""

    def set_one(name: str, value: float) -> None:
        assert name in settings.GROUPWARE_LIMITS
        settings.GROUPWARE_LIMITS = {**settings.GROUPWARE_LIMITS, name: value}

    return set_one


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
