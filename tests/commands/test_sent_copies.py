import pytest
from django.core.management import CommandError

from groupware.core import directory
from groupware.core.directory import NewAccount
from tests.commands.running import call, call_json

pytestmark = pytest.mark.django_db(transaction=True)

ANN = "ann@example.org"


@pytest.fixture(autouse=True)
def ann(transactional_db: None) -> None:
    """Create a person."""
    directory.create_domain("example.org")
    directory.create_account(NewAccount(ANN))


def test_switch_is_shown_and_turned() -> None:
    assert call_json("account", "sent-copies", ANN) == {"address": ANN, "sent_copies": True}
    assert call_json("account", "sent-copies", ANN, "off")["sent_copies"] is False
    assert call_json("account", "sent-copies", ANN)["sent_copies"] is False
    assert "its programs file" in call("account", "sent-copies", ANN)
    assert "a copy in Sent" in call("account", "sent-copies", ANN, "on")


def test_what_makes_no_sense_is_refused() -> None:
    for words in ((ANN, "maybe"), ("nobody@example.org",)):
        with pytest.raises(CommandError):
            call("account", "sent-copies", *words)
