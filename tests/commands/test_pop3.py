import pytest
from django.core.management import CommandError

from groupware.core import directory
from groupware.core.directory import NewAccount
from tests.commands.running import call, call_json

pytestmark = pytest.mark.django_db(transaction=True)

ANN = "ann@example.org"


@pytest.fixture(autouse=True)
def team(transactional_db: None) -> None:
    """Create a domain, a person and a room."""
    directory.create_domain("example.org")
    directory.create_account(NewAccount(ANN, password="correct horse battery"))
    directory.create_account(NewAccount("room@example.org", kind="room"))


def test_policy_is_shown_changed_and_taken_away() -> None:
    default = {"address": ANN, "dele": "trash", "hide_days": 0, "seen": True, "own": False}
    assert call_json("account", "pop3", ANN) == default
    changed = call_json("account", "pop3", ANN, "--dele", "hide", "--hide-days", "30")
    assert changed == default | {"dele": "hide", "hide_days": 30, "own": True}
    assert call_json("account", "pop3", ANN, "--no-seen") == changed | {"seen": False}
    assert call_json("account", "pop3", ANN, "--default") == default


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["--dele", "delete"], "what is deleted is deleted; what is retrieved is seen"),
        (["--dele", "trash", "--no-seen"], "moves to Trash; what is retrieved stays unseen"),
        (["--dele", "hide"], "hidden from the password that deleted it for ever"),
        (["--dele", "hide", "--hide-days", "7"], "for 7 days"),
    ],
)
def test_policy_is_told_in_words(words: list[str], text: str) -> None:
    assert text in call("account", "pop3", ANN, *words)


@pytest.mark.parametrize(
    "words",
    [
        [ANN, "--dele", "hide", "--hide-days", "-1"],
        [ANN, "--default", "--seen"],
        ["room@example.org"],
        ["nobody@example.org"],
    ],
)
def test_what_makes_no_sense_is_refused(words: list[str]) -> None:
    with pytest.raises(CommandError):
        call("account", "pop3", *words)
