"""People of the panel: a domain with everybody who may have a role in it, and strangers."""

from typing import TYPE_CHECKING

import pytest

from tests.services.conftest import ann, ben, domain, own_data

if TYPE_CHECKING:
    from groupware.core.models import Account, Domain
    from tests.panel.people import People

__all__ = ["ann", "ben", "domain", "own_data"]


@pytest.fixture
def people(domain: "Domain", ann: "Account", ben: "Account") -> "People":
    """Return them."""
    from tests.panel.people import make_people

    return make_people(domain, ann, ben)
