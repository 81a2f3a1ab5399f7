"""People who speak REST; each client signs in with an app password over TLS."""

from typing import TYPE_CHECKING

import pytest

from tests.services.conftest import ann, ben, domain, own_data, published

if TYPE_CHECKING:
    from groupware.core.models import Account
    from tests.api.speaking import Api

__all__ = ["ann", "ben", "domain", "own_data", "published"]


@pytest.fixture(autouse=True)
def patience() -> None:
    """Let no test wait for what another one sent: accounts have the same numbers in each."""
    from groupware.rest import throttling

    throttling.REQUESTS.clear()
    throttling.FAILURES.clear()


@pytest.fixture
def api(ann: "Account") -> "Api":
    """Return ann's program."""
    from tests.api.speaking import Api

    return Api(ann)


@pytest.fixture
def bens(ben: "Account") -> "Api":
    """Return ben's program."""
    from tests.api.speaking import Api

    return Api(ben)
