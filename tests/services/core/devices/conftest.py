"""Processes that have noted nothing yet, a clock to move, and Eve."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from groupware.core.models import Account, Domain
    from tests.services.core.devices.people import Time


@pytest.fixture(autouse=True)
def _nothing_noted() -> Iterator[None]:
    from groupware.core import auth, devices

    devices.forget_all()
    auth._cache.clear()
    yield
    devices.forget_all()
    auth._cache.clear()


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> "Time":
    from tests.services.core.devices.people import Time

    held = Time()
    for module in ("contacts", "writing", "keeping"):
        monkeypatch.setattr(f"groupware.core.devices.{module}.epoch", lambda: held.now)
    return held


@pytest.fixture
def eve(domain: "Domain") -> "Account":
    from tests.services.store import PASSWORD, create

    return create("eve@example.test", password=PASSWORD)
