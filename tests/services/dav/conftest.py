"""People of the tests with a DAV client each."""

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from groupware.core.models import Account
    from tests.services.dav.client import DavClient


@pytest.fixture
def anns(ann: "Account") -> "DavClient":
    """Return ann's client."""
    from tests.services.dav.client import client_of

    return client_of(ann)


@pytest.fixture
def bens(ben: "Account") -> "DavClient":
    """Return ben's client."""
    from tests.services.dav.client import client_of

    return client_of(ben)
