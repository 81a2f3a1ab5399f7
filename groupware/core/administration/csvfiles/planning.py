"""What would come of a file: each row a creation, a change, nothing, or a fault with its reason.

Nothing is written. What a row does not say stays as it is; aliases and groups are added, never taken
away; a password is for an account that is made, and of one that is there it changes nothing.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from groupware.core.administration.administrator import Administrator
from groupware.core.administration.csvfiles import cells
from groupware.core.administration.csvfiles.known import Known
from groupware.core.administration.csvfiles.sheet import Unreadable, Wanted, read_sheet
from groupware.core.directory.accounts import checked_password
from groupware.core.directory.lookups import parse, parse_label
from groupware.core.errors import GroupwareError, Invalid, NotAllowed
from groupware.core.languages import localized
from groupware.core.models import Account, AccountKind, RowOutcome
from groupware.core.roles import Permission


@dataclass(frozen=True, slots=True)
class Change:
    """A field that changes, as the cells of a file say it."""

    field: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Row:
    """What would come of a row; `wanted` is None where it cannot be read."""

    line: int
    address: str
    outcome: str
    changes: Sequence[Change] = ()
    reason: str = ""
    wanted: Wanted | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """What would come of a file; `unread` are headings that mean nothing here."""

    rows: Sequence[Row]
    unread: Sequence[str]


def read(by: Administrator, octets: bytes) -> Plan:
    """Read a file and say what would come of it; raises as `read_sheet`, and `NotAllowed`."""
    by.reach(Permission.MANAGE)
    sheet = read_sheet(octets)
    return Plan(plan_rows(by, sheet.rows), sheet.unread)


def plan_rows(by: Administrator, rows: Sequence[Wanted | Unreadable]) -> list[Row]:
    """Say what would come of rows, one after the other, by what the directory holds now."""
    planner = _Planner(by, [row for row in rows if isinstance(row, Wanted)])
    return [planner.plan(row) for row in rows]


class _Planner:
    """What is known of the directory, and which addresses the rows before have taken."""

    def __init__(self, by: Administrator, wanted: Sequence[Wanted]) -> None:
        self._by = by
        self._known = Known(by, wanted)
        self._spoken_for: dict[str, int] = {}

    def plan(self, row: Wanted | Unreadable) -> Row:
        if isinstance(row, Unreadable):
            return Row(row.line, row.address, RowOutcome.FAULT, reason=row.reason)
        address = row.address[:320]
        try:
            address = "@".join(parse(row.address))
            changes, outcome = self._compare(row, address)
        except GroupwareError as error:
            return Row(row.line, address, RowOutcome.FAULT, (), localized(error)[:500], row)
        return Row(row.line, address, outcome, changes, "", row)

    def _compare(self, row: Wanted, address: str) -> tuple[list[Change], str]:
        self._known.place(address)
        found = self._known.account(address)
        if found is None and self._known.is_taken(address):
            text = _("%(address)s is taken by a group, a list or an alias of somebody.")
            raise Invalid(text % {"address": address})
        taken = [address, *self._aliases_of(row, found)]
        for held in taken:
            if (line := self._spoken_for.get(held)) is not None:
                text = _("%(address)s is on line %(line)s already: keep one of the two.")
                raise Invalid(text % {"address": held, "line": line})
        parse_label(row.name or "")
        if found is None:
            changes, outcome = self._created(row, address, taken[1:]), RowOutcome.CREATE
        else:
            changes = list(self._changed(row, found, taken[1:]))
            outcome = RowOutcome.CHANGE if changes else RowOutcome.UNCHANGED
        self._spoken_for |= dict.fromkeys(taken, row.line)
        return changes, outcome

    def _aliases_of(self, row: Wanted, found: Account | None) -> list[str]:
        """Return the aliases that are to be added; raises for one that leads elsewhere."""
        new = []
        for text in row.aliases:
            alias = "@".join(parse(text))
            if found is not None and self._known.leads_to(alias, found):
                continue
            self._known.place(alias)
            if self._known.is_taken(alias):
                taken = _("%(address)s is taken: it leads elsewhere already.")
                raise Invalid(taken % {"address": alias})
            new.append(alias)
        return list(dict.fromkeys(new))

    def _groups_of(self, row: Wanted, found: Account | None) -> list[str]:
        new = []
        for text in row.groups:
            group = self._known.group("@".join(parse(text)))
            if found is None or not self._known.is_member(found, group):
                self._by.require(Permission.MANAGE, group.domain_id)
                new.append(group.name)
        return list(dict.fromkeys(new))

    def _created(self, row: Wanted, address: str, aliases: Sequence[str]) -> list[Change]:
        kind = row.kind or AccountKind.PERSON.value
        if row.password is not None:
            if kind != AccountKind.PERSON:
                raise Invalid(_("Nobody signs in to it: leave its password out."))
            checked_password(row.password)
        if address in aliases:
            raise Invalid(_("%(address)s is its own alias.") % {"address": address})
        values = {
            cells.NAME: parse_label(row.name or ""),
            cells.KIND: kind,
            cells.QUOTA: "" if row.quota is None else cells.quota_text(row.quota),
            cells.ENABLED: "" if row.enabled is None else cells.flag_text(flag=row.enabled),
            cells.ALIASES: " ".join(aliases),
            cells.GROUPS: " ".join(self._groups_of(row, None)),
        }
        return [Change(field, "", value) for field, value in values.items() if value]

    def _changed(self, row: Wanted, found: Account, aliases: Sequence[str]) -> Iterator[Change]:
        if row.kind is not None and row.kind != found.kind:
            text = _("%(address)s is another kind of account (%(kind)s), and stays it.")
            raise Invalid(text % {"address": found.login, "kind": found.kind})
        changes = [*self._plain(row, found), *self._added(row, found, aliases)]
        if changes:
            self._known.require_over(found)
        if found.pk == self._by.account_id and row.enabled is False:
            raise NotAllowed(_("You cannot disable your own account here."))
        yield from changes

    def _plain(self, row: Wanted, found: Account) -> Iterator[Change]:
        name = found.name if row.name is None else parse_label(row.name)
        if name != found.name:
            yield Change(cells.NAME, found.name, name)
        quota = found.state.quota_bytes
        if row.quota is not None and row.quota != quota:
            yield Change(cells.QUOTA, cells.quota_text(quota), cells.quota_text(row.quota))
        if row.enabled is not None and row.enabled != found.is_active:
            before, after = cells.flag_text(flag=found.is_active), cells.flag_text(flag=row.enabled)
            yield Change(cells.ENABLED, before, after)

    def _added(self, row: Wanted, found: Account, aliases: Sequence[str]) -> Iterator[Change]:
        for field, new in (
            (cells.ALIASES, aliases),
            (cells.GROUPS, self._groups_of(row, found)),
        ):
            if new:
                yield Change(field, "", " ".join(new))
