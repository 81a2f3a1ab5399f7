"""Files of accounts: what is read back without a change, and what lets new people in.

With the mark of UTF-8, by which spreadsheets know the encoding, and no cell that is a formula. Where the
language is Italian, spreadsheets cut at semicolons.
"""

import csv
import io
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from groupware.core import db
from groupware.core.administration.administrator import Administrator
from groupware.core.administration.csvfiles import cells
from groupware.core.models import Account, AddressKind, AddressTarget, GroupMember

MARK = "\N{ZERO WIDTH NO-BREAK SPACE}"
_SEMICOLONS = ("it",)
_ITALIAN = {
    cells.ADDRESS: "indirizzo",
    cells.NAME: "nome",
    cells.KIND: "tipo",
    cells.QUOTA: "quota",
    cells.ENABLED: "attivo",
    cells.ALIASES: "alias",
    cells.GROUPS: "gruppi",
}


def write_accounts(
    by: Administrator, *, domain: str = "", kinds: Sequence[str] = (), language: str = "en"
) -> str:
    """Return the accounts that somebody sees as a file, of all his domains or of one."""
    found = by.accounts().select_related("state").order_by("login")
    if domain:
        found = found.filter(domain__name=domain)
    if kinds:
        found = found.filter(kind__in=kinds)
    with db.read_snapshot():
        rows = list(_rows(by, list(found)))
    is_italian = language in _SEMICOLONS
    headings = [_ITALIAN[name] if is_italian else name for name in cells.COLUMNS]
    return _write([headings, *rows], ";" if is_italian else ",")


def write_secrets(rows: Iterable[tuple[str, str, str]], kind: str, *, language: str = "en") -> str:
    """Return a file of (address, name, secret); `kind` is the heading of the last column."""
    is_italian = language in _SEMICOLONS
    headings = [_ITALIAN[cells.ADDRESS], _ITALIAN[cells.NAME]] if is_italian else cells.COLUMNS[:2]
    return _write([[*headings, kind], *rows], ";" if is_italian else ",")


def _rows(by: Administrator, accounts: Sequence[Account]) -> Iterator[Sequence[str]]:
    aliases, groups = _named(by, accounts)
    for held in accounts:
        yield (
            held.login,
            held.name,
            held.kind,
            cells.quota_text(held.state.quota_bytes),
            cells.flag_text(flag=held.is_active),
            " ".join(aliases[held.pk]),
            " ".join(groups[held.pk]),
        )


def _named(
    by: Administrator, accounts: Sequence[Account]
) -> tuple[defaultdict[int, list[str]], defaultdict[int, list[str]]]:
    """Return the aliases of accounts, and the groups that he sees and that hold them."""
    wanted = {held.pk for held in accounts}
    aliases: defaultdict[int, list[str]] = defaultdict(list)
    targets = AddressTarget.objects.filter(
        account__in=by.accounts(), address__kind=AddressKind.ALIAS
    ).order_by("address__domain__name", "address__local_part")
    columns = ("account_id", "address__local_part", "address__domain__name")
    for key, local_part, domain in targets.values_list(*columns):
        if key in wanted:
            aliases[key].append(f"{local_part}@{domain}")
    groups: defaultdict[int, list[str]] = defaultdict(list)
    members = GroupMember.objects.filter(account__in=by.accounts(), group__in=by.groups())
    for key, name in members.order_by("group__name").values_list("account_id", "group__name"):
        if key in wanted:
            groups[key].append(name)
    return aliases, groups


def _write(rows: Iterable[Sequence[str]], delimiter: str) -> str:
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=delimiter).writerows(
        [cells.guard(cell) for cell in row] for row in rows
    )
    return MARK + out.getvalue()
