"""Where a command has a password from: standard input, the terminal, or a generator."""

import sys
from dataclasses import dataclass
from getpass import getpass

from groupware.core.directory import generate_password
from groupware.core.errors import Invalid


@dataclass(frozen=True, slots=True)
class ChosenPassword:
    """A password; whoever let it be generated has not seen it yet."""

    value: str
    generated: bool = False

    @property
    def to_show(self) -> str:
        """What must be shown once: a generated password, else nothing."""
        return self.value if self.generated else ""


def choose_password(*, from_stdin: bool) -> ChosenPassword:
    """Read the first line of standard input, or ask on the terminal, or generate one.

    Raises `Invalid` where what was typed cannot be it.
    """
    if from_stdin:
        return ChosenPassword(_read_line())
    if not is_terminal():
        return ChosenPassword(generate_password(), generated=True)
    password = getpass("Password (empty: one is generated): ")
    if not password:
        return ChosenPassword(generate_password(), generated=True)
    if getpass("The same again: ") != password:
        raise Invalid("The two passwords differ: nothing was changed.")
    return ChosenPassword(password)


def ask_password(of_whom: str, *, from_stdin: bool) -> str:
    """Return a password that another server gave: from standard input, or asked for.

    Raises `Invalid` where nobody is there to be asked.
    """
    if from_stdin:
        return _read_line()
    if not is_terminal():
        raise Invalid("Nobody is there to be asked for the password: add --password-stdin.")
    return getpass(f"Password of {of_whom}: ")


def is_terminal() -> bool:
    """Return whether somebody is there to be asked; standard input may be closed."""
    return sys.stdin is not None and sys.stdin.isatty()


def _read_line() -> str:
    if sys.stdin is None:
        raise Invalid("Standard input is closed: write the password to it.")
    try:
        line = sys.stdin.buffer.readline().decode()
    except UnicodeDecodeError as error:
        raise Invalid("The password on standard input is not UTF-8.") from error
    if not (password := line.rstrip("\r\n")):
        raise Invalid("Standard input has no password: write one line to it.")
    return password
