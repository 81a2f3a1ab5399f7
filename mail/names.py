"""Mailbox names: levels divided by `/`, INBOX in any case (RFC 3501 §5.1). Pure."""

DELIMITER = "/"
MAX_NAME = 1000
MAX_LEVEL = 255
MAX_DEPTH = 50


class BadName(ValueError):
    """The name cannot be a mailbox; the text says why."""


def canonical_name(name: str) -> str:
    """Return the name with INBOX in its one form, also as the first level."""
    first, delimiter, rest = name.partition(DELIMITER)
    return "INBOX" + delimiter + rest if first.upper() == "INBOX" else name


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
    return ord(char) < 32 or 127 <= ord(char) < 160 or "\ud800" <= char <= "\udfff"


def superiors(name: str) -> list[str]:
    """Return the names above, outermost first."""
    levels = name.split(DELIMITER)
    return [DELIMITER.join(levels[:depth]) for depth in range(1, len(levels))]
