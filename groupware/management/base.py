"""What our commands share: arguments and subcommands as tables, `--json`, refusals in one line.

A command returns an `Answer`: data with stable keys for machines, text for people. Where it
cannot do what was asked it raises a `GroupwareError`, which reaches the command line as one
line on stderr and exit code 1; a traceback is always a bug of ours.
"""

import getpass
import json
import os
import sys
from argparse import SUPPRESS, ArgumentParser, Namespace
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import TextIOWrapper
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, InterfaceError, OperationalError, connections

from groupware.core import audit
from groupware.core.errors import GroupwareError
from groupware.core.logging import configure_logging
from groupware.environment import SettingsError
from groupware.serve.prepare import prepare_database
from mail.services import trace

_JSON: Mapping[str, Any] = {"action": "store_true", "help": "answer in JSON"}
# What a database itself says, and no bug of ours: away, read-only, not a database.
_UNUSABLE = (OperationalError, InterfaceError)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a command found or did.

    `data` is what `--json` prints, `text` what a person reads. A `fault` is printed last, on
    stderr, and makes the exit code 1: for a command whose answer is that something is wrong.
    """

    data: object
    text: str
    fault: str = ""


@dataclass(frozen=True, slots=True)
class Argument:
    """One row of a table of arguments: what `ArgumentParser.add_argument` takes."""

    names: tuple[str, ...]
    options: Mapping[str, Any]


def argument(*names: str, **options: Any) -> Argument:
    """Return a row of a table of arguments."""
    return Argument(names, options)


@dataclass(frozen=True, slots=True)
class Subcommand:
    """One row of a table of subcommands; with `subcommands` it is a table itself."""

    name: str
    help: str
    run: Callable[[Namespace], Answer] | None = None
    arguments: tuple[Argument, ...] = ()
    subcommands: "tuple[Subcommand, ...]" = field(default=())


class GroupwareCommand(BaseCommand):
    """A command of ours: set `help` and `arguments`, and override `run`."""

    requires_system_checks = ()
    suppressed_base_arguments = {
        "--version", "--verbosity", "--settings", "--pythonpath", "--traceback", "--no-color",
        "--force-color",
    }  # fmt: skip
    arguments: tuple[Argument, ...] = ()

    def run(self, options: Namespace) -> Answer:
        """Do what was asked; raises `GroupwareError` with what happened and what to do."""
        raise NotImplementedError

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> Any:
        """Take options only as they are written: an abbreviation would break with a new one."""
        return super().create_parser(prog_name, subcommand, allow_abbrev=False, **kwargs)

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the rows of `arguments`, and `--json`."""
        _add_all(parser, self.arguments)
        parser.add_argument("--json", **_JSON)

    def handle(self, *_args: object, **options: object) -> None:
        """Run, and print the answer; what is refused becomes a `CommandError`."""
        with _refusals(), trace.kept(), audit.acting(_actor()):
            answer = self.run(Namespace(**options))
            text = json.dumps(answer.data, indent=2) if options["json"] else answer.text
            if text:
                self.stdout.write(text)
            self.stdout.flush()
        if answer.fault:
            raise CommandError(answer.fault)

    def run_from_argv(self, argv: list[str]) -> None:
        """Run as `manage.py` does, on a database that is ready, with a reader of one line."""
        os.umask(0o077)
        if isinstance(sys.stdout, TextIOWrapper):  # a terminal may not know every letter
            sys.stdout.reconfigure(errors="replace")
        try:
            self._run_prepared(argv)
        except CommandError as error:
            if "--traceback" in argv:
                raise
            sys.exit(_one_line(str(error)))
        except BrokenPipeError:
            # Whoever read the answer has gone (`| head`); Python's last flush must find nothing.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            sys.exit(1)
        finally:
            connections.close_all()

    def _run_prepared(self, argv: list[str]) -> None:
        try:
            options = vars(self.create_parser(argv[0], argv[1]).parse_args(argv[2:]))
        except CommandError as error:
            usage = str(error).removeprefix("Error: ")
            raise CommandError(f"{usage}; {self.usage_hint(argv[1:])}") from error
        if any("\udc80" <= char <= "\udcff" for word in argv for char in word):
            raise CommandError("What you wrote is not in the encoding of your terminal (locale).")
        # Only what is wrong: a command's output is its answer.
        configure_logging("WARNING", "text")
        with _refusals():
            prepare_database()
        self.execute(**options)

    def usage_hint(self, words: list[str]) -> str:
        """Say where a person who typed `words` finds how it is written."""
        return f"see `./manage.py {words[0]} --help`."


class TableCommand(GroupwareCommand):
    """A command that is a table of subcommands."""

    subcommands: tuple[Subcommand, ...] = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add a parser for each row, and `--json` before and after the subcommand."""
        super().add_arguments(parser)
        _add_table(parser, self.subcommands)

    def run(self, options: Namespace) -> Answer:
        """Run the row that was named."""
        run: Callable[[Namespace], Answer] = options.run
        return run(options)

    def usage_hint(self, words: list[str]) -> str:
        """Name the subcommands to whoever named none of them."""
        rows, path = self.subcommands, words[:1]
        for word in words[1:]:
            row = next((row for row in rows if row.name == word), None)
            if row is None:  # argparse lists what it could have been
                return super().usage_hint([" ".join(path)])
            rows, path = row.subcommands, [*path, word]
        hint = super().usage_hint([" ".join(path)])
        return f"COMMAND is {', '.join(row.name for row in rows)}; {hint}" if rows else hint


def _actor() -> audit.Actor:
    """Return who the audit log says it was: the user of the machine who runs the command."""
    try:
        name = getpass.getuser()
    except (KeyError, OSError):  # a container may run as a user that has no name
        name = f"uid {os.getuid()}"
    return audit.Actor(None, name, "command")


def _add_all(parser: ArgumentParser, arguments: tuple[Argument, ...]) -> None:
    for row in arguments:
        parser.add_argument(*row.names, **row.options)


def _add_table(parser: ArgumentParser, rows: tuple[Subcommand, ...]) -> None:
    table = parser.add_subparsers(metavar="COMMAND", required=True, title="commands")
    for row in rows:
        below = table.add_parser(row.name, help=row.help, description=row.help, allow_abbrev=False)
        below.add_argument("--json", default=SUPPRESS, **_JSON)
        _add_all(below, row.arguments)
        if row.subcommands:
            _add_table(below, row.subcommands)
        else:
            below.set_defaults(run=row.run)


@contextmanager
def _refusals() -> Iterator[None]:
    """Turn every outcome that is no bug into a `CommandError`."""
    try:
        yield
    except GroupwareError as error:
        raise CommandError(error.message) from error
    except SettingsError as error:
        raise CommandError(str(error)) from error
    except DatabaseError as error:
        # The plain class is SQLite's "file is not a database" and "disk image is malformed".
        if not isinstance(error, _UNUSABLE) and type(error) is not DatabaseError:
            raise
        raise CommandError(
            f"The database cannot be used ({_one_line(str(error))}): look at"
            " GROUPWARE_DATABASE_URL and GROUPWARE_DATA."
        ) from error
    except BrokenPipeError:
        raise
    except OSError as error:
        raise CommandError(_about_file(error)) from error


def _about_file(error: OSError) -> str:
    where = f" with {error.filename}" if error.filename else ""
    return f"That failed{where}: {error.strerror or error}. Run this as the user of the server."


def _one_line(text: str) -> str:
    return " ".join(text.split())
