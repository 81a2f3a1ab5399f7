import os
import subprocess
import sys
from argparse import Namespace
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError, ProgrammingError

from groupware.core.errors import NotFound
from groupware.environment import BASE_DIR
from groupware.management.base import Answer, GroupwareCommand
from tests.commands.running import Manage
from tests.serve.running import environment


def test_the_first_command_on_a_fresh_clone_prepares_the_database(manage: Manage) -> None:
    assert manage.json("domain", "create", "Example.org") == {
        "name": "example.org",
        "alias_of": "",
    }
    assert [held["name"] for held in manage.json("domain", "list")] == ["example.org"]
    modes = {path.name: path.stat().st_mode & 0o077 for path in manage.data.iterdir()}
    assert set(modes.values()) == {0}, modes


def test_two_first_commands_at_once_both_succeed(manage: Manage) -> None:
    with (
        manage.start("domain", "create", "a.org") as one,
        manage.start("domain", "create", "b.org") as other,
    ):
        answers = [one.communicate(), other.communicate()]
    assert (one.returncode, other.returncode) == (0, 0), answers
    assert "a.org" in (listed := manage.text("domain", "list"))
    assert "b.org" in listed


def test_what_is_refused_is_one_line_that_says_what_to_do(manage: Manage) -> None:
    line = manage.refusal("domain", "delete", "nowhere.org", "--json")
    assert line == ("There is no domain nowhere.org: create it with `domain create nowhere.org`.")


@pytest.mark.parametrize(
    ("words", "part"),
    [
        ((), "COMMAND is create, list, delete, dkim, dns; see `./manage.py domain --help`."),
        (("remove",), "invalid choice: 'remove'"),
        (("create",), "are required: NAME; see `./manage.py domain create --help`."),
        (("list", "--jso"), "unrecognized arguments: --jso"),
        (("create", "a.org", "--alias-of"), "expected one argument"),
    ],
)
def test_a_wrong_usage_is_one_line(tmp_path: Path, words: tuple[str, ...], part: str) -> None:
    assert part in Manage(tmp_path / "data", "").refusal("domain", *words)


def test_help_needs_no_database(tmp_path: Path) -> None:
    code, out, err = Manage(tmp_path / "data", "postgresql://u@127.0.0.1:1/d").run(
        "domain", "create", "--help"
    )
    assert (code, err) == (0, "")
    assert "--alias-of DOMAIN" in out
    assert "--pythonpath" not in out


@pytest.mark.parametrize(
    ("url", "part"),
    [
        ("postgresql://u@127.0.0.1:1/d", "GROUPWARE_DATABASE_URL: "),
        ("sqlite:///nowhere/at/all.db", "GROUPWARE_DATABASE_URL: "),
        ("mysql://h/d", "expected a URL that begins with sqlite:// or postgresql://"),
    ],
)
def test_a_database_that_cannot_be_reached_is_one_line(tmp_path: Path, url: str, part: str) -> None:
    assert part in Manage(tmp_path / "data", url).refusal("domain", "list")


def test_a_file_that_is_no_database_is_one_line(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    (data / "groupware.sqlite3").write_text("These are not the bytes of a database. " * 100)
    assert "file is not a database" in Manage(data, "").refusal("domain", "list")


def test_a_data_directory_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    line = Manage(tmp_path / "file" / "data", "").refusal("domain", "list")
    assert line.startswith("GROUPWARE_DATA: cannot write to ")


def test_a_lock_file_that_cannot_be_opened_is_one_line(tmp_path: Path) -> None:
    data = tmp_path / "data"
    (data / "write.lock").mkdir(parents=True)
    line = Manage(data, "").refusal("domain", "create", "a.org")
    assert str(data / "write.lock") in line


def test_a_reader_that_leaves_early_gets_no_traceback(manage: Manage) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "wb") as closed:
        done = subprocess.run(
            [sys.executable, str(BASE_DIR / "manage.py"), "domain", "list"],
            env=environment(manage.data, {}, GROUPWARE_DATABASE_URL=manage.database_url),
            stdout=closed,
            stderr=subprocess.PIPE,
            check=False,
            timeout=60,
        )
    assert (done.returncode, done.stderr) == (1, b"")


class Failing(GroupwareCommand):
    """A command that ends as it is told."""

    def __init__(self, outcome: Exception | Answer) -> None:
        super().__init__()
        self.outcome = outcome

    def run(self, _options: Namespace) -> Answer:
        if isinstance(self.outcome, Exception):
            raise self.outcome
        return self.outcome


@pytest.mark.parametrize(
    ("outcome", "line"),
    [
        (NotFound("It is not there.", detail="for the log"), "It is not there."),
        (
            OperationalError("no\nroute"),
            (
                "The database cannot be used (no route): look at GROUPWARE_DATABASE_URL"
                " and GROUPWARE_DATA."
            ),
        ),
        (
            PermissionError(13, "Permission denied", "/data/x"),
            "That failed with /data/x: Permission denied. Run this as the user of the server.",
        ),
        (Answer([], "", fault="Two blobs are gone."), "Two blobs are gone."),
    ],
)
def test_an_outcome_is_a_command_error(outcome: Exception | Answer, line: str) -> None:
    with pytest.raises(CommandError) as raised:
        call_command(Failing(outcome))
    assert str(raised.value) == line


@pytest.mark.parametrize("bug", [ProgrammingError("no such column"), KeyError("x")])
def test_a_bug_keeps_its_traceback(bug: Exception) -> None:
    with pytest.raises(type(bug)):
        call_command(Failing(bug))


def test_a_faulty_answer_is_printed_before_its_line(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(CommandError):
        call_command(Failing(Answer({"faults": 2}, "first\nsecond", fault="Two faults.")))
    assert capsys.readouterr().out == "first\nsecond\n"
