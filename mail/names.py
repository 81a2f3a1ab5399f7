"""Mailbox names: levels divided by `/`, INBOX in any case (RFC 3501 §5.1). Pure.

Names are Net-Unicode: in Normalization Form C whatever form they are given in (RFC 9051 §5.1), so
that names which look alike for that reason are one. docs/adr/0011.

A session speaks of its own mailboxes by their names, and of those of others as
`Other Users/ADDRESS/NAME` (persons) and `Shared Folders/ADDRESS/NAME` (shared accounts, rooms,
equipment): the namespaces of RFC 2342.
"""

import unicodedata
from typing import NamedTuple

DELIMITER = "/"
OTHER_USERS = "Other Users"
SHARED_FOLDERS = "Shared Folders"
FOREIGN_ROOTS = (OTHER_USERS, SHARED_FOLDERS)
MAX_NAME = 1000
MAX_LEVEL = 255
MAX_DEPTH = 50


class ForeignName(NamedTuple):
    """The parts of another account's mailbox name."""

    root: str
    login: str
    path: str


class BadName(ValueError):
    """The name cannot be a mailbox; the text says why."""


def canonical_name(name: str) -> str:
    """Return the name normalized, with INBOX in its one form, also as the first level."""
    name = unicodedata.normalize("NFC", name)
    first, delimiter, rest = name.partition(DELIMITER)
    return "INBOX" + delimiter + rest if first.upper() == "INBOX" else name


def is_normalized(name: str) -> bool:
    """Tell whether the name is in the one of its Unicode forms that is kept."""
    return unicodedata.is_normalized("NFC", name)


def check_name(name: str) -> str:
    """Return the canonical name, or raise `BadName`."""
    name = canonical_name(name)
    levels = name.split(DELIMITER)
    if not name or len(name) > MAX_NAME:
        raise BadName(f"A mailbox name has 1 to {MAX_NAME} characters.")
    if len(levels) > MAX_DEPTH:
        raise BadName(f"A mailbox lies at most {MAX_DEPTH} levels deep.")
    for level in levels:
        if not level:
            raise BadName("A mailbox name has no empty level.")
        if len(level) > MAX_LEVEL:
            raise BadName(f"A level of a mailbox name has at most {MAX_LEVEL} characters.")
        if level != level.strip() or any(_is_control(char) for char in level):
            raise BadName("A mailbox name has no control characters and no outer spaces.")
    return name


def _is_control(char: str) -> bool:
    """Tell whether a character is one that RFC 6855 §3 excludes, or no character by itself."""
    return (
        char in "\u2028\u2029"
        or ord(char) < 32
        or 127 <= ord(char) < 160
        or "\ud800" <= char <= "\udfff"
    )


def superiors(name: str) -> list[str]:
    """Return the names above, outermost first."""
    levels = name.split(DELIMITER)
    return [DELIMITER.join(levels[:depth]) for depth in range(1, len(levels))]


def is_foreign(name: str) -> bool:
    """Tell whether the name is at or below the first level of others' mailboxes."""
    return name.partition(DELIMITER)[0] in FOREIGN_ROOTS


def parse_foreign(name: str) -> ForeignName | None:
    """Cut the name of another's mailbox into its parts; None for any other name.

    An address may have a `/` before its `@`.
    """
    root, _, rest = name.partition(DELIMITER)
    local_part, at, rest = rest.partition("@")
    domain, _, path = rest.partition(DELIMITER)
    if root not in FOREIGN_ROOTS or not (local_part and at and domain and path):
        return None
    return ForeignName(root, f"{local_part}@{domain}", canonical_name(path))


def foreign_name(root: str, login: str, path: str = "") -> str:
    """Return the name under which others speak of a mailbox, or of its account."""
    return DELIMITER.join(filter(None, (root, login, path)))
