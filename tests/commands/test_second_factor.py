"""`account second-factor`: what the help desk does for a person who lost theirs."""

import pyotp
import pytest
from django.core.management import CommandError

from groupware.core import directory
from groupware.core.clock import epoch
from groupware.core.directory import NewAccount
from groupware.core.models import Account
from groupware.identity.services import factors
from tests.commands.running import call, call_json

pytestmark = pytest.mark.django_db(transaction=True)

ANN = "ann@example.org"


@pytest.fixture(autouse=True)
def ann(transactional_db: None) -> Account:
    """Create a person who has a second factor."""
    directory.create_domain("example.org")
    account = directory.create_account(NewAccount(ANN, password="correct horse battery"))
    secret = factors.begin_enrolment(account.pk).secret
    factors.confirm_enrolment(account.pk, pyotp.TOTP(secret).at(epoch()))
    return account


def test_it_is_shown_and_reset() -> None:
    shown = call_json("account", "second-factor", "show", ANN)
    assert (shown["second_factor"], shown["recovery_codes"]) == (True, 10)
    assert "10 recovery codes left" in call("account", "second-factor", "show", ANN)
    assert call_json("account", "second-factor", "reset", ANN) == {
        "address": ANN,
        "second_factor": False,
    }
    shown = call_json("account", "second-factor", "show", ANN)
    assert (shown["second_factor"], shown["since"], shown["recovery_codes"]) == (False, None, 0)
    assert call("account", "second-factor", "show", ANN) == f"{ANN} has no second factor."


def test_what_is_not_there_is_not_reset() -> None:
    assert "by the password alone again" in call("account", "second-factor", "reset", ANN)
    with pytest.raises(CommandError, match="has no second factor"):
        call("account", "second-factor", "reset", ANN)
    with pytest.raises(CommandError):
        call("account", "second-factor", "reset", "nobody@example.org")
