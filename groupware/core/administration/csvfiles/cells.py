"""Cells: names of columns, words for yes and no and for kinds, sizes, and no formulas. Pure.

A spreadsheet takes a cell that begins with = + - @ for a formula, also where what is in the file is cut
at another delimiter than it was written with. Such a beginning is written behind an apostrophe, and one
apostrophe is taken away when it is read.
"""

import re

from django.utils.translation import gettext as _

from groupware.core.errors import Invalid
from groupware.core.sizes import exact_octets, parse_octets

ADDRESS, NAME, KIND, QUOTA = "address", "name", "kind", "quota"
ENABLED, ALIASES, GROUPS, PASSWORD = "enabled", "aliases", "groups", "password"
COLUMNS = (ADDRESS, NAME, KIND, QUOTA, ENABLED, ALIASES, GROUPS)
"""What is written, in this order; a password is read alone."""
_HEADINGS: dict[str, str] = {
    ADDRESS: "address|e mail|email|e mail address|email address|mail|login"
    "|indirizzo|indirizzo e mail|indirizzo email|posta elettronica",
    NAME: "name|display name|full name|nome|nome visualizzato|nome completo|nome e cognome",
    KIND: "kind|type|tipo",
    QUOTA: "quota|space|spazio",
    ENABLED: "enabled|active|attivo|abilitato",
    ALIASES: "aliases|alias|other addresses|altri indirizzi",
    GROUPS: "groups|group|gruppi|gruppo",
    PASSWORD: "password|parola d'accesso",
}
FIELD_OF = {name: field for field, names in _HEADINGS.items() for name in names.split("|")}
"""The field of each heading, as `fold` returns it."""
_YES = frozenset({"yes", "y", "true", "1", "on", "sì", "si", "s", "vero", "attivo"})
_NO = frozenset({"no", "n", "false", "0", "off", "falso", "disattivo"})
_KINDS = {
    "person": "person",
    "persona": "person",
    "shared": "shared",
    "condivisa": "shared",
    "condiviso": "shared",
    "room": "room",
    "sala": "room",
    "stanza": "room",
    "equipment": "equipment",
    "attrezzatura": "equipment",
}
UNLIMITED = "unlimited"
_UNLIMITED = frozenset({UNLIMITED, "illimitata", "illimitato", "nessun limite", "0"})
_BEFORE_FORMULA = r"(^|[;,\t\r\n])([\s\"]*)('*)(?=[=+\-@\t\r])"
_TO_GUARD = re.compile(_BEFORE_FORMULA)
_GUARDED = re.compile(_BEFORE_FORMULA.replace("('*)", "'('*)"))


def fold(heading: str) -> str:
    """Return a heading as `FIELD_OF` has it: whatever its case, its hyphens and its spaces."""
    return " ".join(re.sub(r"[_\-]+", " ", unguard(heading)).casefold().split())


def guard(text: str) -> str:
    """Return the text as a cell that no spreadsheet takes for a formula."""
    return _TO_GUARD.sub(r"\1\2'\3", text)


def unguard(cell: str) -> str:
    """Return the text that `guard` made a cell of."""
    return _GUARDED.sub(r"\1\2\3", cell)


def read_flag(cell: str) -> bool:
    """Read yes or no; raises `Invalid`."""
    word = cell.casefold()
    if word not in _YES | _NO:
        raise Invalid(_("%(cell)s is neither yes nor no: write one of the two.") % {"cell": cell})
    return word in _YES


def read_kind(cell: str) -> str:
    """Read what an account is; raises `Invalid`."""
    kind = _KINDS.get(cell.casefold())
    if kind is None:
        text = _("%(cell)s is no kind of account: write person, shared, room or equipment.")
        raise Invalid(text % {"cell": cell})
    return kind


def read_quota(cell: str, highest: int) -> int:
    """Read a quota in octets, 0 for none; raises `Invalid`."""
    if cell.casefold() in _UNLIMITED:
        return 0
    try:
        octets = parse_octets(cell)
    except ValueError:
        octets = highest + 1
    if octets > highest:
        text = _("%(cell)s is no quota: write a size such as 5G, or unlimited.")
        raise Invalid(text % {"cell": cell})
    return octets


def quota_text(octets: int) -> str:
    """Return a quota as it is written, exactly."""
    return exact_octets(octets) if octets else UNLIMITED


def flag_text(*, flag: bool) -> str:
    """Return yes or no as it is written."""
    return "yes" if flag else "no"


def read_words(cell: str) -> tuple[str, ...]:
    """Read addresses that are parted by spaces, or by commas and semicolons; each once."""
    return tuple(dict.fromkeys(word for word in re.split(r"[\s,;]+", cell) if word))
