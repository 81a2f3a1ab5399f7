"""A Dovecot for the session, an account that gets mail from there, and a store that stays sound."""

import ipaddress
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from pytest_django.fixtures import Settings as Configured

from tests.services.outside.dovecot import Dovecot, running_dovecot

if TYPE_CHECKING:
    from tests.services.outside.fetched import Elsewhere


@pytest.fixture(scope="session")
def dovecot() -> Iterator[Dovecot]:
    """Run a Dovecot as long as the session lasts."""
    with running_dovecot() as found:
        yield found


@pytest.fixture(autouse=True)
def loopback(settings: Configured) -> None:
    """Let an admin have named this machine's own network."""
    settings.GROUPWARE_SOURCE_NETWORKS = (ipaddress.ip_network("127.0.0.0/8"),)


@pytest.fixture(autouse=True)
def _sound_store(db: None) -> Iterator[None]:
    """Examine the store after each test."""
    from tests.crash.invariants import find_faults

    yield
    assert list(find_faults()) == []


@pytest.fixture
def elsewhere(ann: object, dovecot: Dovecot) -> "Elsewhere":
    """Return a user of that Dovecot whom nobody else uses, and who is Ann here."""
    from tests.services.outside.fetched import Elsewhere

    return Elsewhere(ann, dovecot)  # type: ignore[arg-type]  # models are imported in fixtures only
