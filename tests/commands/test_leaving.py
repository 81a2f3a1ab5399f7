"""`account invite`, `depart`, `stay`, `departures`, `exports`."""

from pathlib import Path

import pytest
from django.core.management import CommandError

from groupware.core import directory
from groupware.core.directory import NewAccount
from groupware.core.leaving import exports, invitations
from tests.commands.running import call, call_json

pytestmark = pytest.mark.django_db(transaction=True)

ANN, BEN = "ann@example.org", "ben@example.org"


@pytest.fixture(autouse=True)
def _people(transactional_db: None, own_data: Path) -> None:
    directory.create_domain("example.org")
    for address in (ANN, BEN):
        directory.create_account(NewAccount(address))


@pytest.fixture
def own_data(settings: object, tmp_path: Path) -> Path:
    """Let the files of exports lie in a directory of the test's own."""
    settings.GROUPWARE_DATA = tmp_path  # type: ignore[attr-defined]
    return tmp_path


def test_a_link_is_shown_once_and_taken_back() -> None:
    url = call_json("account", "invite", ANN)["url"]
    secret = url.removesuffix("/").rpartition("/")[2]
    assert url.endswith(f"/account/invitation/{secret}/")
    assert invitations.find_invited(secret).login == ANN
    assert "opens nothing" in call("account", "invite", ANN, "--take-back")
    with pytest.raises(CommandError, match="no invitation"):
        call("account", "invite", ANN, "--take-back")


def test_a_departure_is_begun_listed_and_undone() -> None:
    told = call("account", "depart", ANN, "--days", "10", "--successor", BEN)
    assert "account stay" in told
    assert BEN in told
    [held] = call_json("account", "departures")
    assert (held["address"], held["successor"], held["export"]) == (ANN, BEN, True)
    assert ANN in call("account", "departures")
    assert "stays" in call("account", "stay", ANN)
    assert call("account", "departures") == "Nobody is leaving."
    with pytest.raises(CommandError, match="not leaving"):
        call("account", "stay", ANN)


def test_exports_are_made_listed_and_removed() -> None:
    assert "--new makes one" in call("account", "exports", ANN)
    [asked] = call_json("account", "exports", ANN, "--new")
    assert (asked["state"], asked["file"]) == ("waiting", None)
    assert exports.work_off() == 1
    [made] = call_json("account", "exports", ANN)
    assert Path(made["file"]).stat().st_size == made["size"]
    assert made["file"] in call("account", "exports", ANN)
    assert call_json("account", "exports", ANN, "--remove", str(made["id"])) == []
    with pytest.raises(CommandError, match="has no export"):
        call("account", "exports", ANN, "--remove", "4711")
