import pytest
from django.core.management import CommandError

from groupware.core import directory
from groupware.core.directory import NewAccount
from tests.commands.running import call, call_json

pytestmark = pytest.mark.django_db(transaction=True)

ANN = "ann@example.org"
TEAM = "team@example.org"
BOTH = "both@example.org"


@pytest.fixture(autouse=True)
def team(transactional_db: None) -> None:
    """Create a person, a group and a list of addresses."""
    directory.create_domain("example.org")
    directory.create_account(NewAccount(ANN))
    directory.create_group(TEAM)
    directory.create_address(BOTH, [ANN, "guest@elsewhere.example"])


@pytest.mark.parametrize(("command", "name"), [("group", TEAM), ("address", BOTH)])
def test_policy_is_shown_changed_and_taken_away(command: str, name: str) -> None:
    default = {
        "address": name,
        "list_id": name.replace("@", "."),
        "post": "anyone",
        "owners": [],
        "moderators": [],
        "senders": [],
        "own": False,
    }
    assert call_json(command, "policy", name) == default
    changed = call_json(command, "policy", name, "--post", "members", "--owner", ANN)
    assert changed == default | {"post": "members", "owners": [ANN], "own": True}
    changed = call_json(command, "policy", name, "--owner", "--sender", ANN)
    assert changed == default | {"post": "members", "senders": [ANN], "own": True}
    assert call_json(command, "policy", name, "--default") == default


def test_policy_is_told_in_words() -> None:
    assert call("group", "policy", TEAM) == f"{TEAM}: anyone may write to it."
    text = call("group", "policy", TEAM, "--post", "moderators", "--moderator", ANN)
    assert text == f"{TEAM}: nobody but its moderators may write to it; moderating: {ANN}."


@pytest.mark.parametrize(
    "words",
    [
        [TEAM, "--default", "--post", "anyone"],
        [TEAM, "--owner", "nobody@example.org"],
        [TEAM, "--post", "everybody"],
        [ANN],
        ["nobody@example.org"],
    ],
)
def test_what_makes_no_sense_is_refused(words: list[str]) -> None:
    with pytest.raises(CommandError):
        call("group", "policy", *words)
