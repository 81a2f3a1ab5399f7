"""`account import FILE` and `account list --csv`."""

from pathlib import Path

import pytest
from django.core.management import CommandError

from groupware.core import auth, directory
from groupware.core.directory import NewAccount
from groupware.core.leaving import invitations
from groupware.core.models import Account, AccountImport, AuditEntry
from tests.commands.running import call, call_json
from tests.commands.test_leaving import own_data

__all__ = ["own_data"]

pytestmark = pytest.mark.django_db(transaction=True)

ANN = "ann@example.org"


@pytest.fixture(autouse=True)
def _people(transactional_db: None, own_data: Path) -> None:
    directory.create_domain("example.org")
    directory.create_account(NewAccount(ANN, name="Ann"))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Return a file with a change, somebody new and a column of no meaning."""
    path = tmp_path / "people.csv"
    path.write_text(f"address,name,telephone\n{ANN},Ann Rossi,12\nnew@example.org,New,\n")
    return path


def test_a_dry_run_says_what_would_change_and_does_nothing(file: Path) -> None:
    told = call("account", "import", str(file), "--dry-run")
    assert "name: Ann → Ann Rossi" in told
    assert "Columns that are not read: telephone." in told
    assert told.endswith("Nothing was done: 1 change, 1 create.")
    assert directory.get_account(ANN).name == "Ann"
    assert not AccountImport.objects.exists()


def test_an_import_shows_new_passwords_once_and_leaves_nothing_behind(file: Path) -> None:
    changed, made = call_json("account", "import", str(file))
    assert (changed["state"], made["state"]) == ("done", "done")
    assert changed["changes"] == [{"field": "name", "from": "Ann", "to": "Ann Rossi"}]
    assert "password" not in changed
    proven = auth.authenticate(made["address"], made["password"], protocol="imap", network="::1")
    assert proven.login == "new@example.org"
    assert not AccountImport.objects.exists()
    assert set(AuditEntry.objects.filter(action="account.rename").values_list("role")) == {
        ("command",)
    }
    assert call("account", "import", str(file)).endswith("Done: 2 unchanged.")


def test_people_are_invited_where_that_is_asked_for(file: Path) -> None:
    _, made = call_json("account", "import", str(file), "--invite")
    secret = made["invitation"].removesuffix("/").rpartition("/")[2]
    assert invitations.find_invited(secret).login == "new@example.org"


@pytest.mark.parametrize("more", [(), ("--dry-run",)])
def test_faults_end_with_an_exit_code_and_the_rest_is_done(
    file: Path, more: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    file.write_text(f"{file.read_text()}bad@elsewhere.example,,\n")
    with pytest.raises(CommandError, match="1 row has a fault"):
        call("account", "import", str(file), *more)
    assert Account.objects.filter(login="new@example.org").exists() is not bool(more)


def test_what_is_no_file_of_accounts_is_refused(file: Path) -> None:
    file.write_text("name\nAnn\n")
    with pytest.raises(CommandError, match="no column “address”"):
        call("account", "import", str(file))
    file.unlink()
    with pytest.raises(CommandError, match=r"people\.csv"):
        call("account", "import", str(file))


def test_what_is_listed_as_a_file_imports_back_without_a_change(tmp_path: Path) -> None:
    directory.create_domain("other.test")
    directory.create_account(NewAccount("eve@other.test", name="=Eve", quota_bytes=0))
    directory.create_account(NewAccount("room@other.test", kind="room"))
    path = tmp_path / "all.csv"
    path.write_text(call("account", "list", "--csv") + "\n")
    told = call("account", "import", str(path), "--dry-run")
    assert told == "Nothing was done: 3 unchanged."
    own = call("account", "list", "other.test", "--csv")
    assert "eve@other.test,'=Eve,person,unlimited,yes,," in own
    assert ANN not in own
